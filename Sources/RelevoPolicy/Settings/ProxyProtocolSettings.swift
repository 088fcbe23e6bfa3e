// The PROXY protocol, as values of a configuration: who may say whose connection it is, and who is told.
// What is on the wire is ProxyHeader's matter.

/// Peers of a listener that begin each connection with a header of the PROXY protocol, of version 1 or 2.
///
/// From them it is required. Nobody else's is believed: to the proxy it is a malformed request.
public struct ProxyProtocolSettings: Sendable, Equatable {
    /// Their addresses and ranges. Empty for a listener on a path, where whoever can open that is such a peer.
    public var from: [ProxyConfiguration.TrustedProxy]
    /// How long a peer may take for the header. The protocol advises 3 s or more, in which a lost packet is sent again.
    public var timeout: Duration = .seconds(3)
    /// Where it was written.
    public var location: SourceLocation?

    /// Creates the settings of a listener that believes these peers.
    public init(from: [ProxyConfiguration.TrustedProxy], location: SourceLocation? = nil) {
        self.from = from
        self.location = location
    }
}

/// The form of a header of the PROXY protocol.
public enum ProxyProtocolVersion: String, Sendable, Hashable, CaseIterable {
    /// A line of text.
    case v1
    /// A block of bytes, which every receiver can tell from an ordinary request.
    case v2
}
