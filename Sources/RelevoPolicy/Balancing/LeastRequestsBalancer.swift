// The least busy of all endpoints.
// Each worker counts its own requests only.

/// Chooses the endpoint with the fewest requests in flight for its weight, the new one counted.
///
/// Of several that are equally busy each is as likely as the others. Were it always the first, all workers would send
/// what they get to the same endpoint while there is little to do.
enum LeastRequestsBalancer {
    static func choose(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int,
        using random: inout RandomSource
    ) -> Int? {
        var best: Int?
        var least = Double.infinity
        var ties = 0
        for position in view.weights.indices {
            let weight = view.weight(of: position, for: request, in: tier)
            guard weight > 0 else { continue }
            let load = view.load(of: position, weight: weight)
            if load < least {
                least = load
                best = position
                ties = 1
            } else if load == least {
                ties += 1
                if random.below(ties) == 0 { best = position }
            }
        }
        return best
    }
}
