// The script of a simulation: which cluster, how many requests, and how its endpoints fare. It has a file of its own,
// read by the same rules as configurations.

import RelevoPolicy

extension ConfigurationReader {
    /// The script of a tree, for a cluster of a configuration; nil if there is none to speak of.
    mutating func script(of root: YAMLNode, for snapshot: ProxySnapshot) -> SimulationScript? {
        guard let fields = map(Field(node: root, path: [], label: "a script"), .script) else { return nil }
        let cluster = scriptedCluster(fields["cluster"], snapshot, root)
        guard let first = cluster ?? snapshot.clusters.first else { return nil }
        var script = SimulationScript(first, timeouts: snapshot.timeouts)
        script.workers = snapshot.configuration.workers ?? script.workers
        take("duration", of: fields, into: &script.duration) { $0.duration($1) }
        take("rate", of: fields, into: &script.rate) { $0.rate($1) }
        take("posts", of: fields, into: &script.posts) { $0.share($1) }
        let number = "a whole number"
        take("workers", of: fields, into: &script.workers) { $0.number($1, in: 1...256, wants: number) }
        take("clients", of: fields, into: &script.clients) { $0.number($1, in: 1...1_000_000, wants: number) }
        checkRequests(of: script, fields, root)
        var usual = EndpointPhase()
        take("checks", of: fields, into: &usual.checks) { $0.choice($1, of: EndpointPhase.Checks.self) }
        if let field = fields["endpoints"] {
            let timelines = timelines(field, of: cluster, from: usual, until: script.duration)
            script.timelines = timelines
        } else {
            script.timelines = first.endpoints.map { _ in EndpointTimeline([usual]) }
        }
        return script
    }

    /// The cluster that a script names; if the configuration has one only, it need not be named.
    private mutating func scriptedCluster(_ field: Field?, _ snapshot: ProxySnapshot, _ root: YAMLNode) -> Cluster? {
        let names = snapshot.clusters.map(\.name)
        guard let field else {
            if snapshot.clusters.count == 1 { return snapshot.clusters.first }
            let list = names.isEmpty ? "the configuration has none" : "choose one of \(Self.list(names))"
            report("`cluster` is missing", suggestion: list, at: root.location)
            return nil
        }
        guard let name = text(field, wants: "the name of a cluster") else { return nil }
        if let cluster = snapshot.cluster(named: name) ?? snapshot.clusters.first(where: { $0.name == name }) {
            return cluster
        }
        let near = Section.closest(to: name, among: names).map { "did you mean `\($0)`?" }
        report(
            "the configuration has no cluster \(name.quoted)",
            suggestion: near ?? (names.isEmpty ? nil : "choose one of \(Self.list(names))"), at: field.place)
        return nil
    }

    /// Some names for a sentence; not all if they are many.
    private static func list(_ names: [String]) -> String {
        var seen: Set<String> = []
        let distinct = names.filter { seen.insert($0).inserted }
        return distinct.prefix(8).map(\.quoted).joined(separator: ", ") + (distinct.count > 8 ? ", …" : "")
    }

    /// Requests a second: `5000/s` or `5000`.
    private mutating func rate(_ field: Field) -> Int? {
        let wants = "requests a second such as `5000/s`"
        guard let text = text(field, wants: wants) else { return nil }
        guard let (digits, unit) = WholeNumber.split(text), unit.isEmpty || unit == "/s",
            let number = WholeNumber.parse(digits)
        else {
            mismatch(field, wants: wants)
            return nil
        }
        guard SimulationScript.rates.contains(number) else {
            let range = SimulationScript.rates
            report(
                "`rate` is out of bounds: \(number)/s",
                suggestion: "write \(range.lowerBound)/s to \(range.upperBound)/s", at: field.place)
            return nil
        }
        return number
    }

    private mutating func checkRequests(of script: SimulationScript, _ fields: Fields, _ root: YAMLNode) {
        let most = SimulationScript.maxRequests
        guard Double(script.rate) * (script.duration / .seconds(1)) > Double(most) else { return }
        report(
            "\(script.rate) requests a second for \(DurationText.write(script.duration)) are too many",
            suggestion: "\(most) requests can be played: shorten `duration` or lower `rate`",
            at: (fields["rate"] ?? fields["duration"])?.place ?? root.location)
    }

    /// A part of all: `30%`, or `true` for all and `false` for none.
    private mutating func share(_ field: Field) -> Int? {
        if says("true", field) { return 100 }
        if says("false", field) { return 0 }
        let wants = "a part of all such as `30%`, or `true`"
        guard let text = text(field, wants: wants) else { return nil }
        let number = WholeNumber.parse(text.hasSuffix("%") ? text.dropLast() : text[...])
        guard let number, text.hasSuffix("%") else {
            let meant = ["yes": "true", "on": "true", "no": "false", "off": "false"][text.lowercased()]
            mismatch(field, wants: wants, suggestion: (number.map { "\($0)%" } ?? meant).map { "write `\($0)`" })
            return nil
        }
        guard number > 100 else { return number }
        report("\(field.label) is out of bounds: \(text)", suggestion: "write 0% to 100%", at: field.place)
        return nil
    }
}

// MARK: - Endpoints

extension ConfigurationReader {
    /// How each endpoint fares, by position; `cluster` is nil if it is not known, so that no name can be wrong.
    private mutating func timelines(
        _ field: Field, of cluster: Cluster?, from usual: EndpointPhase, until end: Duration
    ) -> [EndpointTimeline] {
        let endpoints = cluster?.endpoints ?? []
        var others = [usual]
        var found: [Int: [EndpointPhase]] = [:]
        for (name, field) in named(field, wants: "a map of addresses, e.g. `10.0.0.1:80: { refuses: true }`") {
            let phases = phases(field, from: usual, until: end)
            if name == "*" {
                others = phases
            } else if let position = endpoints.firstIndex(where: { $0.text == name || $0.text == name + ":80" }) {
                if found[position] != nil {
                    report("\(name.quoted) is there twice", at: field.keyLocation ?? field.place)
                }
                found[position] = phases
            } else if let cluster {
                let texts = endpoints.map(\.text)
                let near = texts.count > 8 ? Section.closest(to: name, among: texts) : nil
                report(
                    "cluster `\(cluster.name)` has no endpoint \(name.quoted)",
                    suggestion: near.map { "did you mean `\($0)`?" }
                        ?? "it has \(Self.list(texts)); `\"*\"` is for all that are not named",
                    at: field.keyLocation ?? field.place)
            }
        }
        return endpoints.indices.map { EndpointTimeline(found[$0] ?? others) }
    }

    /// The phases of an endpoint, in the order of time: a list, or one that stands alone.
    private mutating func phases(_ field: Field, from usual: EndpointPhase, until end: Duration) -> [EndpointPhase] {
        var phases: [EndpointPhase] = []
        let wants = "a list of phases such as `[{ at: 10s, refuses: true }]`"
        if let word = field.node.scalar?.text {
            let isMode = Section.phase.keys.contains(word)
            mismatch(field, wants: wants, suggestion: isMode ? "write `{ \(word): true }`" : nil)
            return [usual]
        }
        let items = isMap(field) ? [field] : list(field, of: "a phase", wants: wants) ?? []
        for item in items {
            guard let fields = map(item, .phase) else { continue }
            var phase = usual
            phase.latency = phases.last?.latency ?? usual.latency
            read(fields, into: &phase)
            check(phase, fields, at: item.place)
            let place = fields["at"]?.place ?? item.place
            if let last = phases.last, phase.begins <= last.begins, !unread.contains(item.path + ["at"]) {
                report("phases stand in the order of their times", suggestion: "write a later `at`", at: place)
            } else if phase.begins >= Self.nanoseconds(end) {
                report(
                    "`at` is after the end: the simulation lasts \(DurationText.write(end))",
                    suggestion: "write a longer `duration`, or an earlier `at`", at: place)
            }
            phases.append(phase)
        }
        return phases.isEmpty ? [usual] : phases
    }

    private mutating func read(_ fields: Fields, into phase: inout EndpointPhase) {
        take("at", of: fields, into: &phase.begins) { $0.moment($1) }
        take("latency", of: fields, into: &phase.latency) { $0.latency($1) }
        take("refuses", of: fields, into: &phase.refuses) { $0.share($1) }
        take("ignores", of: fields, into: &phase.ignores) { $0.share($1) }
        take("drops", of: fields, into: &phase.drops) { $0.share($1) }
        take("hangs", of: fields, into: &phase.hangs) { $0.share($1) }
        take("checks", of: fields, into: &phase.checks) { $0.choice($1, of: EndpointPhase.Checks.self) }
        guard let field = fields["errors"] else { return }
        guard isMap(field) else { return take("errors", of: fields, into: &phase.errors) { $0.share($1) } }
        guard let parts = map(field, .errors) else { return }
        phase.errors = 100
        take("share", of: parts, into: &phase.errors) { $0.share($1) }
        let wants = "a status from 400 to 599"
        take("status", of: parts, into: &phase.status) { $0.number($1, in: 400...599, wants: wants) }
    }

    /// Reports what a phase says against itself.
    private mutating func check(_ phase: EndpointPhase, _ fields: Fields, at place: SourceLocation) {
        if phase.trouble > 100 {
            report(
                "`refuses`, `ignores`, `drops`, `hangs` and `errors` are \(phase.trouble)% together",
                suggestion: "they are parts of the same requests: 100% at most", at: place)
        }
        guard let field = fields["recovers"], let recovers = flag(field) else { return }
        if !recovers {
            report("`recovers: false` says nothing", suggestion: "leave it out", at: field.place)
        } else if phase.trouble > 0 {
            report(
                "`recovers` contradicts what else the phase says", suggestion: "leave one of them out", at: field.place)
        }
    }

    /// A time after the beginning; `0s` is the beginning.
    private mutating func moment(_ field: Field) -> UInt64? {
        if ["0", "0s", "0ms", "0m"].contains(field.node.scalar?.text), let text = field.node.scalar?.text {
            return says(text, field) ? 0 : nil
        }
        return duration(field).map(Self.nanoseconds)
    }

    /// `5ms`, `5ms-20ms` or `{ exponential: 20ms }`.
    private mutating func latency(_ field: Field) -> SimulatedLatency? {
        let wants = "`5ms`, `5ms-20ms` or `{ exponential: 20ms }`"
        if isMap(field) {
            let known = problems.count
            guard let fields = map(field, .latency, wants: wants) else { return nil }
            guard let mean = fields["exponential"] else {
                // An unknown key was reported, and is the reason why it is missing.
                if problems.count == known { report("`latency` wants \(wants)", at: field.place) }
                return nil
            }
            return duration(mean).map { .exponential(mean: Self.nanoseconds($0)) }
        }
        guard let text = text(field, wants: wants) else { return nil }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        do throws(QuantityError) {
            let first = Self.nanoseconds(try DurationText.parse(String(ends[0]), for: field.label))
            guard ends.count > 1 else { return .fixed(first) }
            let last = Self.nanoseconds(try DurationText.parse(String(ends[1]), for: field.label))
            if first <= last { return .range(first, last) }
            report(
                "`latency` has a range that runs backwards: \(text.quoted)",
                suggestion: "write `\(ends[1])-\(ends[0])`", at: field.place)
        } catch {
            report(error.message, suggestion: error.suggestion, at: field.place)
        }
        return nil
    }

    /// What a file can say is whole milliseconds, at most a day.
    private static func nanoseconds(_ duration: Duration) -> UInt64 { UInt64(max(0, duration / .nanoseconds(1))) }
}
