// Every wait of the proxy has an end: these are the ends.
// Who keeps them is named at each; bounds on sizes and counts are in Limits.

/// Time limits. Each is on by default; none can be switched off, only made long.
public struct Timeouts: Sendable, Equatable {
    /// A whole request head from its first byte, however slowly it drips.
    public var head: Duration = .seconds(10)
    /// Silence of a client that still owes request body.
    public var body: Duration = .seconds(30)
    /// A keep-alive client connection between two requests.
    public var idle: Duration = .seconds(60)
    /// Opening a connection to an endpoint.
    public var connect: Duration = .seconds(5)
    /// From the request sent to the response head.
    public var response: Duration = .seconds(60)
    /// A connection to an endpoint between two requests; an endpoint that announces less (`Keep-Alive: timeout`) is
    /// believed.
    public var upstreamIdle: Duration = .seconds(30)
    /// No byte either way while forwarding.
    public var stream: Duration = .seconds(300)
    /// Silence in a connection that has left HTTP, such as a WebSocket.
    public var tunnel: Duration = .seconds(3600)
    /// Silence that a client is granted which has ended its sending side (RFC 9112 §9.6) but may still read; not in
    /// a connection that has left HTTP, where `tunnel` holds.
    public var halfClose: Duration = .seconds(1)
    /// Running exchanges when the proxy shuts down.
    public var shutdown: Duration = .seconds(30)
    /// Running exchanges whose route or endpoint another configuration does not have; they end in the second half of
    /// this time, each at a moment of its own.
    public var drain: Duration = .seconds(60)

    /// Creates the defaults.
    public init() {}

    /// These limits with the given overrides applied.
    package func overridden(by overrides: TimeoutOverrides) -> Timeouts {
        var result = self
        if let body = overrides.body { result.body = body }
        if let connect = overrides.connect { result.connect = connect }
        if let response = overrides.response { result.response = response }
        if let stream = overrides.stream { result.stream = stream }
        return result
    }
}

/// Time limits that a domain, route or cluster sets for itself; `nil` leaves the wider value.
/// A route's value wins over its cluster's, a cluster's over the domain's.
public struct TimeoutOverrides: Sendable, Equatable {
    /// See ``Timeouts/body``.
    public var body: Duration?
    /// See ``Timeouts/connect``.
    public var connect: Duration?
    /// See ``Timeouts/response``.
    public var response: Duration?
    /// See ``Timeouts/stream``.
    public var stream: Duration?

    /// Creates overrides that change nothing.
    public init() {}
}
