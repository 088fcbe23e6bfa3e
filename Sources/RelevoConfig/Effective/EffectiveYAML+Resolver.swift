// How names are looked up, in the effective configuration. Which values there are is said by
// RelevoPolicy.

import RelevoPolicy

extension EffectiveYAML {
    /// Whom to ask, how patiently, and how long answers hold.
    mutating func write(_ resolver: ResolverSettings) {
        let path = ["resolver"]
        header("resolver", 0)
        if resolver.nameservers.isEmpty {
            put("nameservers", "auto", 1, path + ["nameservers"])
        } else {
            write(resolver.nameservers.map(\.address), as: "nameservers", path)
        }
        switch resolver.search {
        case nil: put("search", "auto", 1, path + ["search"])
        case []: put("search", "off", 1, path + ["search"])
        case let domains?: write(domains, as: "search", path)
        }
        put("timeout", DurationText.write(resolver.timeout), 1, path + ["timeout"])
        put("tries", String(resolver.tries), 1, path + ["tries"])
        put("min_ttl", DurationText.write(resolver.minTTL), 1, path + ["min_ttl"])
        put("max_ttl", DurationText.write(resolver.maxTTL), 1, path + ["max_ttl"])
    }

    private mutating func write(_ texts: [String], as key: String, _ path: ValuePath) {
        header(key, 1)
        for (index, text) in texts.enumerated() {
            add("- " + YAMLText.block(text), 2, path + [key, String(index)])
        }
    }
}
