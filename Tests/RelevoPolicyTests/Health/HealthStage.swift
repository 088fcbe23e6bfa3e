// A cluster's health on a stage: endpoints 10.0.0.1:80, 10.0.0.2:80, …, a virtual clock and the news so far.
// No tests here.

@testable import RelevoPolicy

let second: UInt64 = 1_000_000_000

/// A cluster called `api`.
func healthCluster(
    _ count: Int, check: HealthCheck? = nil, ejection: Ejection? = nil, weights: [Int] = [], first: Int = 1
) -> Cluster {
    var source = ProxyConfiguration.Cluster("api", endpoints: [])
    source.health = check
    source.ejection = ejection
    let endpoints = (0..<count).map { position in
        let host = "10.0.0.\(position + first)"
        let weight = position < weights.count ? weights[position] : 1
        return Endpoint(.init(host, weight: weight), id: position, address: .literal(host, port: 80), of: source)
    }
    return Cluster(source, id: 0, endpoints: endpoints)
}

extension HealthCheck {
    /// A check with the default rise of 2 and fall of 3.
    static var usual: HealthCheck { HealthCheck() }

    /// The same, for endpoints that are out until a check passes.
    static var wary: HealthCheck {
        var check = HealthCheck()
        check.startsUp = false
        return check
    }
}

extension Ejection {
    /// Ejections by failures in a row alone.
    static var byStreak: Ejection {
        var ejection = Ejection()
        ejection.rate = 0
        return ejection
    }

    /// Ejections by the rate of failures alone.
    static var byRate: Ejection {
        var ejection = Ejection()
        ejection.consecutive = 0
        return ejection
    }
}

struct HealthStage {
    var health: ClusterHealth
    var now: UInt64 = 1000 * second
    var news: [HealthChange] = []

    init(_ cluster: Cluster) { health = ClusterHealth(cluster, now: now) }

    /// The conditions by position, one word each.
    var conditions: [String] { health.standings.map(\.state.name) }
    /// The positions that may get requests.
    var available: [Int] { health.standings.indices.filter { health.standings[$0].isAvailable } }
    /// What was told last.
    var lastText: String { news.last?.text ?? "" }

    /// Lets time pass; ejections end.
    mutating func pass(seconds: Double) {
        now += UInt64(seconds * Double(second))
        news += health.elapsed(now: now)
    }

    mutating func checksPass(_ position: Int, _ times: Int = 1) {
        for _ in 0..<times { news += health.checked(position, .passed, now: now) }
    }

    mutating func checksFail(_ position: Int, _ times: Int = 1, _ reason: String = "no answer within 1s") {
        for _ in 0..<times { news += health.checked(position, .failed(reason), now: now) }
    }

    /// A worker reports successes and then failures.
    mutating func serves(_ position: Int, well: Int = 0, badly: Int = 0, _ fault: Fault = .connectRefused) {
        var tally = OutcomeTally()
        for _ in 0..<well { tally.succeeded() }
        for _ in 0..<badly { tally.failed(.fault(fault)) }
        news += health.served(position, tally.take(), now: now)
    }

    mutating func order(_ position: Int, _ order: EndpointOrder) {
        news += health.ordered(position, order, now: now)
    }
}
