// How many requests a cluster and its endpoints have in flight, counted over all workers: the only thing that workers
// share for each request, and only where a limit is configured. Who waits for a place is known to ClusterState.

import RelevoPolicy

/// The places of one cluster. Any thread.
package final class ClusterCapacity: Sendable {
    /// Requests that wait in any worker.
    let waiting = SharedGauge()
    private let limits: [Int]
    private let gauges: [SharedGauge]
    private let concurrency: Int
    private let adaptive: SharedGradientLimit?
    private let all = SharedGauge()

    /// The places of a cluster; nil if it has no limit.
    init?(_ cluster: Cluster) {
        let limits = cluster.endpoints.map { $0.maxRequests ?? .max }
        let isLimited = limits.contains { $0 < .max } || cluster.concurrency != nil || cluster.adaptiveLimit != nil
        guard isLimited else { return nil }
        self.limits = limits
        gauges = limits.map { _ in SharedGauge() }
        concurrency = cluster.concurrency ?? .max
        adaptive = cluster.adaptiveLimit.map { SharedGradientLimit($0) }
    }

    /// Takes one of the cluster's places; false if there is none.
    func enter() -> Bool { all.tryEnter(limit: min(concurrency, adaptive?.limit ?? .max)) }

    /// Gives the cluster's place back.
    func leave() { all.leave() }

    /// Takes one of an endpoint's places; false if there is none.
    func enter(_ position: Int) -> Bool { gauges[position].tryEnter(limit: limits[position]) }

    /// Whether an endpoint has as many requests as it may have.
    func isFull(_ position: Int) -> Bool { gauges[position].count >= limits[position] }

    /// Gives an endpoint's place back.
    func leave(_ position: Int) { gauges[position].leave() }

    /// An endpoint has begun to answer, so many nanoseconds after it got the request.
    func answered(after nanoseconds: UInt64, now: UInt64) {
        adaptive?.record(rtt: nanoseconds, inFlight: all.count, now: now)
    }
}
