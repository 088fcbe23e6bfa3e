// How tests wait: for events, never for time to pass.
// Not for measuring how long something takes.

import Foundation
import Synchronization

/// A truth that several threads share.
package final class Flag: Sendable {
    private let value = Mutex(false)

    /// Creates a flag that is down.
    package init() {}

    /// Whether the flag is up.
    package var isSet: Bool { value.withLock { $0 } }

    /// Raises or lowers the flag.
    package func set(_ new: Bool) { value.withLock { $0 = new } }

    /// Sets the flag and returns what it was.
    package func exchange(_ new: Bool) -> Bool {
        value.withLock { value in
            defer { value = new }
            return value
        }
    }
}

/// A value that several threads change and that others wait on.
package final class Watched<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var value: Value

    /// Creates a watched value.
    package init(_ value: Value) { self.value = value }

    /// A copy of the value as it is now.
    package var current: Value {
        condition.lock()
        defer { condition.unlock() }
        return value
    }

    /// Changes the value and wakes whoever waits.
    package func change<Result>(_ body: (inout Value) -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        let result = body(&value)
        condition.broadcast()
        return result
    }

    /// Blocks the thread until the value satisfies `test`.
    /// - Returns: false if it did not within ``Wire/patience``.
    @discardableResult
    package func wait(until test: (Value) -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: Double(Wire.patience))
        condition.lock()
        defer { condition.unlock() }
        while !test(value) {
            guard condition.wait(until: end) else { return test(value) }
        }
        return true
    }
}

/// A gate that one thread opens and that others wait behind.
package final class Gate: Sendable {
    private let isOpen = Watched(false)

    /// Creates a closed gate.
    package init() {}

    /// Lets everybody pass from now on.
    package func open() { isOpen.change { $0 = true } }

    /// Blocks until the gate is open; false if it stayed closed for too long.
    @discardableResult
    package func pass() -> Bool { isOpen.wait { $0 } }
}

/// Runs blocking work on a thread of its own, so that it never holds one of the few threads that tasks run on.
package func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// Runs `probe` again and again until it says true, with a rest in between: it must not take a core from what it waits
/// for.
/// - Returns: false if it did not within ``Wire/patience``.
package func eventually(_ probe: () async -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(Wire.patience)
    while ContinuousClock.now < end {
        if await probe() { return true }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return await probe()
}
