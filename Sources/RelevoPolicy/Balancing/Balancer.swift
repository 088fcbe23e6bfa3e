// The policies behind one face; each has a file of its own.
// Health and discovery decide who may be chosen, not this.

/// Chooses endpoints of one cluster for one worker.
package struct Balancer: Sendable {
    /// The name of a method without its settings: asking for it touches no text.
    private enum Policy: BitwiseCopyable {
        case random, roundRobin, leastRequests, powerOfTwo, latency, hash, sticky
    }

    private let policy: Policy
    private var random = RandomBalancer()
    private var roundRobin = RoundRobinBalancer()
    private var powerOfTwo = PowerOfTwoBalancer()
    private var latency = LatencyBalancer()
    private var hash: HashBalancer
    private var sticky = StickyBalancer()

    /// The balancer that a cluster asks for, in its initial state.
    package init(_ cluster: Cluster) {
        policy =
            switch cluster.balance {
            case .random: .random
            case .roundRobin: .roundRobin
            case .leastRequests: .leastRequests
            case .powerOfTwo: .powerOfTwo
            case .latency: .latency
            case .hash: .hash
            case .sticky: .sticky
            }
        hash = HashBalancer(cluster.maglev)
    }

    /// The position of an endpoint with a weight that the request has not tried, of the lowest tier that has one; nil
    /// if none may be chosen.
    ///
    /// - Parameters:
    ///   - view: The cluster as it is now; always the same view, since what follows from its weights is kept.
    ///   - request: What is known of the request.
    ///   - source: The worker's dice.
    package mutating func choose(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, using source: inout RandomSource
    ) -> Int? {
        guard let tier = view.tier(for: request) else { return nil }
        return switch policy {
        case .random: random.choose(view, request, in: tier, using: &source)
        case .roundRobin: roundRobin.choose(view, request, in: tier)
        case .leastRequests: LeastRequestsBalancer.choose(view, request, in: tier, using: &source)
        case .powerOfTwo: powerOfTwo.choose(view, request, in: tier, using: &source)
        case .latency: latency.choose(view, request, in: tier, using: &source)
        case .hash: hash.choose(view, request, in: tier, using: &source)
        case .sticky: sticky.choose(view, request, in: tier, using: &source)
        }
    }
}
