// What an operator or an embedding program wants, as plain values. Nothing here is checked: texts stay texts
// until `SnapshotBuilder` turns a configuration into a `ProxySnapshot` or says everything that is wrong with it.

/// The whole configuration of a proxy.
///
/// ```swift
/// let configuration = ProxyConfiguration(
///     listeners: ["127.0.0.1:8080"],
///     domains: [.init("a.example", endpoints: ["10.0.0.1", "10.0.0.2:8080"])])
/// ```
public struct ProxyConfiguration: Sendable, Equatable {
    /// Worker threads, each with its own event loop; `nil` means one per core.
    public var workers: Int?
    /// Addresses to accept clients on; at least one.
    public var listeners: [Listener]
    /// Domains served; a request for any other is answered with 421.
    public var domains: [Domain]
    /// Named groups of endpoints that domains and routes refer to.
    public var clusters: [Cluster]
    /// Time limits where a domain, route or cluster says nothing else.
    public var timeouts: Timeouts
    /// Bounds on what clients may send and hold.
    public var limits: Limits
    /// Peers whose `X-Forwarded-*`, `Forwarded` and `X-Request-ID` are believed: addresses or ranges such as
    /// `10.0.0.0/8`. What anybody else claims is replaced.
    public var trustedProxies: [TrustedProxy]
    /// How the names of endpoints are looked up.
    public var resolver = ResolverSettings()
    /// What browsers are told over TLS about using nothing else; nil for nothing.
    public var hsts: StrictTransport?
    /// Whether and where a line is written for each request.
    public var accessLog: AccessLog
    /// Which requests are remembered so that somebody can ask why they failed or were slow; nil for none.
    public var recent: RecentSettings? = RecentSettings()
    /// Whether and where spans of requests are reported; nil for nowhere, and then what requests say of traces passes.
    public var tracing: TracingSettings?
    /// Where the proxy can be asked how it is and given orders; nil for nowhere. The library opens nothing for it: it
    /// is for programs that run a proxy, as `relevo` does.
    public var admin: AdminSettings?
    /// As whom the process runs that was started by root; nil for no change. The library does nothing about it.
    public var user: ProcessUser?

    /// Creates a configuration; everything that is left out has the documented default.
    public init(
        workers: Int? = nil, listeners: [Listener] = [], domains: [Domain] = [], clusters: [Cluster] = [],
        timeouts: Timeouts = Timeouts(), limits: Limits = Limits(), accessLog: AccessLog = .off
    ) {  // tidy: parameters: a memberwise initialiser of the root value
        self.workers = workers
        self.listeners = listeners
        self.domains = domains
        self.clusters = clusters
        self.timeouts = timeouts
        self.limits = limits
        trustedProxies = []
        self.accessLog = accessLog
    }
}

extension ProxyConfiguration {
    /// An address to accept clients on.
    public struct Listener: Sendable, Equatable, ExpressibleByStringLiteral {
        /// `0.0.0.0:80`, `[::]:80` or `unix:/run/relevo.sock`; port 0 lets the system choose.
        public var address: String
        /// How clients are spoken to by TLS; nil for plain HTTP.
        public var tls: ListenerTLS?
        /// Which peers begin with a header of the PROXY protocol that says who their client is; nil for none.
        public var proxyProtocol: ProxyProtocolSettings?
        /// Where clients of plain HTTP are sent instead of being served; nil if they are served.
        public var redirect: RedirectToTLS?
        /// Where it was written.
        public var location: SourceLocation?

        /// Creates a listener from the text of an address.
        public init(_ address: String, tls: ListenerTLS? = nil, location: SourceLocation? = nil) {
            self.address = address
            self.tls = tls
            self.location = location
        }

        /// Creates a listener from a literal, as in `listeners: ["[::]:8080"]`.
        public init(stringLiteral value: String) { self.init(value) }
    }

    /// A peer whose word about a client is taken.
    public struct TrustedProxy: Sendable, Equatable, ExpressibleByStringLiteral {
        /// An address or a range: `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`.
        public var range: String
        /// Where it was written.
        public var location: SourceLocation?

        /// Creates a trusted peer from the text of an address or a range.
        public init(_ range: String, location: SourceLocation? = nil) {
            self.range = range
            self.location = location
        }

        /// Creates a trusted peer from a literal.
        public init(stringLiteral value: String) { self.init(value) }
    }

    /// A domain and what is served for it.
    public struct Domain: Sendable, Equatable {
        /// `a.example`, `*.shop.example` (any name below it) or `*` (whatever no other domain serves).
        public var name: String
        /// First match wins, in this order.
        public var routes: [Route]
        /// How connections are used for this domain.
        public var connection: ConnectionMode
        /// What endpoints are told about the client.
        public var forwarded: ForwardedMode
        /// What browsers are told over TLS about using nothing else.
        public var hsts = StrictTransportChoice.inherited
        /// Time limits that differ for this domain.
        public var timeouts: TimeoutOverrides
        /// Where it was written.
        public var location: SourceLocation?

        /// Creates a domain with routes.
        public init(
            _ name: String, routes: [Route], connection: ConnectionMode = .keepAlive,
            forwarded: ForwardedMode = .xForwarded, location: SourceLocation? = nil
        ) {
            self.name = name
            self.routes = routes
            self.connection = connection
            self.forwarded = forwarded
            self.timeouts = TimeoutOverrides()
            self.location = location
        }

        /// Creates a domain of which everything goes to the given endpoints.
        public init(_ name: String, endpoints: [Endpoint], balance: BalanceMethod = .random) {
            self.init(name, routes: [Route(.endpoints(Cluster(name, endpoints: endpoints, balance: balance)))])
        }

        /// Creates a domain of which everything goes to a named cluster.
        public init(_ name: String, cluster: String) {
            self.init(name, routes: [Route(.cluster(cluster))])
        }
    }

    /// One rule of a domain: which requests it is for and what becomes of them.
    public struct Route: Sendable, Equatable {
        /// A path prefix of whole segments: `/v1` takes `/v1` and `/v1/a`, never `/v1a`. `/` takes every request.
        /// In the form that ``HookRequest/path`` has; any other is refused.
        public var path: String
        /// Methods taken, with regard to case (RFC 9110 §9.1); empty means all.
        public var methods: [String]
        /// What becomes of the request.
        public var action: RouteAction
        /// Time limits that differ for this route.
        public var timeouts: TimeoutOverrides
        /// Where it was written.
        public var location: SourceLocation?

        /// Creates a route.
        public init(
            _ action: RouteAction, path: String = "/", methods: [String] = [],
            location: SourceLocation? = nil
        ) {
            self.path = path
            self.methods = methods
            self.action = action
            self.timeouts = TimeoutOverrides()
            self.location = location
        }
    }

    /// What becomes of a request that a route takes.
    public enum RouteAction: Sendable, Equatable {
        /// It goes to an endpoint of the named cluster.
        case cluster(String)
        /// It goes to an endpoint of a cluster written at this place, named after its domain.
        case endpoints(Cluster)
        /// It is answered with a redirect; path and query of the request are appended when `to` ends in `/`
        /// and the route has a path prefix (the prefix is replaced), else `to` is sent as it is.
        case redirect(to: String, status: Int)
        /// It is answered at once.
        case respond(status: Int, body: String)
    }

    /// A named group of endpoints that answer alike.
    public struct Cluster: Sendable, Equatable {
        /// Its name in routes, logs and metrics.
        public var name: String
        /// Its endpoints; at least one.
        public var endpoints: [Endpoint]
        /// How one of them is chosen for each request.
        public var balance: BalanceMethod
        /// Whether and how endpoints are asked whether they are well; nil for not.
        public var health: HealthCheck?
        /// When an endpoint is taken out of service because of how it serves; nil for never.
        public var ejection: Ejection?
        /// When a request is sent again; nil for never.
        public var retry: RetrySettings?
        /// The time in which an endpoint that has recovered comes back to its full weight; nil for at once.
        public var slowStart: Duration?
        /// How long a request waits for any endpoint while all refuse connections; nil for not at all.
        public var hold: Duration?
        /// Requests in flight that each endpoint is given at most, unless it says otherwise; nil for no limit.
        public var maxRequests: Int?
        /// Requests in flight of all endpoints together; nil for no limit.
        public var concurrency: Int?
        /// A limit on those that follows the cluster's latency; nil for none.
        public var adaptiveLimit: AdaptiveLimit?
        /// Who waits when endpoints are at their limit.
        public var queue: QueueSettings
        /// How those of its endpoints are spoken to that want TLS.
        public var tls = ClusterTLS()
        /// The header with which each connection to an endpoint begins, so that it knows the client; nil for none.
        public var proxyProtocol: ProxyProtocolVersion?
        /// Time limits that differ for this cluster.
        public var timeouts: TimeoutOverrides
        /// Where it was written.
        public var location: SourceLocation?

        /// Creates a cluster.
        public init(
            _ name: String, endpoints: [Endpoint], balance: BalanceMethod = .random,
            location: SourceLocation? = nil
        ) {
            self.name = name
            self.endpoints = endpoints
            self.balance = balance
            ejection = Ejection()
            retry = RetrySettings()
            queue = QueueSettings()
            timeouts = TimeoutOverrides()
            self.location = location
        }
    }

    /// One backend address.
    public struct Endpoint: Sendable, Equatable, ExpressibleByStringLiteral {
        /// `10.0.0.1`, `10.0.0.1:8080`, `[::1]:80`, `api.internal:8080`, `srv:_http._tcp.api.internal` or
        /// `unix:/run/app.sock`; port 80 when absent. With `https://` before it, TLS and port 443.
        public var address: String
        /// Its share of the requests beside the others' weights, 0 (none) to 1000.
        public var weight: Int
        /// 0 for one that serves; n for one in reserve, which serves while none with a lower number can.
        public var backup = 0
        /// Requests in flight that it is given at most; nil for what its cluster says.
        public var maxRequests: Int?
        /// Whether it is spoken to by TLS though its address does not begin with `https://`.
        public var tls = false
        /// Where it was written.
        public var location: SourceLocation?

        /// Creates an endpoint.
        public init(_ address: String, weight: Int = 1, location: SourceLocation? = nil) {
            self.address = address
            self.weight = weight
            self.location = location
        }

        /// Creates an endpoint of weight 1 from a literal.
        public init(stringLiteral value: String) { self.init(value) }

        /// Whether it is spoken to by TLS.
        package var wantsTLS: Bool { tls || AddressText.isSecure(address) }
    }
}

/// How connections are used for a domain.
public enum ConnectionMode: String, Sendable, Hashable, CaseIterable {
    /// One exchange after another on a client's connection.
    case keepAlive = "keep-alive"
    /// One exchange, then both connections end: the request goes on with `Connection: close`, its body untouched.
    case close
}

/// What endpoints are told about the client.
public enum ForwardedMode: String, Sendable, Hashable, CaseIterable {
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`.
    case xForwarded = "x-forwarded"
    /// `Forwarded` of RFC 7239.
    case rfc7239
    /// Nothing; neither `Via` nor any other field is added.
    case none
}
