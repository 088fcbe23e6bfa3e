// What one worker keeps about a cluster, connections apart: who may be chosen and by which weight, what may be sent
// again, and what was seen. Pure, so that a simulation has the same; who is well is decided by ClusterHealth.

/// How an attempt at an endpoint ended.
package enum AttemptOutcome: Sendable, BitwiseCopyable {
    /// The endpoint answered with this status.
    case answered(Int)
    /// The attempt failed, and the endpoint may be to blame.
    case failed(AttemptFailure)
    /// It says nothing about the endpoint: the client left, or the proxy was the matter.
    case neutral
}

/// What became of the search for an endpoint.
package enum EndpointChoice: Sendable, Hashable, BitwiseCopyable {
    /// The endpoint at this position; a place of it is taken.
    case position(Int)
    /// There are endpoints, but all that were not tried have as many requests as they may have.
    case full
    /// There is none.
    case none
}

/// One worker's accounts of one cluster. Times are nanoseconds of a monotonic clock. Too large to be
/// copied by accident.
package struct ClusterLedger: ~Copyable, Sendable {
    /// Whether the balancer wants to know how long answers take.
    package let tracksLatency: Bool
    private let tracksLoad: Bool
    private let slowStart: UInt64
    private let retry: RetrySettings?
    private let ejection: Ejection?
    /// In its view an endpoint that must not be chosen has no weight.
    private var balancer: ClusterBalancer
    private var budget: RetryBudget
    private var standings: [EndpointStanding]
    private var isReachable: [Bool]
    /// Whether each endpoint may be chosen.
    private var isUsable: [Bool] = []
    private var watches: [OutcomeWatch]
    /// Which of the requests that are held look for an endpoint.
    package var holdGate = HoldGate()
    /// Whether an endpoint is on its way to its full weight.
    private var isAnyRising = false

    /// Begins the accounts of one of `workers` workers.
    package init(_ cluster: Cluster, workers: Int) {
        switch cluster.balance {
        case .random, .roundRobin, .sticky: (tracksLoad, tracksLatency) = (false, false)
        case .leastRequests, .powerOfTwo, .hash: (tracksLoad, tracksLatency) = (true, false)
        case .latency: (tracksLoad, tracksLatency) = (true, true)
        }
        slowStart = cluster.slowStart.map { $0.inNanoseconds } ?? 0
        retry = cluster.retry
        ejection = cluster.ejection
        balancer = ClusterBalancer(cluster)
        budget = RetryBudget(cluster.retry ?? RetrySettings(), workers: workers)
        standings = ClusterHealth(cluster, now: 0).standings
        isReachable = standings.map { _ in true }
        let window = cluster.ejection?.window.inNanoseconds ?? 0
        watches = standings.map { _ in OutcomeWatch(window: window) }
        weigh(now: 0)
    }
}

// MARK: - Adoption

extension ClusterLedger {
    /// How long answers of an endpoint take.
    package func latency(of position: Int) -> LatencyEstimate { balancer.view.latencies[position] }

    /// Takes over how long answers of an endpoint take.
    package mutating func adopt(_ latency: LatencyEstimate, of position: Int) {
        balancer.view.latencies[position] = latency
    }
}

// MARK: - Weights

extension ClusterLedger {
    /// Takes whether there is a way to each endpoint: whether its name has an address.
    package mutating func reachabilityChanged(_ isReachable: [Bool], now: UInt64) {
        guard isReachable.count == standings.count else { return }
        self.isReachable = isReachable
        weigh(now: now)
    }

    /// Takes what is known about the health of the endpoints.
    package mutating func standingsChanged(_ standings: [EndpointStanding], now: UInt64) {
        guard standings.count == self.standings.count else { return }
        self.standings = standings
        weigh(now: now)
    }

    /// Lets endpoints that have recovered rise to their full weight. To be called at each tick.
    package mutating func rise(now: UInt64) {
        if isAnyRising { weigh(now: now) }
    }

    private mutating func weigh(now: UInt64) {
        isAnyRising = false
        isUsable = standings.indices.map { standings[$0].isAvailable && standings[$0].weight > 0 && isReachable[$0] }
        if !isUsable.contains(true) {
            // Who would serve cannot be reached, which only workers know of: rather those that are not well than none.
            isUsable = standings.indices.map {
                !standings[$0].state.isOrdered && standings[$0].weight > 0 && isReachable[$0]
            }
        }
        for (position, standing) in standings.enumerated() {
            let share = SlowStart.share(of: standing, within: slowStart, now: now)
            if share < ClusterView.weightScale { isAnyRising = true }
            balancer.view.setWeight(isUsable[position] ? standing.weight * max(1, share) : 0, of: position)
        }
    }
}

// MARK: - Requests

extension ClusterLedger {
    /// A request has come for the cluster.
    package mutating func requestBegan(now: UInt64) { budget.requestBegan(now: now) }

    /// The position of an endpoint for a request; nil if none may be chosen.
    package mutating func choose(_ request: borrowing BalanceRequest, using random: inout RandomSource) -> Int? {
        balancer.choose(request, using: &random)
    }

    /// The position of an endpoint for a request, with a place of it taken.
    package mutating func choose(
        _ request: BalanceRequest, within capacity: ClusterCapacity?, using random: inout RandomSource
    ) -> EndpointChoice {
        guard let first = choose(request, using: &random) else { return .none }
        guard let capacity, !capacity.enter(first) else { return .position(first) }
        var asked = request
        for position in standings.indices where capacity.isFull(position) { asked.tried.append(position) }
        guard let next = choose(asked, using: &random), capacity.enter(next) else { return .full }
        return .position(next)
    }

    /// Whether there is an endpoint that may be chosen beside those that were tried.
    package func hasUntried(beside position: Int?, _ tried: [Int]) -> Bool {
        isUsable.indices.contains { $0 != position && !tried.contains($0) && isUsable[$0] }
    }

    /// Whether a request that was answered with this status is sent to another endpoint if it may be.
    package func retries(_ status: Int) -> Bool {
        guard let retry, !retry.statuses.isEmpty else { return false }
        return retry.statuses.contains { $0.contains(status) }
    }

    /// Whether and where a request is tried again: what ``RetryPolicy`` says, as far as the budget grants it.
    package mutating func verdict(_ evidence: AttemptEvidence, now: UInt64) -> RetryVerdict {
        let verdict = RetryPolicy.decide(evidence, retry)
        guard case .another(_, countsAgainstBudget: true, _) = verdict, !budget.take(now: now) else { return verdict }
        return .no(.budgetSpent)
    }

    /// Whether a request that goes nowhere else now may wait for any endpoint, if the cluster lets requests wait.
    package mutating func mayHold(_ evidence: AttemptEvidence, now: UInt64) -> Bool {
        guard HoldPolicy.takes(evidence, retry) else { return false }
        if case .fault(let fault) = evidence.failure, fault.row.retry == .nothingSent { return true }
        return budget.take(now: now)
    }

    /// An endpoint gets a request.
    package mutating func attemptBegan(_ position: Int) {
        if tracksLoad { balancer.view.active[position] += 1 }
    }

    /// The endpoint has begun to answer, after so many nanoseconds.
    package mutating func answered(_ position: Int, after nanoseconds: UInt64, now: UInt64) {
        balancer.view.latencies[position].record(nanoseconds, now: now)
    }

    /// An attempt that began at `since` is over; one that began before the endpoint came back and failed says nothing
    /// about how it is now. Returns whether the control loop has to hear of the endpoint: see ``takeTally(_:)``.
    package mutating func attemptEnded(
        _ position: Int, _ outcome: AttemptOutcome, since: UInt64
    ) -> OutcomeNews {
        if tracksLoad { balancer.view.active[position] -= 1 }
        let isOld = standings[position].recovered.map { since < $0 } ?? false
        switch outcome {
        case .neutral: return .none
        case .failed where isOld: return .none
        case .answered(let status):
            let isFailure = status >= 500 && counts(.status(status))
            return isFailure
                ? watches[position].failed(.status(status), at: since) : watches[position].succeeded(at: since)
        case .failed(let failure): return counts(failure) ? watches[position].failed(failure, at: since) : .none
        }
    }

    /// Whether anything follows from a failure.
    private func counts(_ failure: AttemptFailure) -> Bool { ejection?.counts(failure) ?? false }

    /// What was seen of an endpoint since it was last told, and nothing any more.
    package mutating func takeTally(_ position: Int) -> OutcomeTally { watches[position].take() }
}
