// What an origin is told about the client: X-Forwarded-*, Forwarded (RFC 7239), Via (RFC 9110 §7.6.3), and whose word
// about it counts. Not for how lists of trusted peers are written, which RelevoPolicyTests prove.

import RelevoPolicy
import TestSupport
import Testing

extension Conformance {
    /// Whether a client's word counts.
    enum Peer: Sendable { case stranger, trusted }

    /// A claim about the client, and what an origin must be told.
    struct Claim: Sendable, CustomTestStringConvertible {
        var testDescription: String { "\(peer), \(mode): \(rule)" }
        var peer: Peer
        var mode = ForwardedMode.xForwarded
        var rule: String
        var sends: [String] = []
        /// All lines that the origin gets besides the request line, Host and the identifier.
        var arrives: [String]
    }

    private static let own = [
        "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: a.example", "Via: 1.1 relevo",
    ]
    private static let ownNode = ["Forwarded: for=127.0.0.1;host=a.example;proto=http", "Via: 1.1 relevo"]
    private static let vias = "Via: 1.0 fred, 1.1 p.example"
    private static let node = "Forwarded: for=\"[2001:db8::1]\";proto=https"

    static let claims: [Claim] = [
        Claim(peer: .stranger, rule: "nothing", arrives: own),
        Claim(peer: .stranger, rule: "an address", sends: ["X-Forwarded-For: 10.9.8.7"], arrives: own),
        Claim(
            peer: .stranger, rule: "two lines of addresses",
            sends: ["X-Forwarded-For: 1.1.1.1", "x-forwarded-for: 2.2.2.2"], arrives: own),
        Claim(
            peer: .stranger, rule: "an address nominated away",
            sends: ["Connection: X-Forwarded-For", "X-Forwarded-For: 1.1.1.1"], arrives: own),
        Claim(
            peer: .stranger, rule: "scheme and host",
            sends: ["X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"], arrives: own),
        Claim(
            peer: .stranger, rule: "port and real address",
            sends: ["X-Forwarded-Port: 1", "X-Real-IP: 1.1.1.1"], arrives: own),
        Claim(
            peer: .stranger, rule: "any other of the family",
            sends: ["X-Forwarded-Prefix: /x", "X-Forwarded-Server: s", "x-forwarded-anything: 1"], arrives: own),
        Claim(
            peer: .stranger, rule: "RFC 3875 §4.1.18: spellings that CGI takes for the same",
            sends: ["X_Forwarded_For: 1.1.1.1", "X-Forwarded_Proto: https", "X_Real_IP: 1.1.1.1"], arrives: own),
        Claim(
            peer: .stranger, rule: "the other vocabulary", sends: ["Forwarded: for=1.1.1.1;proto=https"], arrives: own),
        Claim(peer: .stranger, rule: "RFC 9110 §7.6.3: Via goes on", sends: [vias], arrives: [vias] + own),
        Claim(peer: .stranger, mode: .rfc7239, rule: "nothing", arrives: ownNode),
        Claim(
            peer: .stranger, mode: .rfc7239, rule: "RFC 7239 §8.1: a forged node",
            sends: ["Forwarded: for=1.1.1.1;by=2.2.2.2"], arrives: ownNode),
        Claim(
            peer: .stranger, mode: .rfc7239, rule: "RFC 7239 §7.4: the other vocabulary",
            sends: ["X-Forwarded-For: 1.1.1.1"], arrives: ownNode),
        Claim(
            peer: .stranger, mode: .rfc7239, rule: "RFC 3875 §4.1.18: the other vocabulary as CGI takes it",
            sends: ["X_Forwarded-For: 1.1.1.1", "X-Forwarded-Prefix: /x"], arrives: ownNode),
        Claim(
            peer: .stranger, mode: .none, rule: "RFC 3875 §4.1.18: so do their other spellings",
            sends: ["X_Forwarded_For: 1.1.1.1"], arrives: ["X_Forwarded_For: 1.1.1.1"]),
        Claim(
            peer: .stranger, mode: .none, rule: "claims pass as they are", sends: ["X-Forwarded-For: 1.1.1.1"],
            arrives: ["X-Forwarded-For: 1.1.1.1"]),
        Claim(peer: .trusted, rule: "nothing", arrives: own),
        Claim(
            peer: .trusted, rule: "an address is added to", sends: ["X-Forwarded-For: 10.9.8.7"],
            arrives: ["X-Forwarded-For: 10.9.8.7, 127.0.0.1"] + own[1...]),
        Claim(
            peer: .trusted, rule: "lines become one list",
            sends: ["X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2"],
            arrives: ["X-Forwarded-For: 1.1.1.1, 2.2.2.2, 127.0.0.1"] + own[1...]),
        Claim(
            peer: .trusted, rule: "RFC 3875 §4.1.18: spellings that CGI takes for the same are its client's",
            sends: ["X_Forwarded_For: 1.1.1.1", "X-Forwarded-Prefix: /x"], arrives: ["X-Forwarded-Prefix: /x"] + own),
        Claim(
            peer: .trusted, rule: "its scheme stays", sends: ["X-Forwarded-Proto: https"],
            arrives: ["X-Forwarded-Proto: https", own[0], own[2], own[3]]),
        Claim(
            peer: .trusted, mode: .rfc7239, rule: "RFC 7239 §4: an element is added", sends: [node],
            arrives: [node + ", for=127.0.0.1;host=a.example;proto=http", ownNode[1]]),
        Claim(
            peer: .trusted, mode: .rfc7239, rule: "RFC 7239 §4: an element with an open quote is replaced",
            sends: ["Forwarded: for=\"1.2.3.4"], arrives: ownNode),
    ]

    @Test("only a trusted client's word counts, and nobody's replaces the proxy's own", arguments: claims)
    static func claim(_ claim: Claim) async throws {
        let origin = try Origin.ok()
        let configuration = ProxyConfiguration.loopback([.to("a.example", origin, forwarded: claim.mode)]) {
            if claim.peer == .trusted { $0.trustedProxies = ["127.0.0.0/8"] }
        }
        try await withProxy(configuration) { proxy in
            let response = try ask(proxy, get + claim.sends.map { $0 + "\r\n" }.joined() + "\r\n")
            #expect(response.status == 200)
            let lines = HTTPText.lines(try origin.connection().request()).dropFirst(2)
            #expect(lines.filter { !$0.hasPrefix("X-Request-ID: ") } == claim.arrives)
        }
    }

    @Test("RFC 7239 §4: a host with a port is quoted")
    static func quotedHost() async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin, forwarded: .rfc7239)])) { proxy in
            _ = try ask(proxy, "GET / HTTP/1.0\r\nHost: a.example:80\r\n\r\n")
            let head = try origin.connection().request()
            #expect(HTTPText.values(of: "forwarded", in: head) == ["for=127.0.0.1;host=\"a.example:80\";proto=http"])
            #expect(HTTPText.values(of: "via", in: head) == ["1.0 relevo"])
        }
    }

    @Test(
        "an identifier is accepted from trusted clients alone, and only a fit one",
        arguments: [
            (true, "abc-123", true), (true, "two words", false), (true, String(repeating: "x", count: 129), false),
            (true, "", false), (false, "abc-123", false),
        ])
    static func identifier(_ isTrusted: Bool, _ value: String, _ isKept: Bool) async throws {
        let origin = try Origin.ok()
        let configuration = ProxyConfiguration.loopback([.to("a.example", origin, forwarded: .xForwarded)]) {
            if isTrusted { $0.trustedProxies = ["127.0.0.1"] }
        }
        try await withProxy(configuration) { proxy in
            _ = try ask(proxy, get + "X-Request-ID: \(value)\r\n\r\n")
            let values = HTTPText.values(of: "x-request-id", in: try origin.connection().request())
            #expect(values.count == 1)
            #expect((values.first == value) == isKept)
        }
    }

    @Test("RFC 9110 §7.6.3: a request that has come round eight times gets 508")
    static func circle() async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let via = { (count: Int) in
                get + "Via: " + Array(repeating: "1.1 relevo", count: count).joined(separator: ", ") + "\r\n\r\n"
            }
            let last = try ask(proxy, via(7))
            #expect(last.status == 200)
            let response = try ask(proxy, via(8))
            #expect(response.status == 508)
            #expect(origin.requestCount == 1)
        }
    }
}
