// What a worker hears of endpoints from the control loop and from other workers, and what it tells of them.
// Who is asked, and what follows from it, is decided in ClusterState and RelevoPolicy.

import CLibevent
import RelevoPolicy

extension Worker {
    /// An endpoint's name leads somewhere else than before.
    func resolved(_ targets: [Int: [NameTarget]]) {
        for case let cluster? in clusters { cluster.resolved(targets) }
    }

    /// The control loop has news about the endpoints of a cluster.
    func standingsChanged(cluster id: Int, _ standings: [EndpointStanding]) {
        guard clusters.indices.contains(id) else { return }
        clusters[id]?.standingsChanged(standings, now: MonotonicTime.now.nanoseconds)
    }

    /// Requests in flight of each endpoint that has any, by the endpoint's number.
    var activeRequests: [Int: Int] {
        var counts: [Int: Int] = [:]
        for case let cluster? in clusters {
            for endpoint in cluster.endpoints where endpoint.active > 0 {
                counts[endpoint.endpoint.id] = endpoint.active
            }
        }
        return counts
    }

    /// Another worker has given a place back.
    func placeIsFree(inCluster id: Int) {
        if clusters.indices.contains(id) { clusters[id]?.callNext(1) }
    }
}
