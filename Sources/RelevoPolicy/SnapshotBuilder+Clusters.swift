// Clusters and endpoints of a configuration, checked and numbered.
// The texts of addresses are read in AddressText.

/// The clusters of a snapshot while it is being built.
package struct ClusterSet: Sendable {
    /// All clusters, in the order of the configuration.
    package private(set) var all: [Cluster] = []
    /// Named clusters.
    package private(set) var named: [String: Cluster] = [:]
    /// The number that the next endpoint gets.
    package private(set) var nextEndpointID: Int
    private let previous: [ClusterKey: Cluster]
    private var takenIDs: Set<Int>
    private var ordinals: [String: Int] = [:]

    /// Begins with the clusters that an earlier snapshot has.
    init(after previous: ProxySnapshot?) {
        let clusters = previous?.clusters ?? []
        self.previous = Dictionary(clusters.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        takenIDs = Set(clusters.map(\.id))
        nextEndpointID = previous?.nextEndpointID ?? 0
    }

    mutating func takeEndpointID() -> Int {
        defer { nextEndpointID += 1 }
        return nextEndpointID
    }

    /// The lowest number that neither the earlier snapshot nor this one has given away: what is still under way for a
    /// cluster that goes cannot be taken for another's.
    private mutating func takeClusterID() -> Int {
        let id = (0...).first { !takenIDs.contains($0) } ?? takenIDs.count
        takenIDs.insert(id)
        return id
    }

    /// The cluster of a configuration: that of the earlier snapshot if nothing of it has changed.
    mutating func make(_ source: ProxyConfiguration.Cluster, _ endpoints: [Endpoint]) -> Cluster {
        let key = ClusterKey(name: source.name, ordinal: ordinals[source.name, default: 0])
        ordinals[source.name, default: 0] += 1
        if let same = previous[key], same.source == source.unlocated { return same }
        return Cluster(source, id: takeClusterID(), ordinal: key.ordinal, endpoints: endpoints)
    }

    /// Adds a cluster that routes refer to by its name.
    mutating func add(named cluster: Cluster) {
        named[cluster.name] = cluster
        all.append(cluster)
    }

    /// Adds a cluster that was written inside a domain.
    mutating func add(inline cluster: Cluster) { all.append(cluster) }
}

extension SnapshotBuilder {
    mutating func clusters(after previous: ProxySnapshot?) -> ClusterSet {
        var set = ClusterSet(after: previous)
        for source in configuration.clusters {
            if let earlier = set.named[source.name] {
                report(
                    "cluster `\(source.name)` is there twice", firstAt(earlier.location),
                    at: source.location)
                continue
            }
            let cluster = cluster(source, in: &set)
            set.add(named: cluster)
        }
        return set
    }

    mutating func cluster(_ source: ProxyConfiguration.Cluster, in set: inout ClusterSet) -> Cluster {
        if source.endpoints.isEmpty {
            report("cluster `\(source.name)` has no endpoints", at: source.location)
        } else if source.endpoints.allSatisfy({ $0.weight == 0 }) {
            report("all endpoints of `\(source.name)` have weight 0", "give one a weight", at: source.location)
        } else if source.endpoints.allSatisfy({ $0.backup > 0 }) {
            report(
                "all endpoints of `\(source.name)` are backups", "leave `backup` out where requests usually go",
                at: source.location)
        }
        check(source.timeouts, at: source.location)
        checkSettings(of: source)
        var endpoints: [Endpoint] = []
        var seen: [EndpointAddress: SourceLocation?] = [:]
        for endpoint in source.endpoints {
            guard let checked = self.endpoint(endpoint, of: source, id: set.takeEndpointID()) else { continue }
            if let earlier = seen[checked.address] {
                report(
                    "endpoint `\(checked.text)` is in `\(source.name)` twice",
                    firstAt(earlier) ?? "use weights", at: endpoint.location)
            }
            seen[checked.address] = .some(endpoint.location)
            endpoints.append(checked)
        }
        return set.make(source, endpoints)
    }

    private mutating func checkSettings(of cluster: ProxyConfiguration.Cluster) {
        for problem in ClusterRules.problems(of: cluster) {
            report(
                "`\(problem.path.joined(separator: "."))` of `\(cluster.name)` \(problem.message)", problem.suggestion,
                at: cluster.location)
        }
        let isLimited =
            cluster.maxRequests != nil || cluster.concurrency != nil || cluster.adaptiveLimit != nil
            || cluster.endpoints.contains { $0.maxRequests != nil }
        if cluster.queue != QueueSettings(), cluster.queue.length > 0, !isLimited {
            warnings.append(
                ConfigurationProblem(
                    "nothing ever waits in the `queue` of `\(cluster.name)`: its endpoints have no limit",
                    suggestion: "set `max_requests` or `concurrency`", location: cluster.location))
        }
        if let retry = cluster.retry, retry.attempts == 1, !retry.statuses.isEmpty {
            warnings.append(
                ConfigurationProblem(
                    "the `retry.statuses` of `\(cluster.name)` mean nothing: `attempts` is 1",
                    suggestion: "write `attempts: 2` or more", location: cluster.location))
        }
        warnOfTLS(of: cluster)
    }

    private mutating func warnOfTLS(of cluster: ProxyConfiguration.Cluster) {
        let plain = cluster.endpoints.first { !$0.wantsTLS }
        guard cluster.endpoints.contains(where: \.wantsTLS) else { return }
        if !cluster.tls.verifies {
            warnings.append(
                ConfigurationProblem(
                    "`tls.verify` of `\(cluster.name)` is off: whoever is in the way of its endpoints can read and "
                        + "change everything",
                    suggestion: "name the file of their authority as `ca`",
                    location: cluster.tls.location ?? cluster.location))
        }
        guard let plain else { return }
        warnings.append(
            ConfigurationProblem(
                "endpoint `\(plain.address)` of `\(cluster.name)` is spoken to without TLS, others with it",
                suggestion: Self.secured(plain.address), location: plain.location ?? cluster.location))
    }

    private static func secured(_ address: String) -> String {
        guard !address.hasPrefix("unix:"), !address.hasPrefix("srv:") else {
            return "write `tls: on` beside its address"
        }
        return "write `https://\(address.hasPrefix("http://") ? String(address.dropFirst(7)) : address)`"
    }

    private mutating func endpoint(
        _ source: ProxyConfiguration.Endpoint, of cluster: ProxyConfiguration.Cluster, id: Int
    ) -> Endpoint? {
        if !(0...1000).contains(source.weight) {
            report("endpoint `\(source.address)` has weight \(source.weight)", "0 to 1000", at: source.location)
        }
        if !ClusterRules.backups.contains(source.backup) {
            report("endpoint `\(source.address)` has backup \(source.backup)", "0 to 9", at: source.location)
        }
        if let limit = source.maxRequests, !ClusterRules.requests.contains(limit) {
            let bounds = "\(ClusterRules.requests.lowerBound) to \(ClusterRules.requests.upperBound)"
            report("endpoint `\(source.address)` has max_requests \(limit)", bounds, at: source.location)
        }
        do {
            let address = try AddressText.endpoint(source.address, tls: source.tls)
            return Endpoint(source, id: id, address: address, of: cluster)
        } catch {
            report(error.message, error.suggestion, at: source.location)
            return nil
        }
    }
}
