// What the settings of name lookups may be: bounds, and what contradicts what.
// Where a value was written is the business of who reads files.

/// The rules for the settings of name lookups.
package enum ResolverRules {
    /// What ``ResolverSettings/tries`` may be.
    package static let tries = 1...5
    /// What ``ResolverSettings/timeout`` may be.
    package static let timeouts: ClosedRange<Duration> = .milliseconds(1) ... .seconds(30)
    /// What ``ResolverSettings/minTTL`` and ``ResolverSettings/maxTTL`` may be.
    package static let lifetimes: ClosedRange<Duration> = .seconds(1) ... .seconds(86_400)
    /// Nameservers, and domains to search, at most.
    package static let maxEntries = 16

    /// What is wrong with the settings; empty if nothing is. The texts of nameservers are checked by SnapshotBuilder.
    package static func problems(of settings: ResolverSettings) -> [SettingProblem] {
        var found: [SettingProblem] = []
        func report(_ path: [String], _ message: String, _ suggestion: String?, against others: [[String]] = []) {
            found.append(SettingProblem(path: path, others: others, message: message, suggestion: suggestion))
        }
        for (key, count) in [("nameservers", settings.nameservers.count), ("search", settings.search?.count ?? 0)]
        where count > maxEntries {
            report([key], "has \(count) entries", "\(maxEntries) at most")
        }
        for (index, domain) in (settings.search ?? []).enumerated() where !AddressText.isName(domain) {
            report(["search", String(index)], "has `\(domain)`, which is no name of a domain", nil)
        }
        if !tries.contains(settings.tries) {
            report(["tries"], "is out of bounds: \(settings.tries)", "write \(tries.lowerBound) to \(tries.upperBound)")
        }
        for (key, value, range) in [
            ("timeout", settings.timeout, timeouts), ("min_ttl", settings.minTTL, lifetimes),
            ("max_ttl", settings.maxTTL, lifetimes),
        ] where !range.contains(value) {
            let bounds = "\(DurationText.write(range.lowerBound)) to \(DurationText.write(range.upperBound))"
            report([key], "is out of bounds: \(DurationText.write(value))", "write \(bounds)")
        }
        if settings.minTTL > settings.maxTTL, found.isEmpty {
            report(
                ["min_ttl"], "is above `max_ttl`: \(DurationText.write(settings.minTTL))",
                "write at most \(DurationText.write(settings.maxTTL))", against: [["max_ttl"]])
        }
        return found
    }
}
