// What a reload hands to each worker, all of it at once.
// Made by the control thread, taken by Worker+Reload.

import CLibeventTLS
import RelevoPolicy

/// Another snapshot, with what is known of its clusters. Any thread.
struct Generation: Sendable {
    /// What is served from now on.
    var snapshot: ProxySnapshot
    /// The places of each cluster that has limits, by the cluster's number.
    var capacities: [ClusterCapacity?]
    /// How clusters speak TLS with their endpoints, by the cluster's number.
    var clusterTLS: [TLSClientContext?]
    /// Where the names of endpoints lead, by the endpoint's number.
    var targets: [Int: [NameTarget]]
    /// How endpoints are, by the number of their cluster.
    var standings: [(cluster: Int, [EndpointStanding])]
    /// The listeners.
    var entrances: EntrancePlan
    /// All of them, as they are open then.
    var listeners = ListenerSet()
    /// How many reloads there have been, this one included.
    var epoch: Int
    /// Client connections that each worker may hold.
    var maxConnections: Int
}
