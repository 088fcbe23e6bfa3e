// What a health check may be. A check that could never pass would take every endpoint out of service, so it is refused
// before it does. What follows from findings: Health/.

import RelevoHTTP

extension ClusterRules {
    /// Bytes of an answer that are searched for the text of a probe.
    private static let searchedBytes = 64 * 1024

    mutating func check(_ health: HealthCheck) {
        let (interval, timeout) = (["health", "interval"], ["health", "timeout"])
        check(time: interval, health.interval)
        check(time: timeout, health.timeout)
        if health.timeout > health.interval {
            let (longer, shorter) = (DurationText.write(health.timeout), DurationText.write(health.interval))
            report(
                timeout, "is \(longer), longer than `interval` (\(shorter))",
                "write `timeout: \(shorter)` or less, or a longer `interval`", against: [interval])
        }
        check(["health", "rise"], health.rise, 1...100)
        check(["health", "fall"], health.fall, 1...100)
        check(["health", "port"], health.port, 1...65_535)
        if case .http(let probe) = health.probe { check(probe) }
    }

    private mutating func check(_ probe: HTTPProbe) {
        checkPath(of: probe)
        checkMethod(of: probe)
        if let host = probe.host { checkHost(host) }
        if probe.statuses.isEmpty { report(["health", "status"], "has no status", "for example `200-399`") }
        check(statuses: ["health", "status"], probe.statuses)
        guard let body = probe.body else { return }
        let path = ["health", "body"]
        if body.isEmpty {
            report(path, "is an empty text, which every answer contains", "leave it out")
        } else if body.utf8.count > Self.searchedBytes {
            report(path, "is longer than the 64 KiB of an answer that are searched for it", "write a shorter text")
        } else if probe.method == "HEAD" {
            report(
                path, "has no meaning with `method: HEAD`: the answer has no content (RFC 9110 §9.3.2)",
                "remove it, or write `method: GET`", against: [["health", "method"]])
        }
    }

    private mutating func checkPath(of probe: HTTPProbe) {
        let (path, text) = (["health", "path"], probe.path)
        if !text.hasPrefix("/") {
            report(path, "does not begin with `/`: `\(text)`", "write `/\(text)`")
        } else if let mark = text.firstIndex(of: "#") {
            report(path, "has a fragment, which no request has: `\(text)`", "write `\(text[..<mark])`")
        } else if !text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            report(
                path, "has a character that no request has in its target: `\(text)`",
                "write it percent-encoded, a space as `%20`")
        }
    }

    private mutating func checkMethod(of probe: HTTPProbe) {
        let (path, method) = (["health", "method"], probe.method)
        let upper = method.uppercased()
        if method.isEmpty || !method.utf8.allSatisfy(ASCII.isToken) {
            report(path, "is no method: `\(method)`", "write `GET`, `HEAD`, …")
        } else if method != upper, Method.allCases.contains(where: { $0.name == upper }) {
            report(path, "is in the wrong case: `\(method)`", "methods are case-sensitive; write `\(upper)`")
        } else if method == "CONNECT" {
            report(path, "asks for a tunnel, which tells nothing: `CONNECT`", "write `GET`, `HEAD`, …")
        }
    }

    private mutating func checkHost(_ host: String) {
        guard (try? Authority.parse(ArraySlice(host.utf8))) == nil else { return }
        let cure =
            host.contains("/")
            ? "a host has no scheme and no path" : "write `a.example`, `a.example:8080` or `\"[::1]\"`"
        report(["health", "host"], "is no host: `\(host)`", cure)
    }
}
