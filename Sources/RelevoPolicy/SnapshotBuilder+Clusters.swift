// Clusters and endpoints of a configuration, checked and numbered.
// The texts of addresses are read in AddressText.

/// The clusters of a snapshot while it is being built.
package struct ClusterSet: Sendable {
    /// All clusters; a cluster's id is its index.
    package private(set) var all: [Cluster] = []
    /// Named clusters.
    package private(set) var ids: [String: Int] = [:]
    /// Endpoints numbered so far.
    package private(set) var endpointCount = 0

    mutating func nextEndpointID() -> Int {
        defer { endpointCount += 1 }
        return endpointCount
    }

    /// Adds a cluster that routes refer to by its name.
    mutating func add(named cluster: Cluster) {
        ids[cluster.name] = cluster.id
        all.append(cluster)
    }

    /// Adds a cluster that was written inside a domain.
    mutating func add(inline cluster: Cluster) { all.append(cluster) }
}

extension SnapshotBuilder {
    mutating func clusters() -> ClusterSet {
        var set = ClusterSet()
        for source in configuration.clusters {
            if let earlier = set.ids[source.name] {
                report(
                    "cluster `\(source.name)` is there twice", firstAt(set.all[earlier].location),
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
            guard let checked = self.endpoint(endpoint, of: source, id: set.nextEndpointID()) else { continue }
            if let earlier = seen[checked.address] {
                report(
                    "endpoint `\(checked.text)` is in `\(source.name)` twice",
                    firstAt(earlier) ?? "use weights", at: endpoint.location)
            }
            seen[checked.address] = .some(endpoint.location)
            endpoints.append(checked)
        }
        return Cluster(source, id: set.all.count, endpoints: endpoints)
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
            let address = try AddressText.endpoint(source.address)
            return Endpoint(source, id: id, address: address, of: cluster)
        } catch {
            report(error.message, error.suggestion, at: source.location)
            return nil
        }
    }
}
