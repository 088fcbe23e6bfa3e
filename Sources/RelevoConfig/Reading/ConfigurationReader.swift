// Tree to configuration: the root of a file, and what all its parts share: places, problems, origins. Semantics
// such as dangling names and the syntax of addresses are for `SnapshotBuilder`, which also sees configurations
// that were never a file.

import RelevoPolicy

/// Reads a tree; goes on after each problem, so that all of them are found.
struct ConfigurationReader {
    /// The file's text, for hints.
    let source: SourceText
    /// What was found wrong so far.
    var problems: [ConfigurationProblem] = []
    /// What the file expects of itself.
    private(set) var tests: [RequestTest] = []
    /// Where the values were written.
    var origins: [ValuePath: ValueOrigin] = [:]
    /// Where to point for the keys that were read so far.
    var places: [ValuePath: SourceLocation] = [:]
    /// Values that were reported as wrong already, so that their defaults are not held against others.
    var unread: Set<ValuePath> = []

    /// A value and how to speak of it.
    struct Field {
        /// The value.
        let node: YAMLNode
        /// Its path in the long form.
        let path: ValuePath
        /// What messages call it.
        let label: String
        /// Where its key is, if it has one.
        var keyLocation: SourceLocation?

        /// Where to point: at the value, or at its key if there is no value.
        var place: SourceLocation { node.isNothing ? keyLocation ?? node.location : node.location }

        /// This value as the one that its long form has at a key below it.
        func lengthened(to key: String) -> Field {
            Field(node: node, path: path + [key], label: label, keyLocation: keyLocation)
        }
    }

    /// The values of a map by key.
    typealias Fields = [String: Field]

    /// Creates a reader of one file.
    init(source: SourceText) { self.source = source }

    /// The configuration of a tree; complete only if no problem was found.
    mutating func configuration(of root: YAMLNode) -> ProxyConfiguration {
        var result = ProxyConfiguration()
        let field = Field(node: root, path: [], label: "a configuration")
        guard let fields = map(field, .root) else { return result }
        reportMissing(in: fields, of: root)
        result.workers = fields["workers"].flatMap { workers($0) }
        result.listeners = fields["listeners"].map { listeners($0) } ?? []
        result.domains = fields["domains"].map { domains($0) } ?? []
        result.clusters = fields["clusters"].map { clusters($0) } ?? []
        result.timeouts = fields["timeouts"].map { timeouts($0) } ?? result.timeouts
        result.limits = fields["limits"].map { limits($0) } ?? result.limits
        result.trustedProxies = fields["trusted_proxies"].map { trustedProxies($0) } ?? []
        result.resolver = fields["resolver"].map { resolver($0) } ?? result.resolver
        result.hsts = fields["hsts"].flatMap { hsts($0) }
        result.accessLog = fields["access_log"].flatMap { accessLog($0) } ?? .standardOutput
        if let field = fields["recent"] { result.recent = recent(field) }
        result.tracing = fields["tracing"].flatMap { tracing($0) }
        result.admin = fields["admin"].flatMap { admin($0) }
        result.user = fields["user"].flatMap { user($0) }
        tests = fields["tests"].map { tests($0) } ?? []
        return result
    }

    /// Reports the sections without which there is nothing to serve, unless they are there misspelt.
    private mutating func reportMissing(in fields: Fields, of root: YAMLNode) {
        guard case .map(let entries) = root.content else { return }
        let slips = entries.compactMap { Section.closest(to: $0.key.text, among: Section.root.keys) }
        let examples = [("listeners", "[0.0.0.0:8080]"), ("domains", "{ a.example: [10.0.0.1] }")]
        for (key, example) in examples where fields[key] == nil && !slips.contains(key) {
            report("`\(key)` is missing", suggestion: "for example `\(key): \(example)`", at: root.location)
        }
    }

    /// Adds a problem at a place.
    mutating func report(_ message: String, suggestion: String? = nil, at place: SourceLocation) {
        problems.append(ConfigurationProblem(message, suggestion: suggestion, location: place))
    }

    /// Says that a value is of the wrong kind.
    mutating func mismatch(_ field: Field, wants wanted: String, suggestion: String? = nil) {
        guard field.node.scalar?.isBroken != true else { return }
        report("\(field.label) wants \(wanted), found \(field.node.found)", suggestion: suggestion, at: field.place)
    }

    /// Remembers where a value was written.
    mutating func note(_ path: ValuePath, line: Int, variables: [String] = []) {
        origins[path] = ValueOrigin(line: line, variables: variables)
    }
}

// MARK: - Maps and lists

extension ConfigurationReader {
    /// The values of a map that has the keys of a section; unknown and planned keys are reported.
    mutating func map(_ field: Field, _ section: Section, wants: String = "a map") -> Fields? {
        guard case .map(let entries) = field.node.content else {
            mismatch(field, wants: wants)
            return nil
        }
        var fields: Fields = [:]
        for entry in entries where !entry.key.isBroken {
            let key = entry.key.text
            if section.keys.contains(key) {
                let value = Field(
                    node: entry.value, path: field.path + [key], label: "`\(key)`", keyLocation: entry.keyLocation)
                fields[key] = value
                places[value.path] = value.place
            } else if section.laterKeys.contains(key) {
                report("`\(key)` is not supported yet", suggestion: "remove it", at: entry.keyLocation)
            } else {
                report("unknown key \(key.quoted)", suggestion: section.cure(forUnknown: key), at: entry.keyLocation)
            }
        }
        return fields
    }

    /// The entries of a map whose keys are names that the user chose, in the order of the file.
    mutating func named(_ field: Field, wants: String) -> [(name: String, field: Field)] {
        guard case .map(let entries) = field.node.content else {
            mismatch(field, wants: wants)
            return []
        }
        if entries.isEmpty { report("\(field.label) is empty", at: field.place) }
        var result: [(String, Field)] = []
        for entry in entries where !entry.key.isBroken {
            let name = entry.key.text
            guard !name.isEmpty else {
                report("a name is missing here", at: entry.keyLocation)
                continue
            }
            let path = field.path + [name]
            note(path, line: entry.keyLocation.line, variables: entry.key.variables)
            let field = Field(node: entry.value, path: path, label: name.quoted, keyLocation: entry.keyLocation)
            result.append((name, field))
        }
        return result
    }

    /// The items of a list that is not empty.
    mutating func list(_ field: Field, of label: String, wants: String) -> [Field]? {
        guard case .list(let items) = field.node.content else {
            let text = field.node.scalar.flatMap { $0.text.isEmpty ? nil : $0.text }
            mismatch(field, wants: wants, suggestion: text.map { "write a list: \(YAMLText.list($0).quoted)" })
            return nil
        }
        if items.isEmpty { report("\(field.label) is empty", suggestion: "it wants \(wants)", at: field.place) }
        return items.enumerated().map { index, item in
            Field(node: item, path: field.path + [String(index)], label: label)
        }
    }
}
