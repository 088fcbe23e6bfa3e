// Counts what is thrown away because nobody takes it, and tells the operator of it now and then.
// Used by whatever has a bounded queue: LogWriter, SpanExporter.

import CLibevent
import Synchronization

/// A count of losses. Any thread.
final class DropCount: Sendable {
    /// What the operator was told.
    private struct Told {
        var count = 0
        /// Nothing more before then.
        var silence = MonotonicTime.now
    }

    /// How long nothing is told after something was.
    private static let silence: Duration = .seconds(10)

    private let dropped = Atomic<Int>(0)
    private let told = Mutex(Told())
    private let onDrop: @Sendable (Int) -> Void

    /// - Parameter onDrop: called with the number of losses since it was called last, every ten seconds at most.
    init(onDrop: @escaping @Sendable (Int) -> Void) { self.onDrop = onDrop }

    /// All losses since the start.
    var total: Int { dropped.load(ordering: .relaxed) }

    /// Counts losses.
    func add(_ count: Int) {
        guard count > 0 else { return }
        dropped.add(count, ordering: .relaxed)
        let now = MonotonicTime.now
        let isSilent = told.withLock { told in
            guard now >= told.silence else { return true }
            told.silence = now + Self.silence
            return false
        }
        if !isSilent { tell() }
    }

    /// Tells of losses that were not told of yet, if there are any.
    func tell() {
        let lost = told.withLock { told in
            let all = total
            defer { told.count = all }
            return all - told.count
        }
        if lost > 0 { onDrop(lost) }
    }
}
