// A domain and its routes in a snapshot, everything resolved: names to clusters, overrides to values.
// Which of them takes a request is decided in RouteTable.

/// What becomes of a request.
package enum RouteTarget: Sendable {
    /// It goes to an endpoint of the cluster.
    case cluster(Cluster)
    /// It is answered with a redirect to `location`; see `RedirectTarget`.
    case redirect(RedirectTarget, status: Int)
    /// It is answered at once.
    case respond(status: Int, body: [UInt8])
}

/// One rule of a domain.
package final class Route: Sendable {
    /// The path prefix, in bytes, without a trailing slash unless it is all there is or was written so.
    package let path: [UInt8]
    /// Methods taken, in bytes; empty for all.
    package let methods: [[UInt8]]
    /// What becomes of the request.
    package let target: RouteTarget
    /// Time limits: the proxy's, then the domain's, the cluster's and the route's own.
    package let timeouts: Timeouts
    /// The same in the form of the request path.
    package let patience: Patience
    /// Whether the route is written for the challenges of certificate authorities (RFC 8555 §8.3), which come without
    /// TLS.
    package let isForChallenge: Bool
    /// The route as it was written, for explanations: `GET,HEAD /v1/`.
    package let text: String
    /// Where it was written.
    package let location: SourceLocation?
    /// Its place among all routes of the snapshot, from 0.
    package let number: Int

    init(_ source: ProxyConfiguration.Route, target: RouteTarget, timeouts: Timeouts, number: Int) {
        self.number = number
        path = Array(source.path.utf8)
        methods = source.methods.map { Array($0.utf8) }
        self.target = target
        self.timeouts = timeouts
        patience = Patience(timeouts)
        let (challenges, own) = (Array("/.well-known/acme-challenge".utf8), path)
        isForChallenge = PrefixIndex.takes(challenges.span, own.span)
        text = (source.methods.isEmpty ? "" : source.methods.joined(separator: ",") + " ") + source.path
        location = source.location
    }

    /// Whether the prefix takes the path; see `PrefixIndex`.
    package func takes(path candidate: ArraySlice<UInt8>) -> Bool {
        let path = path
        return PrefixIndex.takes(path.span, candidate.span)
    }

    /// Whether the method is one of the route's. Methods are case-sensitive (RFC 9110 §9.1).
    package func takes(method candidate: ArraySlice<UInt8>) -> Bool {
        methods.isEmpty || methods.contains { $0.elementsEqual(candidate) }
    }
}

/// A domain of a snapshot.
package final class Domain: Sendable {
    /// The name or pattern in the form in which hosts are looked up: that of `Authority`.
    package let name: String
    /// The name or pattern as it was written, for explanations.
    package let written: String
    /// First match wins.
    package let routes: [Route]
    /// The paths of `routes`.
    let prefixes: PrefixIndex
    /// How connections are used.
    package let connection: ConnectionMode
    /// What endpoints are told about the client.
    package let forwarded: ForwardedMode
    /// The line that browsers get over TLS about using nothing else; empty for none.
    package let hsts: [UInt8]
    /// Where it was written.
    package let location: SourceLocation?
    /// Its place among the domains of the snapshot, from 0.
    package let number: Int

    init(
        _ source: ProxyConfiguration.Domain, name: String, routes: [Route], number: Int, hsts: [UInt8] = []
    ) {
        self.number = number
        self.name = name
        written = source.name
        self.routes = routes
        prefixes = PrefixIndex(routes.lazy.map(\.path))
        connection = source.connection
        forwarded = source.forwarded
        self.hsts = hsts
        location = source.location
    }

    /// Whether bytes go on as they came, but for the Connection field: one exchange for each connection and nothing
    /// added for endpoints.
    package var isClassic: Bool { connection == .close && forwarded == .none }
}

/// Where a redirect leads.
package struct RedirectTarget: Sendable, Hashable {
    /// The location as written.
    package let text: [UInt8]
    /// Whether what follows the route's prefix, and the query, are appended: the location was written with a final
    /// slash.
    package let appendsRest: Bool
    /// Bytes of the path that the location replaces.
    package let prefixLength: Int

    init(_ text: String, path: String) {
        self.text = Array(text.utf8)
        appendsRest = text.hasSuffix("/")
        prefixLength = path.utf8.count
    }

    /// The Location value for a request's path and query (with its `?`, or empty).
    package func location(path: ArraySlice<UInt8>, query: ArraySlice<UInt8>) -> [UInt8] {
        guard appendsRest else { return text }
        // All leading slashes go, and what browsers take for one: `//host` would lead to another site.
        let rest = path.dropFirst(prefixLength).drop { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
        return text + rest + query
    }
}
