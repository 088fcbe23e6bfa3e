// What a worker knows about a cluster at run time: the states of its endpoints, with their connections.
// Configuration is Cluster's matter, who may be chosen and what was seen ClusterLedger's, who is well ClusterHealth's.

import CLibevent
import CLibeventTLS
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
    /// Places for requests, shared with the other workers; nil without limits.
    let capacity: ClusterCapacity?
    /// Exchanges that wait for a place.
    private var line: WaitingLine<Exchange>

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
        /// The places of each cluster that has limits, by the cluster's number.
        let capacities: [ClusterCapacity?]
        /// How clusters speak TLS, by the cluster's number.
        let tls: [TLSClientContext?]
    }

    /// What was counted of it.
    var tally = ClusterTally()

    /// Whether the cluster is in use no more, but for requests that came before.
    private(set) var isRetired = false

    /// Creates the state, with an empty pool for each endpoint that `predecessor`, the state of the same cluster with
    /// other settings, did not have.
    init(_ cluster: Cluster, _ place: Place, after predecessor: ClusterState? = nil) {
        self.cluster = cluster
        key = BalanceKey(cluster.balance)
        tokens = StickyTokens(cluster.balance, cluster.endpoints, fallback: place.secret)
        ledger = ClusterLedger(cluster, workers: place.workers)
        capacity = place.capacities[cluster.id]
        line = WaitingLine(length: .max)
        let context = place.tls.indices.contains(cluster.id) ? place.tls[cluster.id] : nil
        var earlier: [String: (position: Int, state: EndpointState)] = [:]
        if let predecessor, predecessor.cluster.opensConnections(as: cluster) {
            for (position, state) in predecessor.endpoints.enumerated() {
                earlier[state.endpoint.text] = (position, state)
            }
        }
        endpoints = cluster.endpoints.map { endpoint in
            let security = EndpointSecurity(endpoint, context)
            if let state = earlier[endpoint.text]?.state, state.security.opensAlike(security) {
                state.becomes(endpoint, security)
                return state
            }
            let pool = UpstreamPool(loop: place.loop, wheel: place.wheel, limit: place.idleLimit)
            return EndpointState(endpoint, security, pool: pool)
        }
        if let predecessor {
            tally = predecessor.tally
            // Another state is another way to open connections, but the same endpoint.
            let counted = Dictionary(predecessor.endpoints.map { ($0.endpoint.text, $0) }) { first, _ in first }
            for (position, state) in endpoints.enumerated() {
                if let same = counted[state.endpoint.text], same !== state { state.tally = same.tally }
                guard let before = earlier[state.endpoint.text] else { continue }
                ledger.adopt(predecessor.ledger.latency(of: before.position), of: position)
            }
        }
        weigh(now: MonotonicTime.now.nanoseconds)
    }

    /// Opens connections by other settings from now on, and keeps as many.
    func renew(_ place: Place) {
        let context = place.tls.indices.contains(cluster.id) ? place.tls[cluster.id] : nil
        for state in endpoints {
            state.trusts(EndpointSecurity(state.endpoint, context))
            state.pool.limit = place.idleLimit
        }
    }

    /// No new request comes. Endpoints that are nobody else's end what they keep.
    func retire(keeping kept: Set<ObjectIdentifier>) {
        isRetired = true
        for state in endpoints where !kept.contains(ObjectIdentifier(state)) { state.retire() }
    }

    /// Whether anybody wants to know how long answers take.
    var wantsLatency: Bool { ledger.tracksLatency || cluster.adaptiveLimit != nil }

    /// Whether any endpoint has an address.
    var hasAddress: Bool { endpoints.contains(where: \.hasAddress) }

    /// Takes the addresses that the names of endpoints have now, by the endpoint's number.
    func resolved(_ targets: [Int: [NameTarget]]) {
        var isAny = false
        for state in endpoints {
            guard let found = targets[state.endpoint.id] else { continue }
            state.resolved(to: found)
            isAny = true
        }
        if isAny { weigh(now: MonotonicTime.now.nanoseconds) }
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

    /// Chooses an endpoint for a request and takes a place of it.
    func choose(_ request: BalanceRequest, using random: inout RandomSource) -> EndpointChoice {
        ledger.choose(request, within: capacity, using: &random)
    }

    /// Whether there is an endpoint that may be chosen beside those that were tried.
    func hasUntried(beside position: Int?, _ tried: [Int]) -> Bool { ledger.hasUntried(beside: position, tried) }

    /// Whether a request that was answered with this status is sent to another endpoint if it may be.
    func retries(_ status: Int) -> Bool { ledger.retries(status) }

    /// Whether and where a request is tried again, as far as the budget grants it.
    func verdict(_ evidence: AttemptEvidence, now: UInt64) -> RetryVerdict { ledger.verdict(evidence, now: now) }

    /// Whether a request that goes nowhere else now may wait for any endpoint.
    func mayHold(_ evidence: AttemptEvidence, now: UInt64) -> Bool {
        cluster.hold != nil && ledger.mayHold(evidence, now: now)
    }

    /// All endpoints have refused a request, which is held.
    func roundFailed(now: UInt64) { ledger.holdGate.roundFailed(now: now) }

    /// A connection to one of the endpoints has opened: whoever is held may come.
    func connected() { ledger.holdGate.connected() }

    /// Whether a request that is held may try all endpoints now.
    func letsHeldTry(now: UInt64) -> Bool { ledger.holdGate.opens(now: now) }

    /// An endpoint gets a request.
    func attemptBegan(_ position: Int) {
        endpoints[position].active += 1
        ledger.attemptBegan(position)
    }

    /// The endpoint has begun to answer, after so many nanoseconds.
    func answered(_ position: Int, after nanoseconds: UInt64, now: UInt64) {
        ledger.answered(position, after: nanoseconds, now: now)
        capacity?.answered(after: nanoseconds, now: now)
    }

    /// An attempt is over.
    /// - Returns: whether the control loop has to hear of it.
    func attemptEnded(_ position: Int, _ outcome: AttemptOutcome, since: MonotonicTime) -> OutcomeNews {
        capacity?.leave(position)
        endpoints[position].active -= 1
        endpoints[position].tally.add(outcome)
        return ledger.attemptEnded(position, outcome, since: since.nanoseconds)
    }

    /// What was seen of an endpoint since it was last told, and nothing any more.
    func takeTally(_ position: Int) -> OutcomeTally { ledger.takeTally(position) }
}

// MARK: - The line

extension ClusterState {
    /// Whether anybody waits, here or in another worker.
    var isAnyWaiting: Bool { capacity.map { $0.waiting.count > 0 } ?? false }

    /// Whether somebody waits here.
    var isAnyWaitingHere: Bool { !line.isEmpty }

    /// Puts an exchange at the end of the line, or to its front; nil if that is full.
    ///
    /// One that was called goes back to where it was, and is not refused. One that has a place of the cluster goes to
    /// the front as well: behind others, who wait for just that place, it would wait for ever.
    func wait(_ exchange: Exchange, since: MonotonicTime, _ held: PlaceInLine) -> WaitingLine<Exchange>.Token? {
        let limit = held.wasCalled ? .max : cluster.queue.length
        guard capacity?.waiting.tryEnter(limit: limit) ?? false else { return nil }
        let isFirst = held.wasCalled || held.hasPlace
        let deadline = (since + cluster.queue.timeout).nanoseconds
        return isFirst ? line.enterFirst(exchange, until: deadline) : line.enter(exchange, until: deadline)
    }

    /// Takes an exchange that ends out of the line.
    func leaveLine(_ ticket: WaitingLine<Exchange>.Token) {
        if line.leave(ticket) != nil { capacity?.waiting.leave() }
    }

    /// Lets up to `count` of those who wait try once more, until one finds no place.
    func callNext(_ count: Int) {
        for _ in 0..<min(count, line.count) {
            guard let next = line.next() else { return }
            capacity?.waiting.leave()
            if next.isNext() { return }
        }
    }

    /// Refuses those who have waited too long, and lets the others look for themselves: a place may be free that the
    /// one who was called could not use. Called at each tick.
    func tendLine(now: UInt64) {
        guard !line.isEmpty else { return }
        while let exchange = line.expired(now: now) {
            capacity?.waiting.leave()
            exchange.hasWaitedInVain()
        }
        callNext(line.count)
    }
}

@available(*, unavailable)
extension ClusterState: Sendable {}
