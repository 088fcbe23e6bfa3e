// What the tests of balancers share: clusters of given weights, counting choices, and Pearson's statistic.
// No tests.

@testable import RelevoPolicy

/// A cluster with one endpoint for each weight. Not checked by the builder, which refuses some that are tried here.
func cluster(_ balance: BalanceMethod, _ weights: [Int], backups: [Int] = []) -> Cluster {
    let cluster = ProxyConfiguration.Cluster("origin", endpoints: [], balance: balance)
    let endpoints = weights.indices.map { position in
        var source = ProxyConfiguration.Endpoint("10.0.\(position / 250).\(position % 250)", weight: weights[position])
        if position < backups.count { source.backup = backups[position] }
        return Endpoint(source, id: position, address: .literal(source.address, port: 80), of: cluster)
    }
    return Cluster(cluster, id: 0, endpoints: endpoints)
}

/// A cluster in one worker.
struct BalancedCluster {
    var balancer: Balancer
    var view: ClusterView
    var random: RandomSource

    init(_ cluster: Cluster, seed: UInt64 = 1) {
        balancer = Balancer(cluster)
        view = ClusterView(cluster)
        random = RandomSource(seed: seed)
    }

    init(_ balance: BalanceMethod, _ weights: [Int], backups: [Int] = [], seed: UInt64 = 1) {
        self.init(cluster(balance, weights, backups: backups), seed: seed)
    }

    mutating func choose(_ request: BalanceRequest = BalanceRequest()) -> Int? {
        balancer.choose(view, request, using: &random)
    }

    /// How often each position is chosen for requests that are all alike.
    mutating func counts(_ turns: Int, _ request: BalanceRequest = BalanceRequest()) -> [Int] {
        var counts = view.weights.map { _ in 0 }
        for _ in 0..<turns { if let choice = choose(request) { counts[choice] += 1 } }
        return counts
    }
}

/// Every policy once.
let allMethods: [BalanceMethod] = [
    .random, .roundRobin, .leastRequests, .powerOfTwo, .latency, .hash(.path), .sticky(StickyCookie()),
]

/// Pearson's statistic of counts against expected shares, which need not add up to 1.
func chiSquare(_ counts: [Int], _ shares: [Double]) -> Double {
    let total = Double(counts.reduce(0, +))
    let sum = shares.reduce(0, +)
    return zip(counts, shares).reduce(0) { result, pair in
        let expected = total * pair.1 / sum
        if expected == 0 { return pair.0 == 0 ? result : .infinity }
        let difference = Double(pair.0) - expected
        return result + difference * difference / expected
    }
}

func chiSquare(_ counts: [Int], _ weights: [Int]) -> Double { chiSquare(counts, weights.map(Double.init)) }

/// The statistic that chance exceeds once in a thousand times (Wilson and Hilferty's approximation, right to one per
/// cent from three degrees on).
func criticalValue(degrees: Int) -> Double {
    let part = 2 / (9 * Double(degrees))
    let root = 1 - part + 3.0902 * part.squareRoot()
    return Double(degrees) * root * root * root
}

/// The shares of endpoints when two different ones are drawn by weight and the one of lower cost is taken, or the first
/// if they cost the same.
func sharesOfTwo(_ weights: [Int], cost: (Int) -> Double) -> [Double] {
    let sum = Double(weights.reduce(0, +))
    var shares = weights.map { _ in 0.0 }
    for first in weights.indices {
        for second in weights.indices where second != first && weights[first] > 0 {
            let probability = Double(weights[first]) / sum * Double(weights[second]) / (sum - Double(weights[first]))
            shares[cost(second) < cost(first) ? second : first] += probability
        }
    }
    return shares
}
