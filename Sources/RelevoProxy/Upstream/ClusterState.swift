// What a worker knows about a cluster at run time: the states of its endpoints, and whose turn it is.
// Configuration is Cluster's matter, how one is chosen the balancers'.

import CLibevent
import RelevoPolicy

/// The runtime state of one cluster in one worker. Confined to the worker's thread.
final class ClusterState {
    /// The cluster as configured.
    let cluster: Cluster
    /// In the order of the cluster's endpoints.
    let endpoints: [EndpointState]
    private var balancer: Balancer
    /// What the balancer knows of the endpoints. One without an address has no weight here.
    private var view: ClusterView

    /// Creates the state, with a pool of at most `idleLimit` connections for each endpoint.
    init(_ cluster: Cluster, loop: EventLoop, wheel: DeadlineWheel, idleLimit: Int) {
        self.cluster = cluster
        balancer = Balancer(cluster)
        view = ClusterView(cluster)
        endpoints = cluster.endpoints.map {
            EndpointState($0, pool: UpstreamPool(loop: loop, wheel: wheel, limit: idleLimit))
        }
        usabilityChanged()
    }

    /// Whether an endpoint can be tried at all.
    var isAnyUsable: Bool { endpoints.contains(where: \.isUsable) }

    /// Takes the addresses that an endpoint's name has now.
    func resolved(_ id: Int, to addresses: [SocketAddress]) {
        for state in endpoints where state.endpoint.id == id { state.resolved(to: addresses) }
        usabilityChanged()
    }

    /// The position of an endpoint that was not tried yet.
    func choose(tried: [Int], using random: inout RandomSource) -> Int? {
        balancer.choose(view, BalanceRequest(tried: tried), using: &random)
    }

    private func usabilityChanged() {
        for (position, state) in endpoints.enumerated() {
            let weight = state.isUsable ? state.endpoint.weight * ClusterView.weightScale : 0
            view.setWeight(weight, of: position)
        }
    }
}

@available(*, unavailable)
extension ClusterState: Sendable {}
