// One GradientLimit for the workers of a process: each of them sees a part of a cluster's latency only.
// Not for counting the requests in flight, which SharedGauge does.

import Synchronization

/// A limit that any thread may read and feed.
///
/// Reading costs one load. Feeding never waits: while another thread feeds it, a sample is dropped, for a sample less
/// changes nothing and a loop that waits delays all its clients.
package final class SharedGradientLimit: Sendable {
    private let state: Mutex<GradientLimit>
    private let current: Atomic<Int>

    /// Creates a limit that begins at its minimum.
    package init(_ settings: AdaptiveLimit) {
        let limit = GradientLimit(settings)
        state = Mutex(limit)
        current = Atomic(limit.limit)
    }

    /// Requests in flight allowed now.
    package var limit: Int { current.load(ordering: .relaxed) }

    /// A request has ended; see ``GradientLimit/record(rtt:inFlight:now:)``.
    package func record(rtt: UInt64, inFlight: Int, now: UInt64) {
        state.withLockIfAvailable { state in
            let before = state.limit
            state.record(rtt: rtt, inFlight: inFlight, now: now)
            // Written only when it changes: all workers read this line.
            if state.limit != before { current.store(state.limit, ordering: .relaxed) }
        }
    }
}
