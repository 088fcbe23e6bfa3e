// The default policy: at random, by weight.
// Keeps nothing between two requests but its dice, so that workers need not agree on anything.

/// Chooses an endpoint with a probability in proportion to its weight.
struct RandomBalancer: Sendable {
    private var dice = WeightedDice()

    mutating func choose(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int,
        using random: inout RandomSource
    ) -> Int? {
        dice.pick(view, request, in: tier, using: &random)
    }
}
