// `relevo explain`: what would become of a request, in words, without traffic. The decisions are made by the very code
// that serves requests.

import RelevoHTTP

/// Explains requests against a snapshot.
package struct RequestExplainer {
    /// A request as somebody writes it on a command line.
    package struct Question: Sendable {
        /// `http://a.example/x`, with or without the scheme.
        package var url: String
        /// The method.
        package var method: String
        /// Fields, `name: value`.
        package var fields: [String]
        /// The client's address.
        package var client: String

        /// Creates a question.
        package init(url: String, method: String = "GET", fields: [String] = [], client: String = "127.0.0.1") {
            self.url = url
            self.method = method
            self.fields = fields
            self.client = client
        }

        /// Whether the fields say the host.
        var hasHost: Bool { fields.contains { $0.lowercased().hasPrefix("host:") } }

        /// Whether it comes over TLS.
        var isSecure: Bool { url.prefix(8).lowercased() == "https://" }
    }

    /// Against which it explains.
    let snapshot: ProxySnapshot

    /// What is wrong with a question, nil if it can be answered.
    package static func problem(with question: Question) -> String? {
        if let mark = question.url[...].range(of: "://") {
            let scheme = question.url[..<mark.lowerBound].lowercased()
            if scheme != "http", scheme != "https" { return "`\(question.url)` is no URL of http or https" }
        }
        if split(question.url).authority.isEmpty, !question.hasHost { return "`\(question.url)` has no host" }
        if IPAddress(question.client) == nil { return "`\(question.client)` is no IP address" }
        return nil
    }

    /// Creates an explainer.
    package init(_ snapshot: ProxySnapshot) { self.snapshot = snapshot }

    /// The explanation, one line for each step.
    package func explain(_ question: Question) -> [String] {
        let (authority, target) = Self.split(question.url)
        var lines = ["request   \(question.method) \(target) for \(authority), from \(question.client)"]
        let doors = doors(for: question)
        lines += doors.lines
        var trace = RouteExplanation()
        let forecast = forecast(question, sentTo: doors.redirect, trace: &trace)
        lines += trace.steps
        if question.isSecure, let domain = forecast.domain { lines += strictTransport(domain) }
        switch forecast.outcome {
        case .fault(let fault, let error):
            if let error { lines.append("refused   \(error.name): \(error.explanation)") }
            lines.append(
                "outcome   \(fault.rawValue): status \(fault.row.status), and no endpoint sees the request")
        case .redirect(let status, let location):
            lines.append("outcome   redirect, status \(status), to \(location)")
        case .answer(let status, let body):
            lines.append("outcome   answered at once: status \(status), \(body.count) bytes")
        case .cluster(let cluster):
            if let route = forecast.route, let domain = forecast.domain { lines += describe(cluster, route, domain) }
        }
        return lines
    }

    private func describe(_ cluster: Cluster, _ route: Route, _ domain: Domain) -> [String] {
        let explanation = ClusterExplanation(cluster: cluster)
        var lines = explanation.lines
        lines.append("sent on   \(sentOn(domain))")
        if snapshot.asksForCertificates { lines.append("sent on   \(certificates(domain))") }
        let times = route.timeouts
        lines.append(
            "timeouts  connect \(DurationText.write(times.connect)), body \(DurationText.write(times.body)),"
                + " response \(DurationText.write(times.response)), stream \(DurationText.write(times.stream))")
        let limits = snapshot.limits
        let body = limits.bodyBytes == 0 ? "unlimited" : "\(limits.bodyBytes) bytes"
        lines.append(
            "limits    head \(limits.headBytes) bytes, \(limits.fields) fields, target \(limits.targetBytes) bytes,"
                + " body \(body)")
        lines.append("outcome   \(explanation.outcome)")
        return lines
    }

    private func sentOn(_ domain: Domain) -> String {
        if domain.isClassic { return "as received, with the Connection field set to close (connection: close)" }
        let fields =
            switch domain.forwarded {
            case .xForwarded: "X-Forwarded-For, -Proto, -Host and Via are added"
            case .rfc7239: "Forwarded and Via are added"
            case .none: "nothing is added"
            }
        let client = domain.connection == .close ? "closed after the answer" : "kept for further requests"
        return "\(fields); the client's connection is \(client)"
    }

    // MARK: The request

    /// Splits a URL into authority and target; what follows `#` never leaves a client.
    static func split(_ url: String) -> (authority: String, target: String) {
        var rest = url[...]
        if let scheme = rest.range(of: "://") { rest = rest[scheme.upperBound...] }
        rest = rest.prefix { $0 != "#" }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let target = String(rest[end...])
        return (String(rest[..<end]), target.hasPrefix("/") ? target : "/" + target)
    }
}

extension Substring {
    /// The first range of a short needle; the standard library has none without Foundation.
    fileprivate func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
