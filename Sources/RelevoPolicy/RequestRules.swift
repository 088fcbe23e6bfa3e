// What becomes of a request that is valid HTTP. The one judge of it: the request path asks it, and so does whatever
// explains requests, tests a configuration or compares two. A program's hook is not known here (RequestFilter).

package import RelevoHTTP

/// What becomes of a request.
package enum Ruling: Sendable {
    /// It fails.
    case fault(Fault, Domain?)
    /// It is sent elsewhere: by its route, or by its listener, which knows no route.
    case redirect(status: Int, location: [UInt8], Domain, Route?)
    /// The proxy answers it.
    case answer(status: Int, body: [UInt8], Domain, Route)
    /// It goes to an endpoint of the cluster.
    case forward(Cluster, Domain, Route)
}

/// Judges requests for one snapshot.
package struct RequestRules {
    private let snapshot: ProxySnapshot
    private let redirect: RedirectToTLS?

    /// Creates the rules; `redirect` is where the client is to be sent instead of being served.
    package init(_ snapshot: ProxySnapshot, redirect: RedirectToTLS? = nil) {
        self.snapshot = snapshot
        self.redirect = redirect
    }

    /// Why a request is refused whatever routes say; nil if they are to be asked.
    package func refusal(of request: borrowing RequestHead) -> Fault? {
        switch request.method {
        case .connect, .trace: return .clientMethodRefused
        default: break
        }
        if case .length(let length) = request.framing, isTooLarge(length) { return .clientBodyTooLarge }
        return Self.goesInCircles(request) ? .routeLoop : nil
    }

    /// What becomes of a request that is not refused. Max-Forwards is counted down in it.
    package func ruling(on request: inout RequestHead) -> Ruling {
        let query = Self.query(of: request)
        var silent = SilentTrace()
        return ruling(on: &request, after: snapshot.table.decide(query, trace: &silent))
    }

    /// The same, every step of routing noted.
    func ruling(on request: inout RequestHead, trace: inout some RouteTrace) -> Ruling {
        let query = Self.query(of: request)
        return ruling(on: &request, after: snapshot.table.decide(query, trace: &trace))
    }

    private static func query(of request: borrowing RequestHead) -> RouteQuery {
        RouteQuery(host: request.authority.host[...], path: request.pathBytes, method: request.methodBytes)
    }

    private func ruling(on request: inout RequestHead, after decision: RouteDecision) -> Ruling {
        if let redirect { return sendToTLS(redirect, decision, request) }
        switch decision {
        case .unknownDomain: return .fault(.routeUnknownDomain, nil)
        case .noRoute(let domain): return .fault(.routeNone, domain)
        case .matched(let domain, let route):
            if !domain.isClassic, isLastForward(&request) { return .answer(status: 204, body: [], domain, route) }
            return Self.ruling(of: route, domain, request)
        }
    }

    private static func ruling(of route: Route, _ domain: Domain, _ request: borrowing RequestHead) -> Ruling {
        switch route.target {
        case .cluster(let cluster): return .forward(cluster, domain, route)
        case .respond(let status, let body): return .answer(status: status, body: body, domain, route)
        case .redirect(let target, let status):
            let query = request.hasQuery ? [UInt8(ascii: "?")] + request.queryBytes : []
            let location = target.location(path: NormalPath(request.pathBytes).bytes, query: query[...])
            return .redirect(status: status, location: location, domain, route)
        }
    }

    /// Sends a client to TLS, if its host is served at all: nobody is sent to where this proxy serves nothing. Only a
    /// route that is written for an authority's challenge is served without TLS.
    private func sendToTLS(
        _ redirect: RedirectToTLS, _ decision: RouteDecision, _ request: borrowing RequestHead
    ) -> Ruling {
        switch decision {
        case .unknownDomain: return .fault(.routeUnknownDomain, nil)
        case .matched(let domain, let route) where route.isForChallenge:
            return Self.ruling(of: route, domain, request)
        case .matched(let domain, _), .noRoute(let domain):
            let status = redirect.status(answering: request.method)
            return .redirect(status: status, location: redirect.location(of: request), domain, nil)
        }
    }

    /// RFC 9110 §7.6.2: an OPTIONS that may go no further is answered here, any other Max-Forwards is counted down.
    private func isLastForward(_ request: inout RequestHead) -> Bool {
        guard request.method == .options, let line = request.fields.first(.maxForwards) else { return false }
        let digits = String(decoding: request.fields.value(of: line), as: UTF8.self)
        guard let count = Int(digits), count >= 0 else { return false }
        if count == 0 { return true }
        request.fields.remove(.maxForwards)
        try? request.fields.append(name: "Max-Forwards", value: String(count - 1))
        return false
    }

    private func isTooLarge(_ length: Int) -> Bool {
        snapshot.limits.bodyBytes > 0 && length > snapshot.limits.bodyBytes
    }

    /// How often a request may pass a Relevo: tiers of proxies are legitimate, circles are not.
    package static let maxPasses = 8

    /// Whether Via names this kind of proxy too often (RFC 9110 §7.6.3). Endless circles would eat every descriptor.
    private static func goesInCircles(_ request: borrowing RequestHead) -> Bool {
        guard request.fields.contains(.via) else { return false }
        let span = request.fields.bytes.span
        var passes = 0
        for line in request.fields.lines where line.known == .via && !line.removed {
            var hops = ListElements(line.value)
            while let hop = hops.next(in: span) {
                if isRelevo(span, hop) { passes += 1 }
                if passes >= maxPasses { return true }
            }
        }
        return false
    }

    /// Whether one element of Via, `1.1 name (comment)`, names this kind of proxy.
    private static func isRelevo(_ span: borrowing Span<UInt8>, _ hop: Range<Int>) -> Bool {
        var start = hop.lowerBound
        while start < hop.upperBound, !ASCII.isBlank(span[start]) { start += 1 }
        while start < hop.upperBound, ASCII.isBlank(span[start]) { start += 1 }
        var end = start
        while end < hop.upperBound, !ASCII.isBlank(span[end]) { end += 1 }
        return ASCII.matches(span, start..<end, lowercase: "relevo")
    }
}

extension RequestRewrite {
    /// What a domain's mode says of the fields that tell of the client; who that is, is not said yet.
    package init(connection: ConnectionField, telling mode: ForwardedMode) {
        self.init(connection: connection)
        switch mode {
        case .none: return
        case .xForwarded: forwarded = .xForwarded
        case .rfc7239: forwarded = .rfc7239
        }
        via = true
    }
}

extension HeadLimits {
    /// The bounds on heads of a configuration.
    package init(_ limits: Limits) {
        self.init(headBytes: limits.headBytes, fields: limits.fields, targetBytes: limits.targetBytes)
    }
}
