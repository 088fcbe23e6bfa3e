// Whether and where spans are reported.
// Whether the collector's address can be one is checked by `SnapshotBuilder`.

import RelevoPolicy

extension ConfigurationReader {
    /// `off`, the address of a collector, or a map with one.
    mutating func tracing(_ field: Field) -> TracingSettings? {
        guard !says("off", field) else { return nil }
        let suggestion = "for example `http://127.0.0.1:4318`"
        guard case .map = field.node.content else {
            let text = text(field, wants: "`off`, the address of a collector, or a map", suggestion: suggestion)
            return text.map { TracingSettings($0, location: field.node.location) }
        }
        guard let fields = map(field, .tracing) else { return nil }
        guard let to = fields["to"] else {
            report(
                "`tracing` wants a collector", suggestion: "for example `to: http://127.0.0.1:4318`", at: field.place)
            return nil
        }
        guard let text = text(to, wants: "the address of a collector", suggestion: suggestion) else { return nil }
        var result = TracingSettings(text, location: to.node.location)
        take("sample", of: fields, into: &result.sample) { $0.fineShare($1) }
        take("service", of: fields, into: &result.service) { $0.text($1, wants: "a name") }
        take("headers", of: fields, into: &result.headers) { $0.collectorHeaders($1) }
        return result
    }

    private mutating func collectorHeaders(_ field: Field) -> [TracingSettings.Header]? {
        named(field, wants: "a map of names and values").compactMap { name, field in
            text(field, wants: "a value").map { TracingSettings.Header(name, $0) }
        }
    }

    /// Per cent with three decimals at most, in thousandths.
    private mutating func fineShare(_ field: Field) -> Int? {
        let wants = "a share such as `1%` or `0.1%`"
        guard let text = text(field, wants: wants) else { return nil }
        guard text.hasSuffix("%") else {
            mismatch(field, wants: wants, suggestion: "for example `10%`")
            return nil
        }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? String(parts[1]) : "0"
        guard (1...2).contains(parts.count), (1...3).contains(decimals.utf8.count),
            let whole = WholeNumber.parse(parts[0]), whole <= 100,
            let rest = WholeNumber.parse((decimals + "00").prefix(3))
        else {
            mismatch(field, wants: wants, suggestion: "0% to 100%, with three decimals at most")
            return nil
        }
        return whole * 1000 + rest
    }
}
