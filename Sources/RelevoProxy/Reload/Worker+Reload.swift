// A worker goes over to another snapshot, between two events and without a pause: what has not changed is left alone,
// what has changed takes over what fits, and requests that run go on with what they began with.
// What changes is found by ReloadPlan, the steps of all threads are in WorkerGroup+Reload.

import CLibevent
import RelevoHTTP
import RelevoPolicy

extension Worker {
    /// Serves another snapshot from now on.
    /// - Returns: exchanges that run on with what is gone, and end when the time for that is over at the latest.
    func take(_ generation: Generation) -> Int {
        guard !hasEnded else { return 0 }
        tallies = TallyBook(generation.snapshot.table, after: (tallies, snapshot.table))
        let configuration = generation.snapshot.configuration
        if configuration.recent != snapshot.configuration.recent { recent.change(to: configuration) }
        snapshot = generation.snapshot
        headLimits = HeadLimits(snapshot.limits)
        maxConnections = generation.maxConnections
        epoch = generation.epoch
        replaceClusters(generation)
        resolved(generation.targets)
        for (cluster, standings) in generation.standings { standingsChanged(cluster: cluster, standings) }
        // Who still waits in the queue of a listener that is gone is served by the new snapshot.
        open(generation.entrances)
        for connection in connections where !connection.isLeaving && !isOpen(connection.door) {
            connection.drain(.patient)
            cutOffLater(connection, within: snapshot.timeouts.drain) { $0.cutOff() }
        }
        return connections.reduce(0) { $0 + ($1.mayStay(in: snapshot) ? 0 : letLeave($1)) }
    }

    private func replaceClusters(_ generation: Generation) {
        let place = place(snapshot, generation.capacities, generation.clusterTLS)
        let before = clusters.compactMap(\.self)
        let earlier = Dictionary(before.map { ($0.cluster.key, $0) }, uniquingKeysWith: { first, _ in first })
        clusters = snapshot.byCluster { cluster in
            guard let state = earlier[cluster.key] else { return ClusterState(cluster, place) }
            guard state.cluster === cluster else { return ClusterState(cluster, place, after: state) }
            state.renew(place)
            return state
        }
        let kept = Set(clusters.compactMap(\.self).flatMap(\.endpoints).map { ObjectIdentifier($0) })
        for old in before where !clusters.contains(where: { $0 === old }) {
            old.retire(keeping: kept)
            leavingClusters.append(old)
        }
        tendLeavingClusters()
    }

    /// Those who wait in the line of a cluster that is gone are still called and refused in time. Called at each tick.
    func tendLeavingClusters() {
        for cluster in leavingClusters { cluster.tendLine(now: loop.now.nanoseconds) }
        leavingClusters.removeAll { !$0.isAnyWaitingHere }
    }

    /// Ends an exchange later, if it still runs then and its route has not come back.
    /// - Returns: 1, for counting.
    private func letLeave(_ connection: ClientConnection) -> Int {
        let number = connection.requestCount
        cutOffLater(connection, within: snapshot.timeouts.drain) {
            // It may be another by now, and the route may be back.
            if $0.requestCount == number, !$0.mayStay(in: $0.worker.snapshot) { $0.cutOffIfExchanging() }
        }
        return 1
    }

    /// Ends a connection, or what runs on it, in the second half of a time, if it is still there then. Each has its own
    /// moment, so that not all clients come back at the same one.
    func cutOffLater(
        _ connection: ClientConnection, within limit: Duration, cutOff: @escaping (ClientConnection) -> Void
    ) {
        let patience = limit.wholeNanoseconds
        let wait = UInt64.random(in: patience / 2...patience, using: &random)
        let deadline = Deadline()
        deadline.onExpired = { [weak connection] in connection.map(cutOff) }
        wheel.set(deadline, at: loop.now.advanced(by: wait))
    }
}

extension ClientConnection {
    /// Whether what runs on the connection would be let in and answered from the same place by another snapshot.
    func mayStay(in snapshot: ProxySnapshot) -> Bool {
        guard let exchange = currentExchange else { return true }
        return !isLeaving && exchange.mayStay(in: snapshot)
    }

    /// Ends the connection if an exchange runs on it.
    func cutOffIfExchanging() {
        if currentExchange != nil { cutOff() }
    }
}

extension Exchange {
    /// Whether the request would go to the same endpoint by another snapshot.
    ///
    /// A hook is not asked again: what it has sent somewhere stays while that cluster has the endpoint.
    func mayStay(in snapshot: ProxySnapshot) -> Bool {
        guard let cluster, let target else { return true }
        guard let now = snapshot.clusters.first(where: { $0.key == cluster.cluster.key }),
            now.endpoints.contains(where: {
                $0.text == target.endpoint.text && $0.serverName == target.endpoint.serverName
            })
        else { return false }
        guard worker.hook == nil, !request.target.isEmpty else { return true }
        let query = RouteQuery(
            host: request.authority.host[...], path: request.pathBytes, method: request.methodBytes)
        guard case .matched(_, let route) = snapshot.table.decide(query), case .cluster(let chosen) = route.target
        else { return false }
        return chosen.key == now.key
    }
}
