// Taking endpoints out of service and back while the proxy runs, and seeing how they are.
// Orders outlive changes of the configuration, but not the process.

import RelevoPolicy
import RelevoProxy

/// What can be ordered for an endpoint of a running proxy.
public enum EndpointCommand: Sendable, Hashable {
    /// Serves again, as far as its health allows.
    case enable
    /// Gets no new requests; those that it has go on.
    case drain
    /// The same; besides, it counts no more among the endpoints of which a share may be ejected.
    case disable
    /// Gets another share beside the others' weights, 0 to 1000.
    case weight(Int)
}

/// How an endpoint of a running proxy is.
public struct EndpointStatus: Sendable, Hashable {
    /// The cluster's name: that of the domain for endpoints written there.
    public var cluster: String
    /// The endpoint with its port: `10.0.0.1:80`.
    public var endpoint: String
    /// `up`, `unchecked`, `down`, `ejected`, `draining` or `disabled`.
    public var condition: String
    /// Whether it gets requests: also one that is not well does while no other is.
    public var isAvailable: Bool
    /// Its share beside the others' weights, as configured or ordered.
    public var weight: Int
    /// Requests in flight.
    public var requestsActive: Int
}

extension EndpointStatus {
    init(_ report: EndpointReport) {
        self.init(
            cluster: report.cluster, endpoint: report.endpoint, condition: report.standing.state.name,
            isAvailable: report.standing.isAvailable, weight: report.standing.weight, requestsActive: report.active)
    }
}

/// An order for an endpoint that does not exist, or for a proxy that does not run.
public enum EndpointCommandError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The proxy does not run.
    case notRunning
    /// No cluster of this name has this endpoint.
    case unknownEndpoint(String, cluster: String)

    /// The reason in words.
    public var description: String {
        switch self {
        case .notRunning: "the proxy does not run"
        case .unknownEndpoint(let endpoint, let cluster): "no cluster `\(cluster)` has an endpoint `\(endpoint)`"
        }
    }
}

extension ReverseProxy {
    /// All endpoints and how they are, in the order of the configuration; empty unless the proxy runs.
    public func endpoints() async -> [EndpointStatus] {
        guard let group = runningGroup else { return [] }
        return await group.endpoints().map { EndpointStatus($0) }
    }

    /// Gives an order for an endpoint; every worker follows it within moments.
    /// - Throws: ``EndpointCommandError`` if there is no such endpoint.
    public func command(
        _ command: EndpointCommand, endpoint: String, ofCluster cluster: String
    ) async throws(EndpointCommandError) {
        guard let group = runningGroup else { throw .notRunning }
        let order: EndpointOrder =
            switch command {
            case .enable: .enable
            case .drain: .drain
            case .disable: .disable
            case .weight(let weight): .weight(weight)
            }
        guard await group.order(order, endpoint: endpoint, ofCluster: cluster) else {
            throw .unknownEndpoint(endpoint, cluster: cluster)
        }
    }
}
