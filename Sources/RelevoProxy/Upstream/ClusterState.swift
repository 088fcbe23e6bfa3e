// What a worker knows about a cluster at run time: the states of its endpoints, who may be chosen, whose turn it is.
// Configuration is Cluster's matter, how one is chosen the balancers', who is well ClusterHealth's.

import CLibevent
import RelevoPolicy

/// How an attempt at an endpoint ended.
enum AttemptOutcome {
    /// The endpoint answered with this status.
    case answered(Int)
    /// The attempt failed, and the endpoint may be to blame.
    case failed(AttemptFailure)
    /// It says nothing about the endpoint: the client left, or the proxy was the matter.
    case neutral
}

/// The runtime state of one cluster in one worker. Confined to the worker's thread.
final class ClusterState {
    /// The cluster as configured.
    let cluster: Cluster
    /// In the order of the cluster's endpoints.
    let endpoints: [EndpointState]
    /// Whether anybody wants to know how long answers take.
    let wantsLatency: Bool
    /// What of a request decides where it goes; nil if nothing does.
    let key: BalanceKey?
    /// The cookies by which clients come back to their endpoint; nil if there are none.
    let tokens: StickyTokens?
    /// In its view an endpoint that must not be chosen has no weight.
    private var balancer: ClusterBalancer
    /// Places for requests, shared with the other workers; nil without limits.
    let capacity: ClusterCapacity?
    /// Exchanges that wait for a place.
    private var line: WaitingLine<Exchange>
    private var budget: RetryBudget
    private var standings: [EndpointStanding]
    private let tracksLoad: Bool
    /// Whether an endpoint is on its way to its full weight.
    private var isAnyRising = false

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
    }

    /// Creates the state, with an empty pool for each endpoint.
    init(_ cluster: Cluster, _ place: Place) {
        self.cluster = cluster
        key = BalanceKey(cluster.balance)
        tokens = StickyTokens(cluster.balance, cluster.endpoints, fallback: place.secret)
        balancer = ClusterBalancer(cluster)
        capacity = place.capacities[cluster.id]
        line = WaitingLine(length: cluster.queue.length)
        budget = RetryBudget(cluster.retry ?? RetrySettings(), workers: place.workers)
        standings = ClusterHealth(cluster, now: 0).standings
        switch cluster.balance {
        case .random, .roundRobin, .sticky: tracksLoad = false
        case .leastRequests, .powerOfTwo, .hash, .latency: tracksLoad = true
        }
        wantsLatency = cluster.balance == .latency || cluster.adaptiveLimit != nil
        endpoints = cluster.endpoints.map {
            EndpointState($0, pool: UpstreamPool(loop: place.loop, wheel: place.wheel, limit: place.idleLimit))
        }
        weigh(now: MonotonicTime.now.nanoseconds)
    }

    /// Whether any endpoint has an address.
    var hasAddress: Bool { endpoints.contains(where: \.hasAddress) }

    /// Takes the addresses that an endpoint's name has now.
    func resolved(_ id: Int, to targets: [NameTarget]) {
        for state in endpoints where state.endpoint.id == id { state.resolved(to: targets) }
        weigh(now: MonotonicTime.now.nanoseconds)
    }

    /// Takes what is known about the health of the endpoints.
    func standingsChanged(_ standings: [EndpointStanding], now: UInt64) {
        guard standings.count == endpoints.count else { return }
        self.standings = standings
        weigh(now: now)
    }

    /// Lets endpoints that have recovered rise to their full weight. Called at each tick.
    func rise(now: UInt64) {
        if isAnyRising { weigh(now: now) }
    }

    private func weigh(now: UInt64) {
        isAnyRising = false
        for (position, standing) in standings.enumerated() {
            let share = self.share(of: standing, now: now)
            if share < ClusterView.weightScale { isAnyRising = true }
            let isUsable = standing.isAvailable && endpoints[position].hasAddress
            balancer.view.setWeight(isUsable ? standing.weight * max(1, share) : 0, of: position)
        }
    }

    /// The part of its weight that an endpoint has, of `ClusterView.weightScale`: a tenth when it comes back, all of it
    /// when the time for slow start is over.
    private func share(of standing: EndpointStanding, now: UInt64) -> Int {
        let whole = ClusterView.weightScale
        guard let slowStart = cluster.slowStart?.wholeNanoseconds, let recovered = standing.recovered, slowStart > 0
        else { return whole }
        let elapsed = now > recovered ? now - recovered : 0
        guard elapsed < slowStart else { return whole }
        return whole / 10 + Int(Double(whole - whole / 10) * Double(elapsed) / Double(slowStart))
    }
}

// MARK: - Requests

extension ClusterState {
    /// A request has come for the cluster.
    func requestBegan(now: UInt64) { budget.requestBegan(now: now) }

    /// What became of the search for an endpoint.
    enum Choice {
        /// The endpoint at this position; a place of it is taken.
        case position(Int)
        /// There are endpoints, but all that were not tried have as many requests as they may have.
        case full
        /// There is none.
        case none
    }

    /// Chooses an endpoint for a request and takes a place of it.
    func choose(_ request: BalanceRequest, using random: inout RandomSource) -> Choice {
        guard let first = balancer.choose(request, using: &random) else { return .none }
        guard let capacity, !capacity.enter(first) else { return .position(first) }
        var asked = request
        asked.tried.append(first)
        while let next = balancer.choose(asked, using: &random) {
            if capacity.enter(next) { return .position(next) }
            asked.tried.append(next)
        }
        return .full
    }

    /// Whether there is an endpoint that may be chosen beside those that were tried.
    func hasUntried(beside position: Int?, _ tried: [Int]) -> Bool {
        standings.indices.contains {
            $0 != position && !tried.contains($0) && standings[$0].isAvailable && standings[$0].weight > 0
                && endpoints[$0].hasAddress
        }
    }

    /// Whether a request that was answered with this status is sent to another endpoint if it may be.
    func retries(_ status: Int) -> Bool {
        guard let retry = cluster.retry, !retry.statuses.isEmpty else { return false }
        return retry.statuses.contains { $0.contains(status) }
    }

    /// Takes one further attempt out of the budget; false if it is used up.
    func takeRetry(now: UInt64) -> Bool { budget.take(now: now) }

    /// An endpoint gets a request.
    func attemptBegan(_ position: Int) {
        endpoints[position].active += 1
        if tracksLoad { balancer.view.active[position] += 1 }
    }

    /// The endpoint has begun to answer, after so many nanoseconds.
    func answered(_ position: Int, after nanoseconds: UInt64, now: UInt64) {
        balancer.view.latencies[position].record(nanoseconds, now: now)
        capacity?.answered(after: nanoseconds, now: now)
    }

    /// An attempt is over.
    /// - Returns: whether the control loop has to hear of it.
    func attemptEnded(_ position: Int, _ outcome: AttemptOutcome) -> Bool {
        if tracksLoad { balancer.view.active[position] -= 1 }
        capacity?.leave(position)
        let endpoint = endpoints[position]
        endpoint.active -= 1
        switch outcome {
        case .neutral: return false
        case .answered(let status):
            if status >= 500, counts(.status(status)) { return endpoint.failed(.status(status)) }
            return endpoint.isWatched && endpoint.succeeded()
        case .failed(let failure): return counts(failure) && endpoint.failed(failure)
        }
    }

    /// Whether anything follows from a failure.
    private func counts(_ failure: AttemptFailure) -> Bool { cluster.ejection?.counts(failure) ?? false }
}

// MARK: - The line

extension ClusterState {
    /// Whether anybody waits, here or in another worker.
    var isAnyWaiting: Bool { capacity.map { $0.waiting.count > 0 } ?? false }

    /// Whether somebody waits here.
    var isAnyWaitingHere: Bool { !line.isEmpty }

    /// Puts an exchange at the end of the line; nil if that is full.
    func wait(_ exchange: Exchange, since: MonotonicTime) -> WaitingLine<Exchange>.Token? {
        guard let ticket = line.enter(exchange, until: (since + cluster.queue.timeout).nanoseconds) else { return nil }
        _ = capacity?.waiting.tryEnter(limit: .max)
        return ticket
    }

    /// Takes an exchange that ends out of the line.
    func leaveLine(_ ticket: WaitingLine<Exchange>.Token) {
        if line.leave(ticket) != nil { capacity?.waiting.leave() }
    }

    /// Lets up to `count` of those who wait try once more.
    func callNext(_ count: Int) {
        for _ in 0..<min(count, line.count) {
            guard let next = line.next() else { return }
            capacity?.waiting.leave()
            next.isNext()
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
