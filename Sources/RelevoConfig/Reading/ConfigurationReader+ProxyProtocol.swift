// The PROXY protocol in a file: whose word a listener takes, and what the endpoints of a cluster are told.
// Whether the addresses are any is checked by `SnapshotBuilder`.

import RelevoPolicy

extension ConfigurationReader {
    /// The peers of a listener that begin with a header; nil for none.
    mutating func proxyProtocol(_ field: Field) -> ProxyProtocolSettings? {
        if says("off", field) { return nil }
        var result = ProxyProtocolSettings(from: [], location: field.place)
        if says("on", field) { return result }
        guard isMap(field) else {
            let wants = "`off`, a list of addresses and ranges, or `on` where the address is a path"
            if let word = field.node.scalar?.text, ["true", "yes", "v1", "v2"].contains(word) {
                mismatch(field, wants: wants, suggestion: "name your load balancers: `[10.0.0.0/8]`")
                return nil
            }
            note(field.path, line: field.node.location.line)
            result.from = headerSenders(field.lengthened(to: "from"), wants: wants)
            return result
        }
        guard let fields = map(field, .proxyProtocol) else { return nil }
        note(field.path, line: field.node.location.line)
        if let senders = fields["from"] {
            result.from = headerSenders(senders, wants: "a list of addresses and ranges")
        }
        if let time = fields["timeout"].flatMap({ duration($0) }) { result.timeout = time }
        return result
    }

    private mutating func headerSenders(_ field: Field, wants: String) -> [ProxyConfiguration.TrustedProxy] {
        let items = list(field, of: "a sender of PROXY headers", wants: wants) ?? []
        return items.compactMap { item in
            let range = text(item, wants: "an address or a range", suggestion: "for example `10.0.0.0/8`")
            return range.map { ProxyConfiguration.TrustedProxy($0, location: item.node.location) }
        }
    }

    /// The header with which connections to the endpoints of a cluster begin.
    mutating func proxyProtocolVersion(_ field: Field) -> ProxyProtocolVersion? {
        let wants = "`off`, `v1` or `v2`"
        guard let text = text(field, wants: wants) else { return nil }
        if let version = ProxyProtocolVersion(rawValue: text) { return version }
        let meant = ["1": "v1", "V1": "v1", "2": "v2", "V2": "v2", "on": "v2", "true": "v2", "false": "off"][text]
        mismatch(field, wants: wants, suggestion: meant.map { "write `\($0)`" })
        return nil
    }
}
