// Which domain and which route a request belongs to: one pure function, which can also say how it came to its answer.
// Looks at host, path and method only; nothing here knows connections.

/// What routing looks at.
package struct RouteQuery: Sendable {
    /// The host in normal form: lower case, no port, no trailing dot.
    package var host: ArraySlice<UInt8>
    /// The path of the target, without query.
    package var path: ArraySlice<UInt8>
    /// The method.
    package var method: ArraySlice<UInt8>

    /// Creates a query.
    package init(host: ArraySlice<UInt8>, path: ArraySlice<UInt8>, method: ArraySlice<UInt8>) {
        self.host = host
        self.path = path
        self.method = method
    }
}

/// Where a request belongs.
package enum RouteDecision: Sendable {
    /// No domain has this name.
    case unknownDomain
    /// The domain has no route for this request.
    case noRoute(Domain)
    /// The first route that takes it.
    case matched(Domain, Route)
}

/// Listens to routing. The silent one costs nothing; `RouteExplanation` writes everything down.
package protocol RouteTrace {
    /// A domain pattern was looked up.
    mutating func lookedUp(_ kind: DomainMatch, _ name: ArraySlice<UInt8>, found: Domain?)
    /// The routes at these positions of a domain were tried, with the same outcome.
    mutating func tried(_ routes: Range<Int>, of domain: Domain, _ outcome: RouteOutcome)
}

/// The kinds of domain patterns, in the order in which they are tried.
package enum DomainMatch: Sendable, Hashable { case exact, suffix, fallback }

/// Why a route did or did not take a request.
package enum RouteOutcome: Sendable, Hashable { case taken, otherPath, otherMethod }

/// The trace of the request path: nothing.
package struct SilentTrace: RouteTrace {
    /// Creates the trace.
    package init() {}
    /// Does nothing.
    package mutating func lookedUp(_ kind: DomainMatch, _ name: ArraySlice<UInt8>, found: Domain?) {}
    /// Does nothing.
    package mutating func tried(_ routes: Range<Int>, of domain: Domain, _ outcome: RouteOutcome) {}
}

/// The domains of a snapshot, found in a time that does not grow with their number.
package struct RouteTable: Sendable {
    /// All domains, in the order written.
    package let domains: [Domain]
    /// One more than the highest number of a route.
    package let routeCount: Int
    private let exact: HostTable
    private let suffixes: HostTable
    private let fallback: Int?

    init(domains: [Domain]) {
        self.domains = domains
        routeCount = (domains.lazy.flatMap(\.routes).map(\.number).max() ?? -1) + 1
        var exactEntries: [(key: [UInt8], value: Int)] = []
        var suffixEntries: [(key: [UInt8], value: Int)] = []
        var fallback: Int?
        for (index, domain) in domains.enumerated() {
            let name = Array(domain.name.lowercased().utf8)
            if name == Array("*".utf8) {
                fallback = index
            } else if name.starts(with: Array("*.".utf8)) {
                suffixEntries.append((Array(name.dropFirst(2)), index))
            } else {
                exactEntries.append((name, index))
            }
        }
        exact = HostTable(exactEntries)
        suffixes = HostTable(suffixEntries)
        self.fallback = fallback
    }

    /// The domain that serves a host: the exact name, else the longest `*.suffix`, else `*`.
    package func domain(for host: ArraySlice<UInt8>, trace: inout some RouteTrace) -> Domain? {
        let found = exact[host].map { domains[$0] }
        trace.lookedUp(.exact, host, found: found)
        if let found { return found }
        var rest = host
        while let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
            rest = rest[(dot + 1)...]
            let found = suffixes[rest].map { domains[$0] }
            trace.lookedUp(.suffix, rest, found: found)
            if let found { return found }
        }
        let last = fallback.map { domains[$0] }
        trace.lookedUp(.fallback, host, found: last)
        return last
    }

    /// Where a request belongs. Pure: the same query gives the same decision, traced or not.
    package func decide(_ query: RouteQuery, trace: inout some RouteTrace) -> RouteDecision {
        guard let domain = domain(for: query.host, trace: &trace) else { return .unknownDomain }
        let path = NormalPath(query.path)
        var next = 0
        while let position = domain.prefixes.first(from: next, taking: path.bytes) {
            trace.tried(next..<position, of: domain, .otherPath)
            next = position + 1
            let takes = domain.routes[position].takes(method: query.method)
            trace.tried(position..<next, of: domain, takes ? .taken : .otherMethod)
            if takes { return .matched(domain, domain.routes[position]) }
        }
        trace.tried(next..<domain.routes.count, of: domain, .otherPath)
        return .noRoute(domain)
    }

    /// Where a request belongs, without a trace.
    package func decide(_ query: RouteQuery) -> RouteDecision {
        var silent = SilentTrace()
        return decide(query, trace: &silent)
    }
}
