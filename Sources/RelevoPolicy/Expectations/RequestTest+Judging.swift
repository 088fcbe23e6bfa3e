// Whether what is expected of a request would become of it, and the words for what would become of it instead.
// What becomes of it is said by RequestForecast.

/// What has come of a test.
package struct TestVerdict: Sendable {
    /// An expectation that does not hold.
    package struct Failure: Sendable {
        /// The key of what was expected.
        package var key: String
        /// What was expected, as it was written.
        package var expected: String
        /// What would be instead.
        package var found: String
        /// What may help, if anything does.
        package var hint: String?
        /// Where the expectation was written.
        package var location: SourceLocation

        /// `cluster: expected api, got web`, with quotes.
        package var text: String {
            "\(key): expected \(expected), got \(found)" + (hint.map { " (\($0))" } ?? "")
        }
    }

    /// What was judged.
    package var test: RequestTest
    /// What does not hold; empty if the test has passed.
    package var failures: [Failure]
    /// What decided on the request: its route, or why there is none.
    package var reason: String

    /// Whether all expectations hold.
    package var hasPassed: Bool { failures.isEmpty }
}

extension RequestTest {
    /// Judges the test for the snapshot of an explainer.
    package func judged(by explainer: RequestExplainer) -> TestVerdict {
        let forecast = explainer.forecast(question)
        let failures = expectations.compactMap { expectation -> TestVerdict.Failure? in
            let judge = ExpectationJudge(forecast, explainer.snapshot)
            guard let difference = judge.difference(from: expectation.statement) else { return nil }
            return TestVerdict.Failure(
                key: expectation.key, expected: difference.expected, found: difference.found, hint: difference.hint,
                location: expectation.location)
        }
        return TestVerdict(test: self, failures: failures, reason: forecast.reason)
    }
}

/// Compares statements with what would be.
private struct ExpectationJudge {
    /// What is expected and what would be instead, in words.
    struct Difference {
        var expected: String
        var found: String
        var hint: String?

        init(_ expected: String, _ found: String, hint: String? = nil) {
            self.expected = expected
            self.found = found
            self.hint = hint
        }
    }

    private let forecast: RequestForecast
    private let snapshot: ProxySnapshot

    init(_ forecast: RequestForecast, _ snapshot: ProxySnapshot) {
        self.forecast = forecast
        self.snapshot = snapshot
    }

    /// How what would be differs from a statement; nil if it does not.
    func difference(from statement: RequestExpectation.Statement) -> Difference? {
        switch statement {
        case .domain(let name): domain(name)
        case .route(let text): route(text)
        case .cluster(let name): cluster(name)
        case .endpoint(let text): endpoint(text)
        case .endpoints(let texts): endpoints(texts)
        case .status(let status): compare("\(status)", forecast.status.map(String.init) ?? forecast.summary)
        case .location(let text): location(text)
        case .body(let text): body(text)
        case .code(let fault): code(fault)
        case .header(let name, let value): header(name, value)
        case .timeout(let limit, let time): timeout(limit, time)
        }
    }

    private func compare(_ expected: String, _ found: String) -> Difference? {
        expected == found ? nil : Difference(expected, found)
    }

    private func domain(_ name: String) -> Difference? {
        guard let domain = forecast.domain else { return Difference("`\(name)`", "no domain") }
        guard domain.written.lowercased() != name.lowercased(), domain.name != name else { return nil }
        let names = snapshot.table.domains.map(\.written)
        return Difference("`\(name)`", "`\(domain.written)`", hint: hint("domain", name, names))
    }

    private func route(_ text: String) -> Difference? {
        guard let route = forecast.route else { return Difference("`\(text)`", "no route") }
        guard text != route.text, text != String(decoding: route.path, as: UTF8.self) else { return nil }
        return Difference("`\(text)`", "`\(route.text)`")
    }

    private func cluster(_ name: String) -> Difference? {
        let hint = hint("cluster", name, snapshot.clusters.map(\.name))
        guard case .cluster(let cluster) = forecast.outcome else {
            return Difference("`\(name)`", forecast.summary, hint: hint)
        }
        return cluster.name == name ? nil : Difference("`\(name)`", "`\(cluster.name)`", hint: hint)
    }

    /// What to say of a name that the configuration does not have.
    private func hint(_ kind: String, _ name: String, _ names: [String]) -> String? {
        guard !names.contains(where: { $0.lowercased() == name.lowercased() }) else { return nil }
        let cure = Spelling.suggestion(for: name, among: names).map { ": \($0)" } ?? ""
        return "there is no \(kind) `\(name)`\(cure)"
    }

    private func endpoint(_ text: String) -> Difference? {
        let candidates = forecast.candidates
        guard !candidates.contains(where: { Self.isMeant($0, by: text) }) else { return nil }
        return Difference("`\(text)`", list(candidates))
    }

    private func endpoints(_ texts: [String]) -> Difference? {
        let candidates = forecast.candidates
        let missing = texts.contains { text in !candidates.contains { Self.isMeant($0, by: text) } }
        let others = candidates.contains { candidate in !texts.contains { Self.isMeant(candidate, by: $0) } }
        guard missing || others else { return nil }
        return Difference(texts.map { "`\($0)`" }.joined(separator: ", "), list(candidates))
    }

    private func list(_ endpoints: [Endpoint]) -> String {
        endpoints.isEmpty ? forecast.summary : EndpointList.text(endpoints.map(\.text))
    }

    /// Whether a text in the form of a configuration file means an endpoint.
    private static func isMeant(_ endpoint: Endpoint, by text: String) -> Bool {
        let isSecure = endpoint.serverName != nil
        guard text != endpoint.text else { return true }
        guard isSecure || !AddressText.isSecure(text) else { return false }
        return (try? AddressText.endpoint(text, tls: isSecure)) == endpoint.address
    }

    private func location(_ text: String) -> Difference? {
        guard case .redirect(_, let location) = forecast.outcome else {
            return Difference("`\(text)`", forecast.summary)
        }
        return compare("`\(text)`", "`\(location)`")
    }

    private func body(_ text: String) -> Difference? {
        guard case .answer(_, let body) = forecast.outcome else {
            return Difference(Self.quoted(text), forecast.summary)
        }
        return compare(Self.quoted(text), Self.quoted(String(decoding: body, as: UTF8.self)))
    }

    /// A text on one line, as YAML would have it.
    private static func quoted(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return "`\"\(lines.joined(separator: "\\n"))\"`"
    }

    private func code(_ fault: Fault) -> Difference? {
        guard case .fault(let found, _) = forecast.outcome else {
            return Difference("`\(fault.rawValue)`", forecast.summary)
        }
        return compare("`\(fault.rawValue)`", "`\(found.rawValue)`")
    }

    private func header(_ name: String, _ value: RequestExpectation.FieldValue) -> Difference? {
        let expected =
            switch value {
            case .absent: "none"
            case .present: "any value"
            case .text(let text): "`\(text)`"
            }
        guard case .cluster = forecast.outcome else { return Difference(expected, forecast.summary) }
        let lines = forecast.fields.filter { $0.name.lowercased() == name.lowercased() }
        let found = lines.isEmpty ? nil : lines.map(\.value).joined(separator: ", ")
        switch (value, found) {
        case (.absent, nil), (.present, .some): return nil
        case (.text, .some) where forecast.makesRequestID && name.lowercased() == "x-request-id":
            return Difference(expected, "another one for each request", hint: "write `any`")
        case (.text(let text), let found?) where text == found: return nil
        case (.absent, let found?), (.text, let found?): return Difference(expected, "`\(found)`")
        case (.present, nil), (.text, nil): return Difference(expected, "none")
        }
    }

    private func timeout(_ limit: RequestExpectation.TimeLimit, _ time: Duration) -> Difference? {
        let expected = DurationText.write(time)
        guard case .cluster = forecast.outcome, let times = forecast.route?.timeouts else {
            return Difference(expected, forecast.summary)
        }
        return compare(expected, DurationText.write(times[limit]))
    }
}

extension Timeouts {
    /// One of the limits that a route has.
    subscript(limit: RequestExpectation.TimeLimit) -> Duration {
        switch limit {
        case .body: body
        case .connect: connect
        case .response: response
        case .stream: stream
        }
    }
}

/// Endpoints for a sentence.
enum EndpointList {
    /// All of them, or the first four and how many more there are.
    static func text(_ names: [String]) -> String {
        let first = names.prefix(4).map { "`\($0)`" }.joined(separator: ", ")
        return names.count > 4 ? first + " and \(names.count - 4) more" : first
    }
}
