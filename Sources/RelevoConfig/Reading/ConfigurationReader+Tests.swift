// What a file expects of itself: requests, and what is to become of them. Whether it does is judged by RequestTest, and
// nothing here asks it: names that nothing has are no mistakes of a configuration.

import RelevoPolicy

extension ConfigurationReader {
    /// The tests in the order of the file.
    mutating func tests(_ field: Field) -> [RequestTest] {
        if says("off", field) { return [] }
        let items = list(field, of: "a test", wants: "a list of tests") ?? []
        return items.compactMap { test($0) }
    }

    private mutating func test(_ item: Field) -> RequestTest? {
        let example = "{ request: GET http://a.example/, expect: { cluster: api } }"
        guard let fields = map(item, .test, wants: "a map such as `\(example)`") else { return nil }
        guard case .map(let entries) = item.node.content else { return nil }
        let slips = entries.compactMap { Section.closest(to: $0.key.text, among: Section.test.keys) }
        for key in ["request", "expect"] where fields[key] == nil && !slips.contains(key) {
            report("a test wants `\(key)`", suggestion: "for example `\(example)`", at: item.place)
        }
        var question = fields["request"].flatMap { request($0) }
        question?.fields = fields["headers"].map { requestFields($0) } ?? []
        if let client = fields["from"].flatMap({ clientAddress($0) }) { question?.client = client }
        let name = fields["name"].flatMap { text($0, wants: "a text") }
        let expectations = fields["expect"].map { self.expectations($0) } ?? []
        return question.map { RequestTest($0, name: name, expectations: expectations, location: item.place) }
    }

    /// `GET http://a.example/`, or the URL alone.
    private mutating func request(_ field: Field) -> RequestExplainer.Question? {
        let example = "for example `GET http://a.example/`"
        let wants = "a method and a URL"
        guard let text = text(field, wants: wants, suggestion: example) else { return nil }
        var method = "GET"
        var url = text[...]
        // A blank inside a URL is a request that may be tested too.
        if let blank = text.firstIndex(of: " "), !text[..<blank].contains(where: { "/.:[".contains($0) }) {
            method = String(text[..<blank])
            url = text[blank...].drop { $0 == " " }
        }
        if let meant = RequestTest.methodMeant(by: method) {
            report(
                "no request has the method \(method.quoted)",
                suggestion: "methods are case-sensitive; write `\(meant)`", at: field.place)
            return nil
        }
        guard !url.isEmpty, !RequestTest.isMethod(String(url)) else {
            mismatch(field, wants: wants, suggestion: example)
            return nil
        }
        let question = RequestExplainer.Question(url: String(url), method: method)
        guard let problem = RequestExplainer.problem(with: question) else { return question }
        report(problem, suggestion: example, at: field.place)
        return nil
    }

    private mutating func requestFields(_ field: Field) -> [String] {
        named(field, wants: "a map such as `{ X-Tenant: blue }`").compactMap { name, field in
            guard let value = anyText(field, wants: "a text") else { return nil }
            return isField(name, value, field) ? "\(name): \(value)" : nil
        }
    }

    private mutating func isField(_ name: String, _ value: String, _ field: Field) -> Bool {
        guard let problem = RequestTest.problem(ofField: name, value: value) else { return true }
        report(problem, at: field.keyLocation ?? field.place)
        return false
    }

    private mutating func clientAddress(_ field: Field) -> String? {
        let wants = "an IP address"
        guard let text = text(field, wants: wants, suggestion: "for example `192.0.2.1`") else { return nil }
        if AddressText.isLiteral(text) { return text }
        mismatch(field, wants: wants, suggestion: "for example `192.0.2.1`")
        return nil
    }
}

// MARK: - Expectations

extension ConfigurationReader {
    private mutating func expectations(_ field: Field) -> [RequestExpectation] {
        guard let fields = map(field, .expect, wants: "a map such as `{ cluster: api }`") else { return [] }
        if case .map(let entries) = field.node.content, entries.isEmpty {
            report("`expect` is empty", suggestion: "for example `{ cluster: api }`", at: field.place)
        }
        return Section.expect.keys.flatMap { key in fields[key].map { expectations(of: key, $0) } ?? [] }
    }

    private mutating func expectations(of key: String, _ field: Field) -> [RequestExpectation] {
        switch key {
        case "headers": return headers(field)
        case "timeouts": return timeouts(expected: field)
        default: return statement(key, field).map { [RequestExpectation($0, location: field.place)] } ?? []
        }
    }

    private mutating func statement(_ key: String, _ field: Field) -> RequestExpectation.Statement? {
        switch key {
        case "domain": text(field, wants: "the name of a domain").map { .domain($0) }
        case "route": text(field, wants: "the path of a route").map { .route($0) }
        case "cluster": text(field, wants: "the name of a cluster").map { .cluster($0) }
        case "endpoint": endpoint(expected: field)
        case "status": number(field, in: 200...599, wants: "a status such as 308").map { .status($0) }
        case "location": text(field, wants: "the address of a redirect").map { .location($0) }
        case "body": anyText(field, wants: "a text").map { .body($0) }
        default: code(field).map { .code($0) }
        }
    }

    /// One address that is among others, or a list of all.
    private mutating func endpoint(expected field: Field) -> RequestExpectation.Statement? {
        guard case .list = field.node.content else { return endpointAddress(field).map { .endpoint($0) } }
        let items = list(field, of: "an endpoint", wants: "an address or a list of addresses") ?? []
        let texts = items.compactMap { endpointAddress($0) }
        return texts.count == items.count && !texts.isEmpty ? .endpoints(texts) : nil
    }

    private mutating func endpointAddress(_ field: Field) -> String? {
        guard let text = address(field, example: "10.0.0.1:80") else { return nil }
        do throws(AddressText.Failure) {
            _ = try AddressText.endpoint(text)
            return text
        } catch {
            report(error.message, suggestion: error.suggestion, at: field.place)
            return nil
        }
    }

    private mutating func code(_ field: Field) -> Fault? {
        let wants = "a failure code such as `route.none`"
        guard let text = text(field, wants: wants) else { return nil }
        if let fault = Fault(rawValue: text) { return fault }
        let near = Section.closest(to: text, among: Fault.allCases.map(\.rawValue))
        mismatch(field, wants: wants, suggestion: near.map { "did you mean `\($0)`?" } ?? "docs/errors.md has all")
        return nil
    }

    private mutating func headers(_ field: Field) -> [RequestExpectation] {
        named(field, wants: "a map such as `{ X-Forwarded-Proto: https }`").compactMap { name, field in
            guard let value = headerValue(field) else { return nil }
            let text = if case .text(let text) = value { text } else { "" }
            guard isField(name, text, field) else { return nil }
            return RequestExpectation(.header(name, value), location: field.place)
        }
    }

    /// Words stand for themselves only if they are not in quotes.
    private mutating func headerValue(_ field: Field) -> RequestExpectation.FieldValue? {
        guard let text = anyText(field, wants: "a text, `any` or `off`"), let scalar = field.node.scalar else {
            return nil
        }
        switch (scalar.isPlain && scalar.variables.isEmpty, text) {
        case (true, "off"), (true, "null"): return .absent
        case (true, "any"): return .present
        default: return .text(text)
        }
    }

    private mutating func timeouts(expected field: Field) -> [RequestExpectation] {
        guard let fields = map(field, .overrides, wants: "a map such as `{ response: 10s }`") else { return [] }
        return RequestExpectation.TimeLimit.allCases.compactMap { limit in
            guard let field = fields[limit.rawValue], let time = duration(field) else { return nil }
            return RequestExpectation(.timeout(limit, time), location: field.place)
        }
    }
}
