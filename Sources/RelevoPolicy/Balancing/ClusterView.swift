// What balancers see of a cluster at run time: who may be chosen, with which weight, and how busy each endpoint is.
// Why an endpoint may not be chosen (health, names, drains) is known to who sets the weights, and no matter here.

/// The endpoints of a cluster as numbers, by position. One per worker and cluster, changed in place.
///
/// Endpoints with one `backup` number form a tier. The lowest tier with a usable endpoint serves; the next ones are for
/// requests that have tried all of it.
package struct ClusterView: Sendable {
    /// What an endpoint of weight 1 weighs here, so that a share of a small weight is a whole number too.
    package static let weightScale = 256
    /// The highest weight that is taken over: sums fit 64 bits for any number of endpoints.
    static let maxWeight = 1 << 30

    /// Requests in flight from this worker.
    package var active: [Int]
    /// How long answers took of late.
    package var latencies: [LatencyEstimate]
    /// The weights of the tier that serves; 0 for all others.
    package private(set) var weights: [Int]
    /// Grows with every change of a weight, also of tiers that do not serve.
    package private(set) var generation = 0
    /// The tier that serves; nil if no endpoint is usable.
    private(set) var serving: Int?
    /// The weights of all tiers.
    private var assigned: [Int]
    /// Tiers by position, numbered from 0 without gaps.
    private let tiers: [Int]
    /// How many endpoints of each tier have a weight.
    private var usable: [Int]

    /// Creates a view in which every endpoint is usable and idle.
    ///
    /// - Parameters:
    ///   - weights: As configured, not scaled yet.
    ///   - backups: As configured, 0 for endpoints that serve, n for those in reserve; what is missing counts as 0.
    package init(weights: [Int], backups: [Int]) {
        let backups = weights.indices.map { $0 < backups.count ? backups[$0] : 0 }
        let levels = Set(backups).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: zip(levels, levels.indices))
        active = weights.map { _ in 0 }
        latencies = weights.map { _ in LatencyEstimate() }
        self.weights = active
        assigned = active
        tiers = backups.map { numbers[$0] ?? 0 }
        usable = levels.map { _ in 0 }
        for position in weights.indices {
            let weight = min(max(weights[position], 0), Self.maxWeight / Self.weightScale) * Self.weightScale
            assigned[position] = weight
            if weight > 0 { usable[tiers[position]] += 1 }
        }
        chooseTier()
    }

    /// Creates the view of a cluster in which every endpoint is usable and idle.
    package init(_ cluster: Cluster) {
        self.init(weights: cluster.endpoints.map(\.weight), backups: cluster.endpoints.map(\.backup))
    }

    /// Whether an endpoint of any tier may be chosen.
    package var isAnyUsable: Bool { serving != nil }

    /// Changes what an endpoint weighs, and with it perhaps the tier that serves.
    ///
    /// - Parameters:
    ///   - weight: Scaled already: the weight times ``weightScale`` times the share of a slow start. 0 for an endpoint
    ///     that must not be chosen.
    ///   - position: Any other than one of the cluster's is ignored.
    package mutating func setWeight(_ weight: Int, of position: Int) {
        guard assigned.indices.contains(position) else { return }
        let weight = min(max(weight, 0), Self.maxWeight)
        let earlier = assigned[position]
        guard weight != earlier else { return }
        let tier = tiers[position]
        assigned[position] = weight
        generation += 1
        if earlier == 0 { usable[tier] += 1 }
        if weight == 0 { usable[tier] -= 1 }
        if usable.firstIndex(where: { $0 > 0 }) != serving {
            chooseTier()
        } else if tier == serving {
            weights[position] = weight
        }
    }

    private mutating func chooseTier() {
        serving = usable.firstIndex { $0 > 0 }
        for position in weights.indices { weights[position] = tiers[position] == serving ? assigned[position] : 0 }
    }

    // MARK: For balancers

    /// The lowest tier with an endpoint that a request has not tried; nil if there is none.
    func tier(for request: borrowing BalanceRequest) -> Int? {
        if request.tried.isEmpty { return serving }
        for tier in usable.indices where usable[tier] > 0 {
            if usable[tier] > triedCount(request, in: tier) { return tier }
        }
        return nil
    }

    /// The weight of an endpoint if it belongs to a tier and the request has not tried it, else 0.
    func weight(of position: Int, for request: borrowing BalanceRequest, in tier: Int) -> Int {
        guard tiers[position] == tier, request.tried.isEmpty || !request.tried.contains(position) else { return 0 }
        return assigned[position]
    }

    /// The weight of an endpoint if it belongs to a tier, else 0.
    func weight(of position: Int, in tier: Int) -> Int { tiers[position] == tier ? assigned[position] : 0 }

    /// Requests in flight for what an endpoint of that weight can bear, if it took one more. Equal loads give equal
    /// quotients: the division of a processor is exact to the last bit.
    func load(of position: Int, weight: Int) -> Double { (Double(active[position]) + 1) / Double(weight) }

    /// How many usable endpoints of a tier a request has tried, each counted once.
    private func triedCount(_ request: borrowing BalanceRequest, in tier: Int) -> Int {
        var count = 0
        for index in request.tried.indices {
            let position = request.tried[index]
            guard tiers.indices.contains(position), tiers[position] == tier, assigned[position] > 0 else { continue }
            if !request.tried[..<index].contains(position) { count += 1 }
        }
        return count
    }
}
