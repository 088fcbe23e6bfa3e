// How a cluster's endpoints are chosen, in words, for `relevo explain`.
// Says what holds before any traffic: who is healthy or busy is not known here.

/// What is said of a cluster and its endpoints.
enum BalanceText {
    /// For each endpoint its share of the requests, of the keys or of the new clients; where load decides, its weight.
    static func parts(of cluster: Cluster) -> [String] {
        let serving = serving(cluster)
        let total = serving.reduce(0) { $0 + $1.weight }
        return cluster.endpoints.map { endpoint in
            if let first = serving.first, endpoint.backup > first.backup { return "in reserve (\(endpoint.backup))" }
            let share = endpoint.weight > 0 ? endpoint.weight * 1000 / max(total, 1) : 0
            let percentage = "\(share / 10).\(share % 10) %"
            return switch cluster.balance {
            case .random, .roundRobin: percentage
            case .hash: percentage + " of keys"
            case .sticky: percentage + " of new clients"
            case .leastRequests, .powerOfTwo, .latency: "weight \(endpoint.weight)"
            }
        }
    }

    /// Which of the endpoints a request goes to.
    static func outcome(of cluster: Cluster) -> String {
        let count = serving(cluster).count
        let others = cluster.endpoints.count { $0.weight > 0 } > count
        let reserve = others ? "; while none can be had, to one in reserve" : ""
        guard count > 1 else {
            return "goes to the one endpoint of `\(cluster.name)`\(others ? " that serves" : "")\(reserve)"
        }
        return "goes to one of \(count) endpoints of `\(cluster.name)`, \(rule(cluster.balance));"
            + " if it refuses, to another\(reserve)"
    }

    /// Those of the lowest number that have a weight.
    static func serving(_ cluster: Cluster) -> [Endpoint] {
        let usable = cluster.endpoints.filter { $0.weight > 0 }
        let first = usable.lazy.map(\.backup).min()
        return usable.filter { $0.backup == first }
    }

    private static func rule(_ method: BalanceMethod) -> String {
        switch method {
        case .random: "chosen at random by weight"
        case .roundRobin: "taken in turn by weight, in an order of each worker's own"
        case .leastRequests: "the one with the fewest requests in flight for its weight"
        case .powerOfTwo:
            "of two chosen at random by weight the one with fewer requests in flight for its weight"
        case .latency:
            "of two chosen at random by weight the one that has answered sooner of late, for its requests in flight"
        case .hash(let source):
            "the same for the same \(name(source)) unless it has more than its share to do, else at random by weight"
        case .sticky(let cookie): "the one that the cookie `\(cookie.name)` names, else chosen at random by weight"
        }
    }

    private static func name(_ source: HashSource) -> String {
        switch source {
        case .header(let name): "value of the field `\(name)`"
        case .cookie(let name): "value of the cookie `\(name)`"
        case .client: "address of the client"
        case .path: "path"
        }
    }
}
