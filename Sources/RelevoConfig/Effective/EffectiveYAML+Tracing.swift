// The part of the effective configuration that says where spans go.
// What its values mean: TracingSettings.

import RelevoPolicy

extension EffectiveYAML {
    mutating func write(_ tracing: TracingSettings?) {
        guard let tracing else { return put("tracing", "off", 0, ["tracing"]) }
        let path = ["tracing"]
        let isShort = origins[path + ["to"]] == nil
        header("tracing", 0)
        put("to", YAMLText.block(tracing.collector), 1, isShort ? path : path + ["to"])
        put("sample", Self.share(tracing.sample), 1, path + ["sample"])
        put("service", YAMLText.block(tracing.service), 1, path + ["service"])
        guard !tracing.headers.isEmpty else { return }
        header("headers", 1, path + ["headers"])
        for header in tracing.headers {
            put(YAMLText.block(header.name), YAMLText.block(header.value), 2, path + ["headers", header.name])
        }
    }

    /// Thousandths of a per cent: `0.125%`.
    private static func share(_ thousandths: Int) -> String {
        var decimals = String(thousandths % 1000 + 1000).dropFirst()
        while decimals.hasSuffix("0") { decimals.removeLast() }
        return "\(thousandths / 1000)\(decimals.isEmpty ? "" : ".\(decimals)")%"
    }
}
