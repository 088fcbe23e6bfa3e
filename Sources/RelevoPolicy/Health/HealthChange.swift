// News about an endpoint, for logs and metrics.
// Workers need only standings.

/// An endpoint's condition or weight has changed.
package struct HealthChange: Sendable, Hashable {
    /// The endpoint's position in its cluster.
    package let position: Int
    /// How it was.
    package let from: EndpointCondition
    /// How it is; the same as before if only the weight has changed.
    package let to: EndpointCondition
    /// What the cluster's prospects have become, if this change changed them.
    package let outlook: ClusterOutlook?
    /// One sentence with the reason: `10.0.0.1:80 is down: 3 checks failed, the last: connection refused`, and, after a
    /// semicolon, what has become of the cluster, if anything.
    package let text: String
}

/// Whether a cluster has anything to serve with.
package enum ClusterOutlook: Sendable, Hashable {
    /// At least one endpoint is well.
    case well
    /// None is. All that are neither draining nor disabled are tried nevertheless.
    case desperate
    /// All are draining or disabled.
    case closed

    /// What to tell people when it becomes so.
    func text(_ cluster: String) -> String {
        switch self {
        case .well: "\(cluster) has a well endpoint again"
        case .desperate: "no endpoint of \(cluster) is well: all are tried nevertheless"
        case .closed: "all endpoints of \(cluster) are draining or disabled"
        }
    }
}
