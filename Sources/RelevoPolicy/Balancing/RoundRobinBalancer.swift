// In turn, by weight, without bursts.
// Each worker takes turns of its own; they do not agree on a common order.

/// Smooth weighted round robin: each turn every candidate gains its weight, the richest is chosen and pays the total.
struct RoundRobinBalancer: Sendable {
    private var credits: [Int] = []
    /// The weights of all together when the credits were last put in order: what a turn costs.
    private var price = 0
    private var generation: Int?

    mutating func choose(_ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int) -> Int? {
        if generation != view.generation { adjust(view) }
        var best: Int?
        var most = Int.min
        var total = 0
        for position in credits.indices {
            let weight = view.weight(of: position, for: request, in: tier)
            guard weight > 0 else { continue }
            let credit = credits[position] + weight
            credits[position] = credit
            total += weight
            if credit > most {
                most = credit
                best = position
            }
        }
        if let best { credits[best] -= total }
        return best
    }

    /// After a change of weights everybody keeps the turns that are due, not the sums: these are worth more or less
    /// now. Who was out begins in the middle, neither with all missed turns at once nor behind all others.
    private mutating func adjust(_ view: borrowing ClusterView) {
        generation = view.generation
        var total = 0
        var count = 0
        for weight in view.weights where weight > 0 {
            total += weight
            count += 1
        }
        if credits.count != view.weights.count { credits = view.weights.map { _ in 0 } }
        let limit = Double(total)
        let scale = price > 0 ? limit / Double(price) : 0
        var sum = 0
        for position in credits.indices {
            let scaled = view.weights[position] > 0 ? Double(credits[position]) * scale : 0
            credits[position] = Int(min(max(scaled, -limit), limit))
            sum += credits[position]
        }
        price = total
        guard count > 0 else { return }
        for position in credits.indices where view.weights[position] > 0 { credits[position] -= sum / count }
    }
}
