// An address to accept clients on, checked.
// Opening it is done in RelevoProxy.

package import RelevoHTTP

/// Where a listener listens.
package enum ListenerAddress: Sendable, Hashable, CustomStringConvertible {
    /// An address literal (no brackets) and a port, 0 for one that the system chooses.
    case literal(String, port: Int)
    /// A path of the file system.
    case unix(String)

    /// The form of configuration files.
    package var description: String {
        switch self {
        case .literal(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The port, 0 for one that the system chooses; nil for paths.
    package var port: Int? {
        switch self {
        case .literal(_, let port): port
        case .unix: nil
        }
    }
}

/// Peers of a listener whose connections begin with a header of the PROXY protocol.
package struct HeaderSenders: Sendable, Hashable {
    /// Those that have an address.
    package let ranges: TrustedProxies
    /// How long the header may take, in nanoseconds.
    package let patience: UInt64

    /// Whether a peer is one of them; nil is the address of one that has come by a path, which always is.
    package func include(_ address: IPAddress?) -> Bool { address.map { ranges.trusts($0) } ?? true }
}

/// A listener of a snapshot.
package struct ListenerSpec: Sendable, Hashable {
    /// Where it listens.
    package let address: ListenerAddress
    /// How clients are spoken to by TLS; nil for plain HTTP.
    package let tls: ListenerTLS?
    /// Who says whose connection it is; nil if nobody does.
    package let headerSenders: HeaderSenders?
    /// Where its clients are sent instead of being served; nil if they are served.
    package let redirect: RedirectToTLS?
    /// Where it was written.
    package let location: SourceLocation?
}
