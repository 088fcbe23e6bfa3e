// The policies behind one face; each has a file of its own.
// Health and discovery decide who may be chosen, not this.

/// Chooses endpoints of one cluster for one worker.
package struct Balancer: Sendable {
    private let method: BalanceMethod
    private let random: RandomBalancer
    private var roundRobin: RoundRobinBalancer

    /// The balancer that a cluster asks for, in its initial state.
    package init(_ cluster: Cluster) {
        let weights = cluster.endpoints.map(\.weight)
        method = cluster.balance
        random = RandomBalancer(weights: weights)
        roundRobin = RoundRobinBalancer(weights: weights)
    }

    /// The position of the chosen endpoint in the cluster; nil if none may be chosen.
    package mutating func choose(_ candidates: Candidates, using source: inout RandomSource) -> Int? {
        switch method {
        case .random: random.choose(candidates, using: &source)
        case .roundRobin: roundRobin.choose(candidates)
        default: random.choose(candidates, using: &source)
        }
    }
}
