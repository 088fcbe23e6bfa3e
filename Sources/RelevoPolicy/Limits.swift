// Bounds on what peers may send and hold.
// Every one is on by default and has a test that reaches it.

/// Bounds on what peers may send and hold.
public struct Limits: Sendable, Equatable {
    /// Bytes of a whole message head, request or response; above: 431, or 502 for a response.
    public var headBytes: Int = 32 * 1024
    /// Field lines in a head; above: 431, or 502 for a response.
    public var fields: Int = 128
    /// Bytes of a request target; above: 414.
    public var targetBytes: Int = 16 * 1024
    /// Bytes of a request body; above: 413. 0 means unlimited.
    public var bodyBytes: Int = 0
    /// Client connections at a time, of all workers together; above: accepting pauses.
    public var connections: Int = 65_536
    /// Client connections at a time from one address, trusted proxies excepted; above: 429.
    public var clientConnections: Int = 4096
    /// TLS handshakes in progress at a time, of each worker; above: the one that has taken longest makes room if it has
    /// had its time, else new clients wait in the system.
    public var handshakes: Int = 1024
    /// Requests on one client connection; after them it is closed.
    public var clientRequests: Int = 10_000
    /// Bytes per second that a request body has to bring on average, after a first grace of ``Timeouts/body``; below:
    /// 408. 0 means any.
    public var bodyRate: Int = 100
    /// Idle connections that each worker keeps to an endpoint; 0 keeps none.
    public var idleUpstreams: Int = 128
    /// Requests on one connection to an endpoint; after them it is closed.
    public var upstreamRequests: Int = 10_000

    /// Creates the defaults.
    public init() {}
}
