// The less busy of two endpoints that chance has brought together.
// Looks at two endpoints however many there are; for a look at all of them there is LeastRequestsBalancer.

/// Chooses two different endpoints at random by weight, and of them the one with fewer requests in flight for its
/// weight. Almost as even as the least busy of all, but workers that know nothing of each other do not all rush to the
/// same endpoint.
struct PowerOfTwoBalancer: Sendable {
    private var dice = WeightedDice()

    mutating func choose(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int,
        using random: inout RandomSource
    ) -> Int? {
        guard let (first, second) = dice.pickTwo(view, request, in: tier, using: &random) else { return nil }
        return load(second, view, tier) < load(first, view, tier) ? second : first
    }

    private func load(_ position: Int, _ view: borrowing ClusterView, _ tier: Int) -> Double {
        view.load(of: position, weight: view.weight(of: position, in: tier))
    }
}
