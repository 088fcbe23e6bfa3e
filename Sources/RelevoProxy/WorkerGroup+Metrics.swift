// Adds up what the workers have counted, with the names of what it was counted for.
// Whoever asks for it pays for it: workers only copy their numbers.

import CLibevent
package import RelevoPolicy

/// What a group has counted since its start, for what is served now.
package struct GroupMetrics: Sendable {
    /// One domain.
    package struct DomainPart: Sendable {
        /// As it was written; nil for requests of no domain.
        package var name: String?
        /// Its requests.
        package var tally: DomainTally
        /// Its routes with their answers.
        package var routes: [(route: Route, answers: AnswerCounts)]
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
    /// The listeners as configured, in their order.
    package var listeners: [ListenerSpec] = []

    /// Nothing was counted.
    package init() {}
}

extension WorkerGroup {
    /// What has been counted; empty if the proxy has ended, or changes just now.
    package func metrics() async -> GroupMetrics {
        let (reports, ejections) = await ask(control.mailbox, otherwise: ([], [:])) {
            ($0.monitor.reports, $0.monitor.ejections)
        }
        // Numbers of one snapshot mean nothing in another, and a sum without some workers would look like a restart.
        for _ in 0..<5 {
            var parts: [WorkerMetrics] = []
            for worker in workers { if let part = await Self.metrics(of: worker) { parts.append(part) } }
            guard let snapshot = parts.first?.snapshot, parts.count == workers.count else { break }
            guard parts.allSatisfy({ $0.snapshot === snapshot }) else { continue }
            var metrics = GroupMetrics()
            metrics.listeners = snapshot.listeners
            metrics.domains = Self.domains(of: parts, snapshot)
            metrics.clusters = Self.clusters(of: parts, snapshot, reports, ejections)
            return metrics
        }
        return GroupMetrics()
    }

    private static func metrics(of worker: LoopMailbox<Worker>) async -> WorkerMetrics? {
        await withCheckedContinuation { continuation in
            let isPosted = worker.postAlways { continuation.resume(returning: $0.metrics) }
            if !isPosted { continuation.resume(returning: nil) }
        }
    }

    private static func domains(of parts: [WorkerMetrics], _ snapshot: ProxySnapshot) -> [GroupMetrics.DomainPart] {
        let domains: [Domain?] = snapshot.table.domains.map { $0 } + [nil]
        return domains.enumerated().map { number, domain in
            var tally = DomainTally()
            for part in parts { tally.add(part.book.domains[number]) }
            let routes = (domain?.routes ?? []).map { route in
                var answers = AnswerCounts()
                for part in parts { answers.add(part.book.routes[route.number]) }
                return (route: route, answers: answers)
            }
            return .init(name: domain?.written, tally: tally, routes: routes)
        }
    }

    /// Several routes of a domain may have endpoints of their own: these clusters have one name, and count as one.
    private static func clusters(
        of parts: [WorkerMetrics], _ snapshot: ProxySnapshot, _ reports: [EndpointReport], _ ejections: [String: Int]
    ) -> [GroupMetrics.ClusterPart] {
        let byEndpoint = Dictionary(reports.map { ($0.id, $0) }) { first, _ in first }
        let byCluster = Dictionary(grouping: parts.flatMap(\.clusters)) { $0.id }
        var result: [GroupMetrics.ClusterPart] = []
        var places: [String: Int] = [:]
        for cluster in snapshot.clusters {
            let place = places[cluster.name] ?? result.count
            if place == result.count {
                places[cluster.name] = place
                let ejected = ejections[cluster.name] ?? 0
                result.append(.init(name: cluster.name, tally: ClusterTally(), ejections: ejected, endpoints: []))
            }
            let own = byCluster[cluster.id] ?? []
            for part in own { result[place].tally.add(part.tally) }
            for (position, endpoint) in cluster.endpoints.enumerated() {
                guard let report = byEndpoint[endpoint.id] else { continue }
                var tally = EndpointTally()
                for part in own { tally.add(part.endpoints[position]) }
                if let same = result[place].endpoints.firstIndex(where: { $0.report.endpoint == report.endpoint }) {
                    result[place].endpoints[same].tally.add(tally)
                } else {
                    result[place].endpoints.append((report, tally))
                }
            }
        }
        return result
    }
}
