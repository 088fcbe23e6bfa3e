// Whose word a listener takes, in the effective configuration; what endpoints are told is one word, written with the
// other settings of clusters.

import RelevoPolicy

extension EffectiveYAML {
    /// The peers of a listener that begin with a header.
    mutating func write(_ settings: ProxyProtocolSettings?, _ path: ValuePath) {
        guard let settings else { return put("proxy_protocol", "off", 2, path) }
        header("proxy_protocol", 2, path)
        if !settings.from.isEmpty {
            header("from", 3)
            for (index, sender) in settings.from.enumerated() {
                add("- " + YAMLText.block(sender.range), 4, path + ["from", String(index)])
            }
        }
        put("timeout", DurationText.write(settings.timeout), 3, path + ["timeout"])
    }
}
