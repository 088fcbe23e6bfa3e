// RFC 9112 §3.2 and RFC 9110 §7.2: the forms of a target, and that it and Host name one host.
// Not for which domain takes which name, which RelevoPolicyTests prove.

import TestSupport
import Testing

extension Conformance {
    private static func request(_ line: String, host: String) -> String { "\(line)\r\nHost: \(host)\r\n\r\n" }

    private static func absolute(_ target: String, _ host: String = "a.example") -> String {
        request("GET \(target) HTTP/1.1", host: host)
    }

    static let targets: [Row] = [
        Row("§3.2.1: origin form", absolute("/a?b"), .arrivesUnchanged),
        Row("§3.2.1: a path that begins with two slashes is a path", absolute("//b.example/"), .arrivesUnchanged),
        Row("§3.2.2: absolute form becomes origin form", absolute("http://a.example/x?y"), .arrives(absolute("/x?y"))),
        Row(
            "RFC 9110 §4.2.3: an absolute target without a path", absolute("http://a.example"),
            .arrives(absolute("/"))),
        Row(
            "RFC 3986 §3.4: an absolute target with a query alone", absolute("http://a.example?q"),
            .arrives(absolute("/?q"))),
        Row("RFC 9110 §4.2: schemes have no case", absolute("HtTp://a.example/"), .arrives(absolute("/"))),
        Row(
            "§3.2.2: the host of the target wins over Host", absolute("http://a.example/", "evil.example"),
            .arrives(absolute("/"))),
        Row(
            "§3.2.2: Host is made from the target as it is spelled", absolute("http://A.Example:80/"),
            .arrives(absolute("/", "A.Example:80"))),
        Row(
            "§3.2.2: HTTP/1.0 may name its host in the target alone", "GET http://a.example/ HTTP/1.0\r\n\r\n",
            .arrives(absolute("/"))),
        Row("§3.2.4: asterisk form", request("OPTIONS * HTTP/1.1", host: "a.example"), .arrivesUnchanged),
        Row(
            "§3.2.4: OPTIONS for a whole host", request("OPTIONS http://a.example HTTP/1.1", host: "a.example"),
            .arrives(request("OPTIONS * HTTP/1.1", host: "a.example"))),
        Row("RFC 9110 §4.2.3: hosts have no case", absolute("/", "A.EXAMPLE"), .arrivesUnchanged),
        Row("RFC 9110 §7.2: a port is not a part of the name", absolute("/", "a.example:8080"), .arrivesUnchanged),
        Row("RFC 3986 §3.2.3: an empty port is none", absolute("/", "a.example:"), .arrivesUnchanged),
        Row("RFC 3986 §3.2.2: a final dot is not a part of the name", absolute("/", "a.example."), .arrivesUnchanged),

        Row("§3.2: no Host", "GET / HTTP/1.1\r\n\r\n", .malformed),
        Row("§3.2: no Host in HTTP/1.0 either", "GET / HTTP/1.0\r\n\r\n", .malformed),
        Row("§3.2.2: an absolute target does not replace Host", "GET http://a.example/ HTTP/1.1\r\n\r\n", .malformed),
        Row("§3.2: two Hosts", get + "Host: b.example\r\n\r\n", .malformed),
        Row("§3.2: the same Host twice", get + host + "\r\n", .malformed),
        Row("§3.2: an empty Host", absolute("/", ""), .malformed),
        Row("§3.2: a list of hosts", absolute("/", "a.example, b.example"), .malformed),
        Row("§3.2: a blank in Host", absolute("/", "a.example b.example"), .malformed),
        Row("§3.2: a path in Host", absolute("/", "a.example/x"), .malformed),
        Row("§3.2: a scheme in Host", absolute("/", "http://a.example"), .malformed),
        Row("RFC 9110 §4.2.4: somebody before an @ in Host", absolute("/", "b.example@a.example"), .malformed),
        Row("RFC 3986 §3.2.3: a port that is no number", absolute("/", "a.example:x"), .malformed),
        Row("RFC 3986 §3.2.3: a port with a sign", absolute("/", "a.example:+80"), .malformed),
        Row("RFC 3986 §3.2.3: a port beyond 65535", absolute("/", "a.example:65536"), .malformed),
        Row("RFC 3986 §3.2.3: two ports", absolute("/", "a.example:80:80"), .malformed),
        Row("RFC 3986 §3.2.2: a percent sign in a name", absolute("/", "a%2eexample"), .malformed),
        Row("RFC 1035 §2.3.1: an empty label", absolute("/", "a..example"), .malformed),
        Row("RFC 1035 §2.3.1: a dot before the name", absolute("/", ".a.example"), .malformed),
        Row("RFC 3986 §3.2.2: a bracket that never closes", absolute("/", "[::1"), .malformed),
        Row("RFC 3986 §3.2.2: a name in brackets", absolute("/", "[a.example]"), .malformed),
        Row("RFC 3986 §3.2.2: something behind a bracket", absolute("/", "[::1]a.example"), .malformed),
        Row("RFC 3986 §3.2.2: an IPv6 address without brackets", absolute("/", "::1"), .malformed),
        Row("RFC 3986 §3.2.2: bytes beyond ASCII", absolute("/", "ä.example"), .malformed),
        Row("§3.2: an invalid Host beside an absolute target", absolute("http://a.example/", "a b"), .malformed),
        Row("§3.2: an empty Host beside an absolute target", absolute("http://a.example/", ""), .malformed),
        Row("§3.2: a target without a slash", absolute("a.example/x"), .malformed),
        Row("§3.2: a relative target", absolute("x"), .malformed),
        Row("§3.2.4: an asterisk for GET", absolute("*"), .malformed),
        Row("§3.2.4: more than an asterisk", request("OPTIONS *x HTTP/1.1", host: "a.example"), .malformed),
        Row("RFC 9110 §4.2.1: a target without a host", absolute("http:///x"), .malformed),
        Row("RFC 9110 §4.2.1: a target with a port alone", absolute("http://:80/x"), .malformed),
        Row("RFC 9110 §4.2.4: somebody before an @ in the target", absolute("http://b@a.example/"), .malformed),
        Row("RFC 9110 §4.2: another scheme", absolute("ftp://a.example/"), .malformed),
        Row("RFC 9110 §4.2: one slash", absolute("http:/a.example/"), .malformed),
        Row(
            "RFC 9110 §9.3.6: CONNECT without a port", request("CONNECT a.example HTTP/1.1", host: "a.example"),
            .malformed),
        Row("RFC 9110 §9.3.6: CONNECT with a path", request("CONNECT /x HTTP/1.1", host: "a.example"), .malformed),
    ]

    @Test("RFC 9112 §3.2: target and Host name one host, or no origin hears of it", arguments: targets)
    static func target(_ row: Row) async throws { try await prove(row) }

    @Test(
        "RFC 9110 §7.4: a request for a host that is not served gets 421, never an origin",
        arguments: [
            absolute("/", "evil.example"), absolute("/", "a.example.evil.example"), absolute("/", "xa.example"),
            absolute("/", "127.0.0.1"), absolute("/", "[::1]:80"), absolute("http://evil.example/"),
            absolute("/", "localhost"), absolute("/", "*"),
        ])
    static func misdirected(_ request: String) async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(request)
            let response = try client.response()
            #expect(response.status == 421)
            #expect(response.code == "route.unknown_domain")
            #expect(origin.connectionCount == 0)
            try client.get("a.example")
            #expect(try client.response().text == "ok")
        }
    }

    @Test("RFC 9110 §7.2: each request on a connection goes by its own host")
    static func perRequest() async throws {
        let (a, b) = (try Origin.ok("a"), try Origin.ok("b"))
        try await withProxy(.loopback([.to("a.example", a), .to("b.example", b)])) { proxy in
            let client = try proxy.client()
            let names = ["a", "b", "b", "a"]
            try client.send(names.map { absolute("/", "\($0).example") }.joined())
            for name in names { #expect(try client.response().text == name) }
        }
    }
}
