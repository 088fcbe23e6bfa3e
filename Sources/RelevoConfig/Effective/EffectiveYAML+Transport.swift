// The part of the effective configuration that is about TLS beside a listener's own certificates.
// Which values there are is said by ConfigurationReader+Transport.

import RelevoPolicy

extension EffectiveYAML {
    /// Certificates that clients are asked for.
    mutating func write(_ client: ClientCertificates?, _ path: ValuePath) {
        guard let client else { return put("client", "off", 3, path) }
        header("client", 3, path)
        put("mode", client.mode.rawValue, 4, path + ["mode"])
        put("ca", YAMLText.block(client.ca), 4, path + ["ca"])
        put("crl", client.crl.map { YAMLText.block($0) } ?? "off", 4, path + ["crl"])
        put("rfc9440", String(client.rfc9440), 4, path + ["rfc9440"])
    }

    /// Where a listener sends its clients.
    mutating func write(_ redirect: RedirectToTLS, _ path: ValuePath) {
        header("redirect", 2, path)
        put("to", "https", 3, path + ["to"])
        put("port", redirect.port.map { String($0) } ?? "auto", 3, path + ["port"])
        put("status", redirect.status.map { String($0) } ?? "auto", 3, path + ["status"])
    }

    /// What browsers are told.
    mutating func write(_ settings: StrictTransport?, _ depth: Int, _ path: ValuePath) {
        guard let settings else { return put("hsts", "off", depth, path) }
        header("hsts", depth, path)
        let age = settings.maxAge == .zero ? "0s" : DurationText.write(settings.maxAge)
        put("max_age", age, depth + 1, path + ["max_age"])
        put("include_subdomains", String(settings.includesSubdomains), depth + 1, path + ["include_subdomains"])
        put("preload", String(settings.preload), depth + 1, path + ["preload"])
    }
}
