// A checked configuration in the form in which requests are served from it.
// Made by SnapshotBuilder only.

/// Everything that workers need to know, immutable and shared by all threads.
///
/// An exchange keeps the snapshot that it started with; a later one does not touch it.
package final class ProxySnapshot: Sendable {
    /// What the snapshot was made from.
    package let configuration: ProxyConfiguration
    /// Where clients are accepted.
    package let listeners: [ListenerSpec]
    /// Which domain and route a request belongs to.
    package let table: RouteTable
    /// All clusters, those written inside domains included, in the order of the configuration.
    package let clusters: [Cluster]
    private let named: [String: Cluster]
    /// The number that the next new endpoint gets.
    let nextEndpointID: Int
    /// Peers whose word about a client is taken.
    package let trustedProxies: TrustedProxies
    /// Bounds on peers.
    package let limits: Limits
    /// Time limits that hold before a route is known, in the form of the request path.
    package let patience: Patience
    /// Things that are allowed but probably not meant.
    package let warnings: [ConfigurationProblem]

    init(
        _ builder: SnapshotBuilder, listeners: [ListenerSpec], table: RouteTable, clusters: ClusterSet,
        trusted: TrustedProxies
    ) {
        configuration = builder.configuration
        limits = configuration.limits
        patience = Patience(configuration.timeouts)
        trustedProxies = trusted
        self.listeners = listeners
        self.table = table
        self.clusters = clusters.all
        named = clusters.named
        nextEndpointID = clusters.nextEndpointID
        warnings = builder.warnings
    }

    /// Time limits that hold before a route is known.
    package var timeouts: Timeouts { configuration.timeouts }

    /// The named cluster.
    package func cluster(named name: String) -> Cluster? { named[name] }

    /// One more than the highest number of a cluster: the size of tables by that number.
    package var clusterSlots: Int { (clusters.map(\.id).max() ?? -1) + 1 }

    /// A table by the number of a cluster, with nil at numbers that no cluster has.
    package func byCluster<Value>(_ value: (Cluster) throws -> Value?) rethrows -> [Value?] {
        var table = [Value?](repeating: nil, count: clusterSlots)
        for cluster in clusters { table[cluster.id] = try value(cluster) }
        return table
    }

    /// Counts for people: `2 listeners, 3 domains, 7 endpoints`.
    package var summary: String {
        func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
        return [
            count(listeners.count, "listener"), count(table.domains.count, "domain"),
            count(clusters.reduce(0) { $0 + $1.endpoints.count }, "endpoint"),
        ].joined(separator: ", ")
    }
}
