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
        }
        check(source.timeouts, at: source.location)
        var endpoints: [Endpoint] = []
        var seen: [EndpointAddress: SourceLocation?] = [:]
        for endpoint in source.endpoints {
            guard let checked = self.endpoint(endpoint, id: set.nextEndpointID()) else { continue }
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

    private mutating func endpoint(_ source: ProxyConfiguration.Endpoint, id: Int) -> Endpoint? {
        if !(0...1000).contains(source.weight) {
            report("endpoint `\(source.address)` has weight \(source.weight)", "0 to 1000", at: source.location)
        }
        do {
            let address = try AddressText.endpoint(source.address)
            return Endpoint(source, id: id, address: address)
        } catch {
            report(error.message, error.suggestion, at: source.location)
            return nil
        }
    }
}
