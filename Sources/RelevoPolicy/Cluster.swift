// A group of endpoints of a snapshot.
// How one of them is chosen: Balancing/.

/// Which cluster of a configuration it is: clusters written inside domains may share a name.
package struct ClusterKey: Sendable, Hashable {
    /// The cluster's name.
    package let name: String
    /// How many of the same name come before it.
    package let ordinal: Int
}

/// A group of endpoints that answer alike.
package final class Cluster: Sendable {
    /// Its number in the snapshot: an index for tables of runtime state, which may have gaps.
    package let id: Int
    /// What it is called by beside all others.
    package let key: ClusterKey
    /// What it was made from, without places.
    let source: ProxyConfiguration.Cluster
    /// Its name in routes, logs and metrics; the domain's name for clusters written inside a domain.
    package let name: String
    /// Its endpoints, in the order written; never empty.
    package let endpoints: [Endpoint]
    /// How one of them is chosen.
    package let balance: BalanceMethod
    /// Which keys belong to which endpoint; nil if it is not balanced by keys.
    package let maglev: MaglevTable?
    /// Whether and how endpoints are asked whether they are well; nil for not.
    package let health: HealthCheck?
    /// When an endpoint is taken out of service because of how it serves; nil for never.
    package let ejection: Ejection?
    /// When a request is sent again; nil for never.
    package let retry: RetrySettings?
    /// The time in which an endpoint that has recovered comes back to its full weight; nil for at once.
    package let slowStart: Duration?
    /// How long a request waits for any endpoint while all refuse connections; nil for not at all.
    package let hold: Duration?
    /// Requests in flight that each endpoint is given at most; nil for no limit. ``Endpoint/maxRequests`` has taken it
    /// into account.
    package let maxRequests: Int?
    /// Requests in flight of all endpoints together; nil for no limit.
    package let concurrency: Int?
    /// A limit on those that follows the cluster's latency; nil for none.
    package let adaptiveLimit: AdaptiveLimit?
    /// Who waits when endpoints are at their limit.
    package let queue: QueueSettings
    /// How endpoints are spoken to by TLS; nil if none is.
    package let tls: ClusterTLS?
    /// The header with which each connection to an endpoint begins; nil for none.
    package let proxyProtocol: ProxyProtocolVersion?
    /// Time limits that differ for this cluster.
    package let timeouts: TimeoutOverrides
    /// Where it was written.
    package let location: SourceLocation?

    init(_ source: ProxyConfiguration.Cluster, id: Int, ordinal: Int = 0, endpoints: [Endpoint]) {
        self.id = id
        key = ClusterKey(name: source.name, ordinal: ordinal)
        self.source = source.unlocated
        name = source.name
        self.endpoints = endpoints
        balance = source.balance
        if case .hash = source.balance { maglev = MaglevTable(endpoints) } else { maglev = nil }
        health = source.health
        ejection = source.ejection
        retry = source.retry
        slowStart = source.slowStart
        hold = source.hold
        maxRequests = source.maxRequests
        concurrency = source.concurrency
        adaptiveLimit = source.adaptiveLimit
        queue = source.queue
        tls = endpoints.contains { $0.serverName != nil } ? source.tls : nil
        proxyProtocol = source.proxyProtocol
        timeouts = source.timeouts
        location = source.location
    }

    /// Whether connections to endpoints that both have begin alike, so that one may use those of the other.
    package func opensConnections(as other: Cluster) -> Bool {
        tls == other.tls && proxyProtocol == other.proxyProtocol
    }
}
