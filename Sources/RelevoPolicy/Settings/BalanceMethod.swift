// How an endpoint is chosen, as values of a configuration.
// The policies themselves are in Balancing/.

/// How one endpoint of a cluster is chosen for each request.
public enum BalanceMethod: Sendable, Hashable {
    /// At random, by weight.
    case random
    /// In turn, by weight, evenly spread (each worker takes its own turns).
    case roundRobin
    /// The endpoint with the fewest requests in flight for its weight.
    case leastRequests
    /// Of two endpoints chosen at random by weight, the one with fewer requests in flight for its weight.
    case powerOfTwo
    /// Of two endpoints chosen at random by weight, the one that has answered sooner of late, for its requests in
    /// flight (peak EWMA).
    case latency
    /// The same endpoint for the same key, as long as it is there and not loaded beyond its share (Maglev).
    case hash(HashSource)
    /// The endpoint that a cookie names; the first time, and when that one is down, one at random.
    case sticky(StickyCookie)

    /// Its name in configuration files, logs and explanations.
    public var name: String {
        switch self {
        case .random: "random"
        case .roundRobin: "round-robin"
        case .leastRequests: "least-requests"
        case .powerOfTwo: "power-of-two"
        case .latency: "latency"
        case .hash: "hash"
        case .sticky: "sticky"
        }
    }
}

/// What of a request decides in ``BalanceMethod/hash(_:)``. A request without it goes to an endpoint at random.
public enum HashSource: Sendable, Hashable {
    /// The value of a header field.
    case header(String)
    /// The value of a cookie.
    case cookie(String)
    /// The client's address.
    case client
    /// The path of the target, without the query.
    case path
}

/// The cookie of ``BalanceMethod/sticky(_:)``.
public struct StickyCookie: Sendable, Hashable {
    /// The cookie's name.
    public var name: String
    /// The secret that its values are made with, the same for all proxies that share clients; nil makes values that
    /// outlive no restart.
    public var secret: String?
    /// How long browsers keep it; nil until they are closed.
    public var lifetime: Duration?

    /// Creates a cookie.
    public init(name: String = "relevo", secret: String? = nil, lifetime: Duration? = nil) {
        self.name = name
        self.secret = secret
        self.lifetime = lifetime
    }
}
