// Judges a request head: the hook's say among the rules of RelevoPolicy, which know no hooks.
// What follows from a verdict is Exchange's matter.

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
        let rules = RequestRules(snapshot, redirect: redirect)
        if let fault = rules.refusal(of: request) { return .fault(fault, RequestMatch()) }
        if let hook, let verdict = consult(hook, &request, client) {
            if redirect == nil { return verdict }
            // Only an answer goes out without TLS, not the request to an endpoint.
            if case .answer = verdict { return verdict }
        }
        switch rules.ruling(on: &request) {
        case .fault(let fault, let domain): return .fault(fault, RequestMatch(domain: domain))
        case .forward(let cluster, let domain, let route):
            return .forward(cluster, RequestMatch(domain: domain, route: route), route.patience)
        case .answer(let status, let body, let domain, let route):
            return .answer(LocalAnswer(status: status, body: body), RequestMatch(domain: domain, route: route))
        case .redirect(let status, let location, let domain, let route):
            return .answer(.redirect(status, to: location), RequestMatch(domain: domain, route: route))
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
    static func isReserved(_ name: String) -> Bool {
        [
            "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te",
            "trailer", "upgrade", "http2-settings",
        ].contains(name.lowercased())
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
