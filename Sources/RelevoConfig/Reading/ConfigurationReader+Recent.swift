// Which requests are remembered. What is written about them: `relevo why`.
// The values and their meaning: RecentSettings.

import RelevoPolicy

extension ConfigurationReader {
    /// How many requests are remembered, and from when on one is slow; nil for `off`.
    mutating func recent(_ field: Field) -> RecentSettings? {
        if says("off", field) { return nil }
        var result = RecentSettings()
        guard let fields = map(field, .recent, wants: "`off` or a map such as `{ slower_than: 1s }`") else {
            return result
        }
        if let field = fields["requests"], let count = number(field, in: 1...100_000, wants: "a whole number") {
            result.requests = count
        }
        if let value = fields["slower_than"].flatMap({ duration($0) }) { result.slowerThan = value }
        return result
    }
}
