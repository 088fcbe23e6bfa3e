// From one thread to another: a value that its first owner must not keep.
// For jobs see LoopMailbox.

import Synchronization

/// Carries a value to a thread and lets go of it there. What a thread's closure captures lives as long as the thread:
/// a socket would stay open, and certificates that were replaced long ago would stay in memory, with their keys.
package final class Handover<Value: Sendable>: Sendable {
    private let value: Mutex<Value?>

    /// Holds a value until it is taken.
    package init(_ value: Value) { self.value = Mutex(value) }

    /// The value. Once.
    package func take() -> Value {
        let taken = value.withLock { value in
            defer { value = nil }
            return value
        }
        guard let taken else { preconditionFailure("a value is handed over once and was taken twice") }
        return taken
    }
}
