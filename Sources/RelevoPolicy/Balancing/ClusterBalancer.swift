// A cluster's view and its balancer in one value, as a worker keeps them.
// Decides nothing itself.

/// Chooses among the endpoints of one cluster as they are now.
///
/// A view that is a property of an object is copied before each choice, with two atomic operations for each of its
/// arrays, because the compiler cannot know that the balancer does not change it. As a neighbour of the balancer in one
/// value it is lent. It is also always the same view, which the balancer relies on.
package struct ClusterBalancer: Sendable {
    /// The endpoints as they are now; changed by who knows them.
    package var view: ClusterView
    private var balancer: Balancer

    /// The initial state of a cluster: all endpoints are usable and idle.
    package init(_ cluster: Cluster) {
        view = ClusterView(cluster)
        balancer = Balancer(cluster)
    }

    /// The position of an endpoint for a request; nil if none may be chosen. See ``Balancer/choose(_:_:using:)``.
    package mutating func choose(_ request: borrowing BalanceRequest, using random: inout RandomSource) -> Int? {
        balancer.choose(view, request, using: &random)
    }
}
