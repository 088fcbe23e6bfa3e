// A group of endpoints of a snapshot.
// How one of them is chosen: Balancing/.

/// A group of endpoints that answer alike.
package final class Cluster: Sendable {
    /// Its number in the snapshot, from 0 without gaps.
    package let id: Int
    /// Its name in routes, logs and metrics; the domain's name for clusters written inside a domain.
    package let name: String
    /// Its endpoints, in the order written; never empty.
    package let endpoints: [Endpoint]
    /// How one of them is chosen.
    package let balance: BalanceMethod
    /// Which keys belong to which endpoint; nil if it is not balanced by keys.
    package let maglev: MaglevTable?
    /// How its endpoints are asked whether they are well; nil for not.
    package let health: HealthCheck?
    /// When an endpoint is taken out of service because of how it serves; nil for never.
    package let ejection: Ejection?
    /// The time in which an endpoint that has recovered comes back to its full weight; nil for at once.
    package let slowStart: Duration?
    /// Time limits that differ for this cluster.
    package let timeouts: TimeoutOverrides
    /// Where it was written.
    package let location: SourceLocation?

    init(_ source: ProxyConfiguration.Cluster, id: Int, endpoints: [Endpoint]) {
        self.id = id
        name = source.name
        self.endpoints = endpoints
        balance = source.balance
        if case .hash = source.balance { maglev = MaglevTable(endpoints) } else { maglev = nil }
        health = source.health
        ejection = source.ejection
        slowStart = source.slowStart
        timeouts = source.timeouts
        location = source.location
    }
}
