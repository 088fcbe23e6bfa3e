// How names are looked up. Which values will do is said by `ResolverRules`; the syntax of addresses is checked by
// `SnapshotBuilder`.

import RelevoPolicy

extension ConfigurationReader {
    /// Whom to ask for names, how patiently, and how long answers hold.
    mutating func resolver(_ field: Field) -> ResolverSettings {
        var result = ResolverSettings()
        guard let fields = map(field, .resolver, wants: "a map such as `{ nameservers: [127.0.0.1] }`") else {
            return result
        }
        take("nameservers", of: fields, into: &result.nameservers) { $0.nameservers($1) }
        takeUnlessOff("search", of: fields, into: &result.search, word: "auto") { $0.searchDomains($1) }
        take("timeout", of: fields, into: &result.timeout) { $0.duration($1) }
        take("tries", of: fields, into: &result.tries) { $0.number($1, wants: "a whole number") }
        take("min_ttl", of: fields, into: &result.minTTL) { $0.duration($1) }
        take("max_ttl", of: fields, into: &result.maxTTL) { $0.duration($1) }
        for problem in ResolverRules.problems(of: result) {
            let paths = ([problem.path] + problem.others).map { field.path + $0 }
            guard unread.isDisjoint(with: paths) else { continue }
            let place = paths.compactMap { places[$0] ?? places[Array($0.prefix(2))] }.first ?? field.place
            report("`\(problem.path[0])` \(problem.message)", suggestion: problem.suggestion, at: place)
        }
        return result
    }

    private mutating func nameservers(_ field: Field) -> [ResolverSettings.Nameserver]? {
        if says("auto", field) { return [] }
        let items = list(field, of: "a nameserver", wants: "`auto` or a list of addresses") ?? []
        let read = items.map { item -> ResolverSettings.Nameserver? in
            let isLink = item.node.scalar?.text.contains("/") ?? false
            let address = isLink ? text(item, wants: "an address") : address(item, example: "127.0.0.1:53")
            return address.map { ResolverSettings.Nameserver($0, location: item.node.location) }
        }
        return read.isEmpty || read.contains(nil) ? nil : read.compactMap(\.self)
    }

    private mutating func searchDomains(_ field: Field) -> [String]? {
        if says("off", field) { return [] }
        let items = list(field, of: "a domain to search", wants: "`auto`, `off` or a list of domains") ?? []
        let read = items.map { text($0, wants: "a domain", suggestion: "for example `svc.example`") }
        return read.isEmpty || read.contains(nil) ? nil : read.compactMap(\.self)
    }
}
