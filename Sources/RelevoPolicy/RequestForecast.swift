// What would become of a request, as values: for `relevo explain`, `test` and `diff`. Decided by RequestRules and
// written by HeadSerializer, as for requests that come. What endpoints answer is not known here.

package import RelevoHTTP

/// What would become of a request.
package struct RequestForecast: Sendable {
    /// Who answers it.
    package enum Outcome: Sendable {
        /// The proxy refuses it; the parser's error, if it is not even HTTP.
        case fault(Fault, HTTPParseError?)
        /// The proxy sends the client elsewhere.
        case redirect(status: Int, location: String)
        /// The proxy answers.
        case answer(status: Int, body: [UInt8])
        /// An endpoint of the cluster.
        case cluster(Cluster)
    }

    /// One field of the request as it reaches an endpoint.
    package struct Field: Sendable, Hashable {
        /// The name as it is spelled.
        package var name: String
        /// The value.
        package var value: String
    }

    /// Who answers it.
    package var outcome: Outcome
    /// The domain of its host.
    package var domain: Domain?
    /// The route that takes it; nil also if its listener sends it elsewhere.
    package var route: Route?
    /// Whether the proxy believes what the client says of others.
    package var isTrusted = false
    /// Whether the identifier among `fields` stands for one that is made for each request anew.
    package var makesRequestID = false
    /// The fields as they reach an endpoint; empty if none sees the request.
    package var fields: [Field] = []

    init(_ outcome: Outcome, domain: Domain? = nil, route: Route? = nil) {
        self.outcome = outcome
        self.domain = domain
        self.route = route
    }

    init(_ ruling: Ruling) {
        switch ruling {
        case .fault(let fault, let domain): self.init(.fault(fault, nil), domain: domain)
        case .redirect(let status, let location, let domain, let route):
            let text = String(decoding: location, as: UTF8.self)
            self.init(.redirect(status: status, location: text), domain: domain, route: route)
        case .answer(let status, let body, let domain, let route):
            self.init(.answer(status: status, body: body), domain: domain, route: route)
        case .forward(let cluster, let domain, let route):
            self.init(.cluster(cluster), domain: domain, route: route)
        }
    }

    /// The endpoints of which one gets the request, as long as none of them fails; empty if none sees it.
    package var candidates: [Endpoint] {
        guard case .cluster(let cluster) = outcome else { return [] }
        return BalanceText.serving(cluster)
    }

    /// The status, if the proxy answers.
    package var status: Int? {
        switch outcome {
        case .fault(let fault, _): fault.row.status
        case .redirect(let status, _), .answer(let status, _): status
        case .cluster: nil
        }
    }
}

extension RequestExplainer {
    /// What would become of a request.
    package func forecast(_ question: Question) -> RequestForecast {
        var silent = SilentTrace()
        return forecast(question, sentTo: doors(for: question).redirect, trace: &silent)
    }

    /// The same, every step of routing noted; `redirect` is where the listener sends its clients.
    func forecast(
        _ question: Question, sentTo redirect: RedirectToTLS?, trace: inout some RouteTrace
    ) -> RequestForecast {
        var head = RequestHead()
        do throws(HTTPParseError) {
            try read(question, into: &head)
        } catch {
            return RequestForecast(.fault(Fault(refusing: error.kind), error))
        }
        let isTrusted = IPAddress(question.client).map { snapshot.trustedProxies.trusts($0) } ?? false
        if snapshot.asksForCertificates { head.fields.removeClientCertificate() }
        let cameByTLS = isTrusted && TrustedProxies.sayTLS(head.fields)
        let rules = RequestRules(snapshot, redirect: cameByTLS ? nil : redirect)
        var forecast: RequestForecast
        if let fault = rules.refusal(of: head) {
            forecast = RequestForecast(.fault(fault, nil))
        } else {
            forecast = RequestForecast(rules.ruling(on: &head, trace: &trace))
        }
        forecast.isTrusted = isTrusted
        if case .cluster = forecast.outcome, let domain = forecast.domain {
            send(head, domain, question, &forecast)
        }
        return forecast
    }

    /// The request as its head would arrive, judged by the parser of the request path.
    private func read(_ question: Question, into head: inout RequestHead) throws(HTTPParseError) {
        let (authority, target) = Self.split(question.url)
        var text = "\(question.method) \(target) HTTP/1.1\r\n"
        if !question.hasHost { text += "Host: \(authority)\r\n" }
        for field in question.fields { text += field + "\r\n" }
        head.fields.bytes = Array((text + "\r\n").utf8)
        try head.parse(limits: HeadLimits(snapshot.limits))
    }

    /// Notes the fields with which an endpoint would get the request.
    private func send(
        _ head: borrowing RequestHead, _ domain: Domain, _ question: Question, _ forecast: inout RequestForecast
    ) {
        var rewrite = RequestRewrite.classic
        if !domain.isClassic {
            rewrite = RequestRewrite(
                connection: head.wantsUpgrade ? .upgrade : domain.connection == .close ? .close : .keepAlive,
                telling: domain.forwarded)
        }
        if domain.forwarded != .none {
            if question.isSecure { rewrite.scheme = .https }
            rewrite.clientAddress = Array(question.client.utf8)
            rewrite.trusted = forecast.isTrusted
            let accepted = forecast.isTrusted ? TrustedProxies.requestID(in: head.fields) : nil
            rewrite.requestID = accepted ?? Array("0000000000000000".utf8)
            forecast.makesRequestID = accepted == nil
        }
        var sent = RequestHead()
        HeadSerializer.append(request: head, rewrite: rewrite, to: &sent.fields.bytes)
        // What was valid and within its bounds is still valid, but the proxy's own fields may go beyond the bounds.
        try? sent.parse(limits: HeadLimits(headBytes: .max, fields: .max, targetBytes: .max))
        forecast.fields = sent.fields.lines.map { line in
            RequestForecast.Field(
                name: String(decoding: sent.fields.name(of: line), as: UTF8.self),
                value: String(decoding: sent.fields.value(of: line), as: UTF8.self))
        }
    }
}
