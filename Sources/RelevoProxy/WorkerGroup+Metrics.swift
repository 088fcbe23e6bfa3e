// Adds up what the workers have counted, with the names of what it was counted for.
// Whoever asks for it pays for it: workers only copy their numbers.

import CLibevent
import RelevoPolicy

/// What a group has counted since its start, for what is served now.
package struct GroupMetrics: Sendable {
    /// One domain.
    package struct DomainPart: Sendable {
        /// As it was written; nil for requests of no domain.
        package var name: String?
        /// Its requests.
        package var tally: DomainTally
        /// Its routes with their answers.
        package var routes: [(text: String, answers: AnswerCounts)]
    }

    /// One cluster.
    package struct ClusterPart: Sendable {
        /// Its name.
        package var name: String
        /// Its connections.
        package var tally: ClusterTally
        /// Endpoints that were ejected.
        package var ejections: Int
        /// In the order of the configuration.
        package var endpoints: [(report: EndpointReport, tally: EndpointTally)]
    }

    /// In the order of the configuration, and requests of no domain at the end.
    package var domains: [DomainPart] = []
    /// In the order of the configuration.
    package var clusters: [ClusterPart] = []

    /// Nothing was counted.
    package init() {}
}

extension WorkerGroup {
    /// What has been counted; empty if the proxy has ended.
    package func metrics() async -> GroupMetrics {
        let (reports, ejections) = await ask(control.mailbox, otherwise: ([], [:])) {
            ($0.monitor.reports, $0.monitor.ejections)
        }
        var parts: [WorkerMetrics] = []
        for worker in workers {
            if let part: WorkerMetrics = await ask(worker, otherwise: nil, { $0.metrics }) { parts.append(part) }
        }
        // Between two snapshots numbers are not comparable: those who are behind are left out this once.
        guard let snapshot = parts.last?.snapshot else { return GroupMetrics() }
        return Self.sum(parts.filter { $0.snapshot === snapshot }, snapshot, reports, ejections)
    }

    private static func sum(
        _ parts: [WorkerMetrics], _ snapshot: ProxySnapshot, _ reports: [EndpointReport], _ ejections: [String: Int]
    ) -> GroupMetrics {
        var metrics = GroupMetrics()
        let domains: [Domain?] = snapshot.table.domains.map { $0 } + [nil]
        for (number, domain) in domains.enumerated() {
            var tally = DomainTally()
            for part in parts { tally.add(part.book.domains[number]) }
            let routes = (domain?.routes ?? []).map { route in
                var answers = AnswerCounts()
                for part in parts { answers.add(part.book.routes[route.number]) }
                return (text: route.text, answers: answers)
            }
            metrics.domains.append(.init(name: domain?.written, tally: tally, routes: routes))
        }
        let byEndpoint = Dictionary(reports.map { ($0.id, $0) }) { first, _ in first }
        let byCluster = Dictionary(grouping: parts.flatMap(\.clusters)) { $0.id }
        for cluster in snapshot.clusters {
            var tally = ClusterTally()
            var endpoints = cluster.endpoints.map { _ in EndpointTally() }
            for part in byCluster[cluster.id] ?? [] {
                tally.add(part.tally)
                for (index, own) in part.endpoints.enumerated() { endpoints[index].add(own) }
            }
            metrics.clusters.append(
                .init(
                    name: cluster.name, tally: tally, ejections: ejections[cluster.name] ?? 0,
                    endpoints: zip(cluster.endpoints, endpoints).compactMap { endpoint, tally in
                        byEndpoint[endpoint.id].map { ($0, tally) }
                    }))
        }
        return metrics
    }
}
