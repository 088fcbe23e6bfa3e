// How an endpoint is chosen, in short and in long form. Which names and secrets will do is said by `ClusterRules`;
// the choosing itself is the policies'.

import RelevoPolicy

extension ConfigurationReader {
    /// The methods that are a single word.
    private static let words: [BalanceMethod] = [
        .random, .roundRobin, .leastRequests, .powerOfTwo, .latency, .sticky(StickyCookie()),
    ]

    /// How an endpoint is chosen.
    mutating func balance(_ field: Field) -> BalanceMethod? {
        guard !isMap(field) else { return longBalance(field) }
        let names = Self.words.map(\.name)
        let wants = names.map { "`\($0)`" }.joined(separator: ", ") + " or a map such as `{ hash: client }`"
        guard let text = text(field, wants: wants) else { return nil }
        if let method = Self.words.first(where: { $0.name == text }) { return method }
        guard text != "hash" else {
            report(
                "`balance: hash` does not say of what", suggestion: "for example `{ hash: client }`", at: field.place)
            return nil
        }
        let near = Section.closest(to: text, among: names)
        mismatch(field, wants: wants, suggestion: near.map { "did you mean `\($0)`?" })
        return nil
    }

    private mutating func longBalance(_ field: Field) -> BalanceMethod? {
        guard let (key, value) = onlyValue(of: field, .balance) else { return nil }
        return key == "hash" ? hash(value).map { .hash($0) } : sticky(value).map { .sticky($0) }
    }

    private mutating func hash(_ field: Field) -> HashSource? {
        guard !isMap(field) else {
            guard let (key, value) = onlyValue(of: field, .hash) else { return nil }
            let name = text(value, wants: key == "header" ? "the name of a field" : "the name of a cookie")
            return name.map { key == "header" ? .header($0) : .cookie($0) }
        }
        let wants = "`client`, `path`, `{ header: NAME }` or `{ cookie: NAME }`"
        guard let text = text(field, wants: wants) else { return nil }
        switch text {
        case "client": return .client
        case "path": return .path
        case "header", "cookie": mismatch(field, wants: wants, suggestion: "write `{ \(text): NAME }`")
        default:
            let near = Section.closest(to: text, among: ["client", "path"])
            mismatch(field, wants: wants, suggestion: near.map { "did you mean `\($0)`?" })
        }
        return nil
    }

    private mutating func sticky(_ field: Field) -> StickyCookie? {
        var result = StickyCookie()
        guard let fields = map(field, .sticky, wants: "a map such as `{ cookie: relevo }`") else { return nil }
        take("cookie", of: fields, into: &result.name) { $0.text($1, wants: "the name of a cookie") }
        takeUnlessOff("secret", of: fields, into: &result.secret, word: "auto") {
            $0.text($1, wants: "`auto` or a text")
        }
        takeUnlessOff("lifetime", of: fields, into: &result.lifetime) {
            $0.duration($1, atMost: ClusterRules.longestLifetime)
        }
        return result
    }

    /// The value of a map that has exactly one of the keys of its section.
    private mutating func onlyValue(of field: Field, _ section: Section) -> (key: String, value: Field)? {
        let known = problems.count
        guard let fields = map(field, section) else { return nil }
        if fields.count == 1, let first = fields.first { return first }
        let choices = section.keys.map { "`\($0)`" }.joined(separator: " or ")
        // An unknown key was reported, and is the reason why there is none.
        if !fields.isEmpty || problems.count == known {
            report("\(field.label) wants exactly one of \(choices)", at: field.place)
        }
        return nil
    }
}
