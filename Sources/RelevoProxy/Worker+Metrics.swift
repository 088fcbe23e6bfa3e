// What a worker counts of domains, routes, clusters and endpoints, and what it tells of that.
// Adding up what several workers tell: WorkerGroup+Metrics.

import CLibevent
import RelevoPolicy

/// What one worker has counted, as it is at one moment. Any thread.
struct WorkerMetrics: Sendable {
    /// One cluster's part.
    struct ClusterPart: Sendable {
        /// The cluster's number.
        var id: Int
        var tally: ClusterTally
        /// In the order of the cluster's endpoints.
        var endpoints: [EndpointTally]
    }

    /// What is served: numbers are those of this snapshot.
    var snapshot: ProxySnapshot
    var book: TallyBook
    /// In the order of the clusters' numbers.
    var clusters: [ClusterPart]
}

extension Worker {
    /// Counts an exchange that is over.
    func count(_ exchange: Exchange) {
        let record = exchange.record
        var (domain, route) = (exchange.domain?.number, exchange.routeNumber)
        if exchange.snapshot !== snapshot {
            // It began with another snapshot, which had other numbers.
            let same = exchange.domain.flatMap { old in snapshot.table.domains.first { $0.name == old.name } }
            (domain, route) = (same?.number, nil)
        }
        tallies.count(record, domain: domain, route: route, now: exchange.now)
        guard let cluster = exchange.cluster else { return }
        if exchange.history.isUsed { cluster.tally.retries += exchange.history.failures.count }
        if !record.upstreamReused, let began = record.connectBegan, let connected = record.connected {
            cluster.tally.connect.add(connected.nanoseconds(since: began))
        }
    }

    /// What has been counted.
    var metrics: WorkerMetrics {
        WorkerMetrics(
            snapshot: snapshot, book: tallies,
            clusters: clusters.compactMap { state in
                state.map { WorkerMetrics.ClusterPart(id: $0.cluster.id, tally: $0.tally, endpoints: $0.tallies) }
            })
    }
}

extension ClusterState {
    /// What was counted of its endpoints, and how many connections and requests they have now.
    fileprivate var tallies: [EndpointTally] {
        endpoints.map { endpoint in
            var tally = endpoint.tally
            (tally.idle, tally.active) = (endpoint.pool.count, endpoint.active)
            return tally
        }
    }
}
