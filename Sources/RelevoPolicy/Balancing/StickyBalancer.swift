// The endpoint that a client was given before.
// What its cookie says, and whether it is genuine, is found out elsewhere.

/// Chooses the endpoint that the request prefers, if it can be had; else one at random by weight.
struct StickyBalancer: Sendable {
    private var dice = WeightedDice()

    mutating func choose(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int,
        using random: inout RandomSource
    ) -> Int? {
        if let preferred = request.preferred, view.weights.indices.contains(preferred),
            view.weight(of: preferred, for: request, in: tier) > 0
        {
            return preferred
        }
        return dice.pick(view, request, in: tier, using: &random)
    }
}
