// The same endpoint for the same key, within reason.
// Where keys come from: HashKey. How endpoints are spread over keys: MaglevTable.

/// Chooses the endpoint that a key belongs to. If it cannot be had, or has more than its share to do, the key is hashed
/// again, and again: so only its own keys move, and they are spread over all others.
///
/// All workers and all proxies with the same endpoints choose alike, but for what they have in flight.
struct HashBalancer: Sendable {
    /// Places of the table that are looked at before endpoints are ranked one by one: enough as long as most of them
    /// are there.
    private static let probeLimit = 32

    /// Of no endpoints if the cluster is balanced in another way.
    private let table: MaglevTable
    private var dice = WeightedDice()

    init(_ table: MaglevTable?) { self.table = table ?? MaglevTable([]) }

    mutating func choose(
        _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int,
        using random: inout RandomSource
    ) -> Int? {
        guard let key = request.key, table.count == view.weights.count else {
            return dice.pick(view, request, in: tier, using: &random)
        }
        var known: LoadBound?
        // The table has the first tier only.
        for probe in 0..<(tier == 0 ? Self.probeLimit : 0) {
            let hash = RandomSource.mixed(key &+ UInt64(truncatingIfNeeded: probe) &* RandomSource.step)
            guard let position = table.position(of: hash) else { break }
            let weight = view.weight(of: position, for: request, in: tier)
            guard weight > 0, table.keeps(hash, at: position, weight: weight) else { continue }
            // Without a request in flight no endpoint is above any bound: the usual case needs no sums.
            let active = view.active[position]
            if active <= 0 { return position }
            let bound = known ?? LoadBound(view, in: tier)
            known = bound
            if bound.allows(active, weight: weight) { return position }
        }
        return rank(key, view, request, in: tier)
    }

    /// The endpoint with the highest rank for a key among those that are left, within their bound if one is. Each key
    /// ranks endpoints in an order of its own (weighted rendezvous hashing), so that here as well only keys move that
    /// have to.
    private func rank(
        _ key: UInt64, _ view: borrowing ClusterView, _ request: borrowing BalanceRequest, in tier: Int
    ) -> Int? {
        let bound = LoadBound(view, in: tier)
        var best: (position: Int, distance: Double, isAbove: Bool)?
        for position in view.weights.indices {
            let weight = view.weight(of: position, for: request, in: tier)
            guard weight > 0 else { continue }
            let distance = table.distance(of: key, from: position) / Double(weight)
            let isAbove = !bound.allows(view.active[position], weight: weight)
            if let best, best.isAbove == isAbove ? best.distance <= distance : isAbove { continue }
            best = (position, distance, isAbove)
        }
        return best?.position
    }
}

/// How many requests in flight an endpoint may have beside the others (consistent hashing with bounded loads).
struct LoadBound: BitwiseCopyable {
    /// How far above its share an endpoint may be.
    private static let slack = 1.25

    /// What all endpoints may have together.
    private let load: Double
    private let weight: Double

    init(_ view: borrowing ClusterView, in tier: Int) {
        var active = 0.0
        var total = 0
        for position in view.weights.indices {
            let weight = view.weight(of: position, in: tier)
            guard weight > 0 else { continue }
            active += Double(view.active[position])
            total += weight
        }
        load = Self.slack * (active + 1)
        weight = Double(total)
    }

    /// Whether an endpoint with so many requests in flight may be given another: not if they are more than its part of
    /// the load, rounded up.
    func allows(_ active: Int, weight: Int) -> Bool {
        Double(active) - 1 < load * Double(weight) / self.weight
    }
}
