// How one endpoint is spoken to: by TLS or without. Connections to endpoints are opened here and nowhere else, so that
// none is opened without TLS by mistake. Which files are behind a context is ClusterCertificates' matter.

import CLibevent
import CLibeventTLS
import RelevoPolicy

/// What a connection to an endpoint needs. Any thread.
enum EndpointSecurity: Sendable {
    /// Nothing: bytes go as they are.
    case none
    /// TLS with the settings of the cluster.
    case tls(TLSClientContext, serverName: String, endpoint: String)
    /// TLS, but there are no settings for it. Nothing is sent.
    case missing

    /// - Parameter context: that of the endpoint's cluster.
    init(_ endpoint: Endpoint, _ context: TLSClientContext?) {
        guard let serverName = endpoint.serverName else {
            self = .none
            return
        }
        self = context.map { .tls($0, serverName: serverName, endpoint: endpoint.text) } ?? .missing
    }

    /// Whether connections that the other has opened are as good as its own: by the same context, for the same name.
    func opensAlike(_ other: EndpointSecurity) -> Bool {
        switch (self, other) {
        case (.none, .none): true
        case (.tls(let context, let name, _), .tls(let otherContext, let otherName, _)):
            context === otherContext && name == otherName
        case (.none, _), (.tls, _), (.missing, _): false
        }
    }

    /// Begins to open a connection.
    /// - Throws: what the system refuses at once.
    func open(_ address: SocketAddress, on loop: EventLoop) throws(SystemError) -> Bufferevent {
        switch self {
        case .none: return try Bufferevent(loop: loop, connectingTo: address)
        case .tls(let context, let serverName, let endpoint):
            let layer = try context.makeConnection(host: serverName, endpoint: endpoint)
            return try Bufferevent(loop: loop, connectingTo: address, layer: layer)
        case .missing: throw SystemError(protocol: "TLS is not set up for this endpoint", in: .handshake)
        }
    }
}
