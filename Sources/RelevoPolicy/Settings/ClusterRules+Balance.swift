// What the keys and cookies of balancing may be: names that can occur in a request, and secrets worth the name.
// How endpoints are chosen: Balancing/.

import RelevoHTTP

extension ClusterRules {
    /// Fields that end at the proxy and say nothing about who sends a request.
    private static let hopByHop = KnownFieldSet(
        .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .http2Settings)

    /// The longest time that browsers keep a cookie: 400 days (RFC 6265bis §5.5).
    package static let longestLifetime: Duration = .seconds(400 * 86_400)

    mutating func check(_ balance: BalanceMethod) {
        switch balance {
        case .random, .roundRobin, .leastRequests, .powerOfTwo, .latency, .hash(.client), .hash(.path): break
        case .hash(.header(let name)): checkField(name)
        case .hash(.cookie(let name)): checkCookie(name, ["balance", "hash", "cookie"])
        case .sticky(let cookie): check(cookie)
        }
    }

    private mutating func checkField(_ name: String) {
        let path = ["balance", "hash", "header"]
        if name.isEmpty || !name.utf8.allSatisfy(ASCII.isToken) {
            report(path, "is no name of a field: `\(name)`", "write its name alone, for example `X-User`")
        } else if Self.hopByHop.contains(KnownField(name: Array(name.utf8)[...])) {
            report(
                path, "is a field of one connection, not of a client: `\(name)` (RFC 9110 §7.6.1)",
                "choose one that clients differ in, for example `X-User`, or write `{ hash: client }`")
        }
    }

    private mutating func checkCookie(_ name: String, _ path: [String]) {
        guard name.isEmpty || !name.utf8.allSatisfy(ASCII.isToken) else { return }
        report(path, "is no name of a cookie: `\(name)`", "write letters, digits, `-` and `_`")
    }

    private mutating func check(_ cookie: StickyCookie) {
        checkCookie(cookie.name, ["balance", "sticky", "cookie"])
        let length = cookie.secret?.utf8.count ?? 32
        if length < 16 {
            // The secret itself stays out of messages: they end up in logs.
            report(
                ["balance", "sticky", "secret"], "has \(length) byte\(length == 1 ? "" : "s")",
                "write at least 16 that nobody can guess, for example what `openssl rand -hex 16` prints")
        } else if length > 1024 {
            report(["balance", "sticky", "secret"], "has \(length) bytes", "write at most 1024")
        }
        let lifetime = ["balance", "sticky", "lifetime"]
        check(time: lifetime, cookie.lifetime, .seconds(1)...Self.longestLifetime)
        if let duration = cookie.lifetime, duration > .seconds(1), duration.components.attoseconds != 0 {
            report(
                lifetime, "is no whole number of seconds: \(DurationText.write(duration))", "cookies count in seconds")
        }
    }
}
