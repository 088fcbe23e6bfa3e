// The sooner of two endpoints that chance has brought together.
// How latencies are estimated: LatencyEstimate.

/// Chooses two different endpoints at random by weight, and of them the one that is likely to answer sooner: its
/// latency times the requests that it would have in flight.
struct LatencyBalancer: Sendable {
    /// Nanoseconds that an endpoint is taken to need while its first answers are out: more than any real one.
    private static let penalty = 1e15

    private var dice = WeightedDice()

    mutating func choose(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int,
        using random: inout RandomSource
    ) -> Int? {
        guard let (first, second) = dice.pickTwo(view, request, in: tier, using: &random) else { return nil }
        return cost(second, view, request.now) < cost(first, view, request.now) ? second : first
    }

    /// An endpoint that was never measured is the best while it has no request, and the worst while it has: it is
    /// tried, but gets no more until it has answered.
    private func cost(_ position: Int, _ view: borrowing ClusterView, _ now: UInt64) -> Double {
        let active = Double(view.active[position])
        let estimate = view.latencies[position]
        guard estimate.isMeasured else { return active * Self.penalty }
        return estimate.value(now: now) * (active + 1)
    }
}
