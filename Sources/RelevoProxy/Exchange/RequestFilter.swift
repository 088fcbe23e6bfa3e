// Judges a request head: hook, then routes.
// Pure apart from the hook; what follows from a verdict is Exchange's matter.

import RelevoHTTP
import RelevoPolicy

/// What becomes of a request.
enum Verdict {
    /// It goes to an endpoint of the cluster.
    case forward(Cluster, RequestMatch, Patience)
    /// The proxy answers.
    indirect case answer(LocalAnswer, RequestMatch)
    /// It fails.
    case fault(Fault, RequestMatch)
}

/// Judges requests for one snapshot.
struct RequestFilter {
    let snapshot: ProxySnapshot
    let hook: RequestHook?
    /// The client's certificate, for the hook.
    var certificate: ClientCertificate?
    /// Whether fields about certificates are no hook's to change.
    var asksForCertificates = false
    /// Where the client is to be sent instead of being served.
    var redirect: RedirectToTLS?

    init(snapshot: ProxySnapshot, hook: RequestHook?) {
        self.snapshot = snapshot
        self.hook = hook
    }

    /// Judges a parsed head. Edits that the hook asks for are made in `request`.
    func judge(_ request: inout RequestHead, client: [UInt8]) -> Verdict {
        switch request.method {
        case .connect, .trace: return .fault(.clientMethodRefused, RequestMatch())
        default: break
        }
        if case .length(let length) = request.framing, isTooLarge(length) {
            return .fault(.clientBodyTooLarge, RequestMatch())
        }
        if goesInCircles(request) { return .fault(.routeLoop, RequestMatch()) }
        if let hook, let verdict = consult(hook, &request, client) {
            if redirect == nil { return verdict }
            // Only an answer goes out without TLS, not the request to an endpoint.
            if case .answer = verdict { return verdict }
        }
        if let redirect { return sendToTLS(redirect, request) }
        let query = RouteQuery(
            host: request.authority.host[...], path: request.pathBytes, method: request.methodBytes)
        switch snapshot.table.decide(query) {
        case .unknownDomain: return .fault(.routeUnknownDomain, RequestMatch())
        case .noRoute(let domain): return .fault(.routeNone, RequestMatch(domain: domain))
        case .matched(let domain, let route):
            if !domain.isClassic, let answer = lastForward(&request) {
                return .answer(answer, RequestMatch(domain: domain, route: route))
            }
            return verdict(of: route, domain, request)
        }
    }

    /// How often a request may pass a Relevo: tiers of proxies are legitimate, circles are not.
    static let maxPasses = 8

    /// Whether Via names this kind of proxy too often (RFC 9110 §7.6.3). Endless circles would eat every descriptor.
    private func goesInCircles(_ request: borrowing RequestHead) -> Bool {
        guard request.fields.contains(.via) else { return false }
        let span = request.fields.bytes.span
        var passes = 0
        for line in request.fields.lines where line.known == .via && !line.removed {
            var hops = ListElements(line.value)
            while let hop = hops.next(in: span) {
                if Self.isRelevo(span, hop) { passes += 1 }
                if passes >= Self.maxPasses { return true }
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

    /// RFC 9110 §7.6.2: an OPTIONS that may go no further is answered here, any other Max-Forwards is counted down.
    private func lastForward(_ request: inout RequestHead) -> LocalAnswer? {
        guard request.method == .options, let line = request.fields.first(.maxForwards) else { return nil }
        let digits = String(decoding: request.fields.value(of: line), as: UTF8.self)
        guard let count = Int(digits), count >= 0 else { return nil }
        if count == 0 { return LocalAnswer(status: 204) }
        request.fields.remove(.maxForwards)
        try? request.fields.append(name: "Max-Forwards", value: String(count - 1))
        return nil
    }

    private func isTooLarge(_ length: Int) -> Bool {
        snapshot.limits.bodyBytes > 0 && length > snapshot.limits.bodyBytes
    }

    func verdict(of route: Route, _ domain: Domain, _ request: borrowing RequestHead) -> Verdict {
        let match = RequestMatch(domain: domain, route: route)
        switch route.target {
        case .cluster(let cluster): return .forward(cluster, match, route.patience)
        case .respond(let status, let body): return .answer(LocalAnswer(status: status, body: body), match)
        case .redirect(let target, let status):
            let query = request.hasQuery ? [UInt8(ascii: "?")] + request.queryBytes : []
            let location = target.location(path: NormalPath(request.pathBytes).bytes, query: query[...])
            return .answer(.redirect(status, to: location), match)
        }
    }
}

// MARK: - The hook

extension RequestFilter {
    private func consult(_ hook: RequestHook, _ request: inout RequestHead, _ client: [UInt8]) -> Verdict? {
        let fields = request.fields
        var seen = HookRequest(
            method: text(request.methodBytes), host: request.authority.hostText, target: text(request.target),
            path: text(NormalPath(request.pathBytes).bytes), clientAddress: text(client[...]),
            fields: fields.lines.lazy.filter { !$0.removed }
                .map { (text(fields.name(of: $0)), text(fields.value(of: $0))) },
            clientCertificate: certificate)
        switch hook(&seen) {
        case .forward:
            apply(seen.edits, to: &request)
            return nil
        case .cluster(let name):
            apply(seen.edits, to: &request)
            var silent = SilentTrace()
            let domain = snapshot.table.domain(for: request.authority.host[...], trace: &silent)
            let match = RequestMatch(domain: domain)
            guard let cluster = snapshot.cluster(named: name) else { return .fault(.endpointNoneHealthy, match) }
            let timeouts = snapshot.timeouts.overridden(by: cluster.timeouts)
            return .forward(cluster, match, Patience(timeouts))
        case .respond(let response):
            return .answer(Self.answer(response), RequestMatch())
        }
    }

    private static func answer(_ response: HookResponse) -> LocalAnswer {
        let hasValidType = HeaderFields.isValid(name: "Content-Type", value: response.contentType)
        var answer = LocalAnswer(
            status: (200...599).contains(response.status) ? response.status : 500,
            contentType: hasValidType ? response.contentType : "application/octet-stream", body: response.body)
        for (name, value) in response.fields where HeaderFields.isValid(name: name, value: value) {
            let isWritten = ["date", "content-type"].contains(name.lowercased())
            guard !isReserved(name), !isWritten else { continue }
            if name.lowercased() == StrictTransport.lowercaseName { answer.saysStrictTransport = true }
            answer.fields += Array("\(name): \(value)\r\n".utf8)
        }
        return answer
    }

    private func apply(_ edits: [FieldEdit], to request: inout RequestHead) {
        for edit in edits {
            switch edit {
            case .remove(let name) where !isOwn(name): request.fields.remove(named: name)
            case .add(let name, let value) where !isOwn(name):
                // An invalid name or value was the hook's mistake; the request goes on without it.
                try? request.fields.append(name: name, value: value)
            case .remove, .add: break
            }
        }
    }

    /// Fields that no hook may change: those below, and those about certificates where clients are asked for them.
    private func isOwn(_ name: String) -> Bool {
        Self.isReserved(name) || asksForCertificates && ClientCertificateField.isMeant(by: name)
    }

    /// Fields that say how the message is framed, where it goes and what holds for one hop only.
    private static func isReserved(_ name: String) -> Bool {
        [
            "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te",
            "trailer", "upgrade", "http2-settings",
        ].contains(name.lowercased())
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
