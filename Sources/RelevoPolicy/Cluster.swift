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
    /// Where it was written.
    package let location: SourceLocation?

    init(id: Int, name: String, endpoints: [Endpoint], balance: BalanceMethod, location: SourceLocation?) {
        self.id = id
        self.name = name
        self.endpoints = endpoints
        self.balance = balance
        self.location = location
    }
}
