// What a worker knows about a cluster at run time: the states of its endpoints, with their connections.
// Configuration is Cluster's matter, who may be chosen and what was seen ClusterLedger's, who is well ClusterHealth's.

import CLibevent
import RelevoPolicy

/// The runtime state of one cluster in one worker. Confined to the worker's thread.
final class ClusterState {
    /// The cluster as configured.
    let cluster: Cluster
    /// In the order of the cluster's endpoints.
    let endpoints: [EndpointState]
    /// What of a request decides where it goes; nil if nothing does.
    let key: BalanceKey?
    /// The cookies by which clients come back to their endpoint; nil if there are none.
    let tokens: StickyTokens?
    private var ledger: ClusterLedger

    /// What a worker has for all of its clusters.
    struct Place {
        let loop: EventLoop
        let wheel: DeadlineWheel
        /// Connections that are kept for each endpoint.
        let idleLimit: Int
        /// The number of workers.
        let workers: Int
        /// What cookies are signed with where the configuration names no secret.
        let secret: [UInt8]
    }

    /// Creates the state, with an empty pool for each endpoint.
    init(_ cluster: Cluster, _ place: Place) {
        self.cluster = cluster
        key = BalanceKey(cluster.balance)
        tokens = StickyTokens(cluster.balance, cluster.endpoints, fallback: place.secret)
        ledger = ClusterLedger(cluster, workers: place.workers)
        endpoints = cluster.endpoints.map {
            EndpointState($0, pool: UpstreamPool(loop: place.loop, wheel: place.wheel, limit: place.idleLimit))
        }
        weigh(now: MonotonicTime.now.nanoseconds)
    }

    /// Whether the balancer wants to know how long answers take.
    var tracksLatency: Bool { ledger.tracksLatency }

    /// Whether any endpoint has an address.
    var hasAddress: Bool { endpoints.contains(where: \.hasAddress) }

    /// Takes the addresses that an endpoint's name has now.
    func resolved(_ id: Int, to addresses: [SocketAddress]) {
        for state in endpoints where state.endpoint.id == id { state.resolved(to: addresses) }
        weigh(now: MonotonicTime.now.nanoseconds)
    }

    private func weigh(now: UInt64) { ledger.reachabilityChanged(endpoints.map(\.hasAddress), now: now) }

    /// Takes what is known about the health of the endpoints.
    func standingsChanged(_ standings: [EndpointStanding], now: UInt64) {
        ledger.standingsChanged(standings, now: now)
    }

    /// Lets endpoints that have recovered rise to their full weight. Called at each tick.
    func rise(now: UInt64) { ledger.rise(now: now) }
}

// MARK: - Requests

extension ClusterState {
    /// A request has come for the cluster.
    func requestBegan(now: UInt64) { ledger.requestBegan(now: now) }

    /// The position of an endpoint for a request; nil if none may be chosen.
    func choose(_ request: BalanceRequest, using random: inout RandomSource) -> Int? {
        ledger.choose(request, using: &random)
    }

    /// Whether there is an endpoint that may be chosen beside those that were tried.
    func hasUntried(beside position: Int?, _ tried: [Int]) -> Bool { ledger.hasUntried(beside: position, tried) }

    /// Whether a request that was answered with this status is sent to another endpoint if it may be.
    func retries(_ status: Int) -> Bool { ledger.retries(status) }

    /// Whether and where a request is tried again, as far as the budget grants it.
    func verdict(_ evidence: AttemptEvidence, now: UInt64) -> RetryVerdict { ledger.verdict(evidence, now: now) }

    /// An endpoint gets a request.
    func attemptBegan(_ position: Int) { ledger.attemptBegan(position) }

    /// The endpoint has begun to answer, after so many nanoseconds.
    func answered(_ position: Int, after nanoseconds: UInt64, now: UInt64) {
        ledger.answered(position, after: nanoseconds, now: now)
    }

    /// An attempt is over.
    /// - Returns: whether the control loop has to hear of it.
    func attemptEnded(_ position: Int, _ outcome: AttemptOutcome) -> OutcomeNews {
        ledger.attemptEnded(position, outcome)
    }

    /// What was seen of an endpoint since it was last told, and nothing any more.
    func takeTally(_ position: Int) -> OutcomeTally { ledger.takeTally(position) }
}

@available(*, unavailable)
extension ClusterState: Sendable {}
