// Connections to endpoints that have told of one client's connection (PROXY protocol): they serve that connection only,
// and end with it. Whether one may be kept at all is Exchange's matter.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// The kept connections that belong to one client's connection. Confined to the worker's thread.
final class ClientUpstreams {
    /// Endpoints to which connections are kept. A client that comes to more of them lets go of the first.
    static let mostEndpoints = 8

    private var pools: [(endpoint: EndpointState, pool: UpstreamPool)] = []

    /// The kept connections to an endpoint; nil if there were never any.
    func pool(of endpoint: EndpointState) -> UpstreamPool? {
        for entry in pools where entry.endpoint === endpoint { return entry.pool }
        return nil
    }

    /// Makes room for connections to an endpoint.
    func add(_ endpoint: EndpointState, _ pool: UpstreamPool) {
        if pools.count >= Self.mostEndpoints { pools.removeFirst().pool.endAll() }
        pools.append((endpoint, pool))
    }

    /// Ends all of them.
    func endAll() {
        for entry in pools { entry.pool.endAll() }
    }
}

extension ClientConnection {
    /// Where connections to an endpoint that have told of this client wait for its next request.
    func upstreamPool(of endpoint: EndpointState) -> UpstreamPool {
        let upstreams = upstreams ?? ClientUpstreams()
        self.upstreams = upstreams
        if let pool = upstreams.pool(of: endpoint) { return pool }
        let limit = min(1, worker.snapshot.limits.idleUpstreams)
        let pool = UpstreamPool(loop: worker.loop, wheel: worker.wheel, limit: limit)
        upstreams.add(endpoint, pool)
        return pool
    }

    /// What endpoints are told of this connection: who has come, and where to.
    var header: ProxyHeader {
        let reached = announcement?.reached ?? bufferevent.localAddress
        return ProxyHeader(from: peer, to: reached)
    }
}

extension ProxyHeader {
    /// The header of a connection between two addresses. A path is nobody's address.
    init(from client: SocketAddress, to reached: SocketAddress?) {
        if let client = client.end, let reached = reached?.end {
            self = .client(client, reached: reached)
        } else {
            self = .unknown
        }
    }

    /// The header's bytes.
    func bytes(_ version: ProxyProtocolVersion) -> [UInt8] {
        var bytes: [UInt8] = []
        switch version {
        case .v1: appendLine(to: &bytes)
        case .v2: appendBlock(to: &bytes)
        }
        return bytes
    }

    /// What a connection of the proxy's own, as for a health check, begins with. Version 1 has no word for that: it
    /// names the connection's own ends, for there are receivers that refuse `UNKNOWN` (PROXY §2.1).
    static func own(_ version: ProxyProtocolVersion, from local: SocketAddress?, to peer: SocketAddress) -> [UInt8] {
        switch version {
        case .v1: (local.map { ProxyHeader(from: $0, to: peer) } ?? .unknown).bytes(.v1)
        case .v2: ProxyHeader.local.bytes(.v2)
        }
    }
}

extension SocketAddress {
    /// The end of a connection that it is; nil for paths.
    fileprivate var end: ProxyHeader.End? {
        guard let ip, let port else { return nil }
        return ProxyHeader.End(ip, port: port)
    }
}

@available(*, unavailable)
extension ClientUpstreams: Sendable {}
