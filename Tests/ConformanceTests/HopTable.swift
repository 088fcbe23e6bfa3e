// RFC 9110 §7.6.1: what is meant for one hop ends at it, in both directions.
// Not for connections that stay or end, which PersistenceTests have.

import TestSupport
import Testing

extension Conformance {
    private static func fields(_ lines: String...) -> String { get + lines.map { $0 + "\r\n" }.joined() + "\r\n" }

    static let hopFields: [Row] = [
        Row("a nominated field", fields("Connection: X-Hop", "X-Hop: 1", "X: 2"), .arrives(fields("X: 2"))),
        Row("nominated in any case", fields("connection: x-HOP", "X-Hop: 1"), .arrives(fields())),
        Row("nominated before it comes", fields("X-Hop: 1", "Connection: X-Hop", "x-hop: 2"), .arrives(fields())),
        Row(
            "several nominations in several lines",
            fields("Connection: X-A, keep-alive", "Connection: ,, X-B ,", "X-A: 1", "X-B: 2"), .arrives(fields())),
        Row("Keep-Alive", fields("Keep-Alive: timeout=5"), .arrives(fields())),
        Row("Proxy-Connection", fields("Proxy-Connection: keep-alive"), .arrives(fields())),
        Row("§10.1.4: TE", fields("TE: trailers, gzip", "Connection: TE"), .arrives(fields())),
        Row("§7.8: Upgrade that Connection does not name", fields("Upgrade: websocket"), .arrives(fields())),
        Row(
            "RFC 9113 §3.1: an upgrade to HTTP/2",
            fields("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA"), .arrives(fields())),
        Row(
            "RFC 2817 §3: an upgrade to TLS", fields("Connection: Upgrade", "Upgrade: TLS/1.0, HTTP/1.1"),
            .arrives(fields())),
        Row(
            "RFC 9110 §11.7: credentials for a proxy that does not ask for any pass",
            fields("Proxy-Authorization: Basic x"), .arrivesUnchanged),
        Row("an option without a field", fields("Connection: nonsense"), .arrives(fields())),
        Row("an option that is no token", fields("Connection: \"X\", X Y, X=1", "X: 1"), .arrives(fields("X: 1"))),

        Row("Host cannot be nominated away", fields("Connection: Host"), .arrives(fields())),
        Row(
            "neither can Content-Length", post + "Connection: Content-Length\r\nContent-Length: 5\r\n\r\nhello",
            .arrives(post + "Content-Length: 5\r\n\r\nhello")),
        Row(
            "nor Transfer-Encoding",
            post + "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            .arrives(post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")),
        Row(
            "nor credentials", fields("Connection: Authorization, Cookie", "Authorization: x", "Cookie: y"),
            .arrives(fields("Authorization: x", "Cookie: y"))),
        Row(
            "nor what an earlier proxy says of the client", fields("Connection: X-Forwarded-For", "X-Forwarded-For: 1"),
            .arrives(fields("X-Forwarded-For: 1"))),
        Row(
            "nor a claim in a spelling of its own", fields("Connection: X-Forwarded-User", "X-Forwarded-User: root"),
            .arrives(fields("X-Forwarded-User: root"))),
        Row(
            "nor the bounds of caching", fields("Connection: Cache-Control", "Cache-Control: no-store"),
            .arrives(fields("Cache-Control: no-store"))),
        Row(
            "RFC 9110 §10.1.1: an expectation of HTTP/1.0 has no meaning",
            "POST / HTTP/1.0\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
            .arrives(post + "Content-Length: 5\r\n\r\nhello")),
        Row(
            "RFC 9112 §C.2.2: HTTP/1.0 cannot nominate what HTTP/1.1 would not",
            "GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n",
            .arrives(fields())),
        Row(
            "RFC 9110 §7.6.2: Max-Forwards is counted down",
            "OPTIONS / HTTP/1.1\r\n" + host + "Max-Forwards: 7\r\n\r\n",
            .arrives("OPTIONS / HTTP/1.1\r\n" + host + "Max-Forwards: 6\r\n\r\n")),
        Row(
            "RFC 9110 §7.6.2: Max-Forwards of other methods is not", fields("Max-Forwards: 0"), .arrivesUnchanged),
    ]

    @Test("RFC 9110 §7.6.1: fields of one hop end here, and nothing else does", arguments: hopFields)
    static func hopField(_ row: Row) async throws { try await prove(row) }

    @Test("RFC 9110 §7.6.2: an OPTIONS that may go no further is answered here")
    static func lastForward() async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let response = try ask(proxy, "OPTIONS * HTTP/1.1\r\n" + host + "Max-Forwards: 0\r\n\r\n")
            #expect(response.status == 204 || response.status == 200)
            #expect(origin.connectionCount == 0)
        }
    }

    @Test(
        "RFC 9110 §7.6.1: fields of one hop in a response end here",
        arguments: [
            "Connection: X-Hop\r\nX-Hop: 1\r\n", "Keep-Alive: timeout=5\r\n", "Proxy-Connection: close\r\n",
            "Connection: close\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n",
            "X-Hop: 1\r\nConnection: close, x-hop\r\n",
        ])
    static func responseHopField(_ lines: String) async throws {
        let origin = try Origin.answering("HTTP/1.1 200 OK\r\n\(lines)Date: x\r\nContent-Length: 2\r\n\r\nok")
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            for _ in 0..<2 {
                try client.get("a.example")
                #expect(try client.response().head == "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\n")
            }
        }
    }
}
