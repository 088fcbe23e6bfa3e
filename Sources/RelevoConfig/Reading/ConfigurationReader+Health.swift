// Health checks, in short and in long form, and statuses. Which values make a check that can pass is said by
// `ClusterRules`.

import RelevoPolicy

extension ConfigurationReader {
    private enum ProbeWord: String, CaseIterable {
        case http, tcp
    }

    private enum InitialWord: String, CaseIterable {
        case up, down
    }

    /// Whether endpoints are well: a path, `tcp`, or a map.
    mutating func health(_ field: Field) -> HealthCheck? {
        let wants = "`off`, `tcp`, a path or a map such as `{ path: /health, interval: 2s }`"
        guard !isMap(field) else { return longHealth(field) }
        if says("tcp", field.lengthened(to: "probe")) { return HealthCheck(.tcp) }
        guard let text = text(field.lengthened(to: "path"), wants: wants) else { return nil }
        guard text.hasPrefix("/") else {
            let near = Section.closest(to: text, among: ["off", "tcp"]).map { "did you mean `\($0)`?" }
            let isWord = ["on", "true", "yes", "http"].contains(text)
            mismatch(
                field, wants: wants,
                suggestion: isWord ? "name the path, for example `/health`" : near ?? "write \(("/" + text).quoted)")
            return nil
        }
        var probe = HTTPProbe()
        probe.path = text
        return HealthCheck(.http(probe))
    }

    private mutating func longHealth(_ field: Field) -> HealthCheck? {
        guard let fields = map(field, .health) else { return nil }
        var word = ProbeWord.http
        take("probe", of: fields, into: &word) { $0.choice($1, of: ProbeWord.self) }
        var result = HealthCheck(.tcp)
        switch word {
        case .http: result.probe = .http(httpProbe(fields))
        case .tcp: refuseRequestKeys(fields)
        }
        take("interval", of: fields, into: &result.interval) { $0.duration($1) }
        take("timeout", of: fields, into: &result.timeout) { $0.duration($1) }
        take("rise", of: fields, into: &result.rise) { $0.number($1, wants: "a whole number") }
        take("fall", of: fields, into: &result.fall) { $0.number($1, wants: "a whole number") }
        takeUnlessOff("port", of: fields, into: &result.port, word: "auto") {
            $0.number($1, wants: "`auto` or a whole number")
        }
        take("initial", of: fields, into: &result.startsUp) { reader, field in
            reader.choice(field, of: InitialWord.self).map { $0 == .up }
        }
        return result
    }

    private mutating func httpProbe(_ fields: Fields) -> HTTPProbe {
        var result = HTTPProbe()
        take("path", of: fields, into: &result.path) {
            $0.text($1, wants: "a path", suggestion: "for example `/health`")
        }
        take("method", of: fields, into: &result.method) { $0.text($1, wants: "a method such as `GET`") }
        takeUnlessOff("host", of: fields, into: &result.host, word: "auto") { $0.text($1, wants: "`auto` or a host") }
        take("status", of: fields, into: &result.statuses) { $0.statuses($1) }
        // In quotes, `off` is a text to look for like any other.
        if let field = fields["body"], field.node.scalar?.isPlain == true, says("off", field) { return result }
        takeText("body", of: fields, into: &result.body)
        return result
    }

    private mutating func takeText(_ key: String, of fields: Fields, into value: inout String?) {
        var text = ""
        take(key, of: fields, into: &text) { $0.text($1, wants: "`off` or a text to look for") }
        if !text.isEmpty { value = text }
    }

    /// A connection that opens says nothing of requests and answers.
    private mutating func refuseRequestKeys(_ fields: Fields) {
        for key in ["path", "method", "host", "status", "body"] {
            guard let field = fields[key] else { continue }
            report(
                "`\(key)` has no meaning with `probe: tcp`, which opens a connection and asks nothing",
                suggestion: "remove it, or write `probe: http`", at: field.keyLocation ?? field.place)
        }
    }
}

// MARK: - Statuses

extension ConfigurationReader {
    /// One status, a range of them, or a list of both.
    mutating func statuses(_ field: Field) -> [ClosedRange<Int>]? {
        guard case .list = field.node.content else { return status(field).map { [$0] } }
        note(field.path, line: field.node.location.line)
        let items = list(field, of: field.label, wants: "a status or a range such as `200-399`") ?? []
        let ranges = items.map { status($0) }
        return ranges.isEmpty || ranges.contains(nil) ? nil : ranges.compactMap(\.self)
    }

    private mutating func status(_ field: Field) -> ClosedRange<Int>? {
        let wants = "a status or a range such as `200-399`"
        guard let text = text(field, wants: wants) else { return nil }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            .map { WholeNumber.parse($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil else {
            mismatch(field, wants: wants, suggestion: Self.statusMeant(by: text))
            return nil
        }
        guard first <= last else {
            report(
                "\(field.label) has a range that runs backwards: \(text.quoted)",
                suggestion: "write `\(last)-\(first)`",
                at: field.place)
            return nil
        }
        return first...last
    }

    /// What other programs would have understood.
    private static func statusMeant(by text: String) -> String? {
        let lower = text.lowercased()
        if lower.count == 3, lower.hasSuffix("xx"), let digit = lower.first, ("1"..."5").contains(digit) {
            return "write `\(digit)00-\(digit)99`"
        }
        if text.contains(",") { return "write a list: `[200, 301-302]`" }
        return text.contains(" ") ? "write it without spaces" : nil
    }
}
