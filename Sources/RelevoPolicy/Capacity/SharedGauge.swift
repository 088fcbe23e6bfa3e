// How many requests are in flight, counted over all workers: the one thing that they share on a request's way, and only
// where a limit is configured. The limit itself comes from outside.

import Synchronization

/// Counts requests in flight against a limit. Any thread.
package final class SharedGauge: Sendable {
    // Room on both sides, so that the count has its cache line for itself.
    private let before = (0, 0, 0, 0, 0, 0, 0, 0)
    private let inFlight = Atomic<Int>(0)
    private let after = (0, 0, 0, 0, 0, 0, 0, 0)

    /// Creates a gauge that stands at none.
    package init() {}

    /// Requests in flight now.
    package var count: Int { inFlight.load(ordering: .relaxed) }

    /// Counts one request more unless `limit` is reached; whoever gets true calls `leave()` once.
    ///
    /// Compares before it counts: counting first and taking back what is too much would refuse others meanwhile.
    /// Relaxed, since no memory is handed over with a place.
    package func tryEnter(limit: Int) -> Bool {
        var seen = inFlight.load(ordering: .relaxed)
        while seen < limit {
            let (exchanged, original) = inFlight.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .relaxed)
            if exchanged { return true }
            seen = original
        }
        return false
    }

    /// Counts one request less.
    package func leave() {
        let left = inFlight.subtract(1, ordering: .relaxed).newValue
        assert(left >= 0, "a gauge stands at \(left): left more often than entered")
    }
}
