// The default policy: at random, by weight.
// Keeps no state, so that workers need not agree on anything.

/// Chooses an endpoint with a probability in proportion to its weight.
package struct RandomBalancer: Sendable {
    private let weights: [Int]
    private let sums: [Int]

    /// Creates a balancer for endpoints of the given weights.
    package init(weights: [Int]) {
        self.weights = weights
        var total = 0
        sums = weights.map { weight in
            total += weight
            return total
        }
    }

    /// The position of the chosen endpoint; nil if none may be chosen.
    package func choose(_ candidates: Candidates, using random: inout RandomSource) -> Int? {
        guard candidates.isEverything else { return chooseAmong(candidates, using: &random) }
        guard let total = sums.last, total > 0 else { return nil }
        if sums.count == 1 { return 0 }
        let mark = Int.random(in: 0..<total, using: &random)
        var low = 0
        var high = sums.count - 1
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > mark { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func chooseAmong(_ candidates: Candidates, using random: inout RandomSource) -> Int? {
        let total = weights.indices.reduce(0) { candidates.allows($1) ? $0 + weights[$1] : $0 }
        guard total > 0 else { return nil }
        var mark = Int.random(in: 0..<total, using: &random)
        for position in weights.indices where candidates.allows(position) {
            mark -= weights[position]
            if mark < 0 { return position }
        }
        return nil
    }
}
