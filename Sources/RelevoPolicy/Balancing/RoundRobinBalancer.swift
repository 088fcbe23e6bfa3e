// In turn, by weight, without bursts.
// Each worker takes turns of its own; they do not agree on a common order.

/// Smooth weighted round robin: each turn every candidate gains its weight, the richest is chosen and pays the total.
package struct RoundRobinBalancer: Sendable {
    private let weights: [Int]
    private var credit: [Int]

    /// Creates a balancer for endpoints of the given weights.
    package init(weights: [Int]) {
        self.weights = weights
        credit = weights.map { _ in 0 }
    }

    /// The position of the chosen endpoint; nil if none may be chosen.
    package mutating func choose(_ candidates: Candidates) -> Int? {
        var best: Int?
        var total = 0
        for position in weights.indices where weights[position] > 0 && candidates.allows(position) {
            credit[position] += weights[position]
            total += weights[position]
            if best.map({ credit[position] > credit[$0] }) ?? true { best = position }
        }
        if let best { credit[best] -= total }
        return best
    }
}
