// How many requests a cluster and its endpoints have in flight, counted over all workers: the only thing that workers
// share for each request, and only where a limit is configured. Who waits for a place is known to others.

/// The places of one cluster. Any thread.
package final class ClusterCapacity: Sendable {
    /// Requests that wait in any worker.
    package let waiting = SharedGauge()
    private let limits: [Int]
    private let gauges: [SharedGauge]
    private let concurrency: Int
    private let adaptive: SharedGradientLimit?
    private let all = SharedGauge()
    /// Requests that are complete and have no answer yet: what an adaptive limit counts, because that is what the
    /// latency it follows belongs to. Clients that send or read slowly are no load on the endpoints.
    private let unanswered = SharedGauge()

    /// The places of a cluster; nil if it has no limit.
    package init?(_ cluster: Cluster) {
        let limits = cluster.endpoints.map { $0.maxRequests ?? .max }
        let isLimited = limits.contains { $0 < .max } || cluster.concurrency != nil || cluster.adaptiveLimit != nil
        guard isLimited else { return nil }
        self.limits = limits
        gauges = limits.map { _ in SharedGauge() }
        concurrency = cluster.concurrency ?? .max
        adaptive = cluster.adaptiveLimit.map { SharedGradientLimit($0) }
    }

    /// Takes one of the cluster's places, for a request that goes to an endpoint now; false if there is none.
    package func enter() -> Bool {
        guard all.tryEnter(limit: concurrency) else { return false }
        guard let adaptive, !unanswered.tryEnter(limit: adaptive.limit) else { return true }
        all.leave()
        return false
    }

    /// Gives the cluster's place back; `isUnanswered` says that the endpoint is waited for.
    package func leave(isUnanswered: Bool) {
        if isUnanswered { endpointIsDone() }
        all.leave()
    }

    /// Whether requests are counted only while their endpoint is waited for.
    package var isAdaptive: Bool { adaptive != nil }

    /// A request that was admitted is complete: from now on its endpoint is waited for.
    package func endpointIsDue() {
        if adaptive != nil { _ = unanswered.tryEnter(limit: .max) }
    }

    /// The endpoint of a request is not waited for any more.
    package func endpointIsDone() {
        if adaptive != nil { unanswered.leave() }
    }

    /// Takes one of an endpoint's places; false if there is none.
    package func enter(_ position: Int) -> Bool { gauges[position].tryEnter(limit: limits[position]) }

    /// Whether an endpoint has as many requests as it may have.
    package func isFull(_ position: Int) -> Bool { gauges[position].count >= limits[position] }

    /// Gives an endpoint's place back.
    package func leave(_ position: Int) { gauges[position].leave() }

    /// An endpoint has begun to answer, or has failed to, so many nanoseconds after it got the request.
    package func answered(after nanoseconds: UInt64, now: UInt64) {
        adaptive?.record(rtt: nanoseconds, inFlight: unanswered.count, now: now)
    }
}
