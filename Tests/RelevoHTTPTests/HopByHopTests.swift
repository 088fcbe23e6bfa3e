// What must not cross the proxy, and what nobody can strip by calling it a matter of one hop.
// Random input is fed by RandomisedTests.

import RelevoHTTP
import Testing

@Suite("Fields of one hop")
struct HopByHopTests {
    @Test(
        "RFC 9110 §7.6.1: fields of one hop end here",
        arguments: [
            ["Connection: keep-alive", "Keep-Alive: timeout=5"], ["Proxy-Connection: keep-alive"], ["TE: trailers"],
            ["Connection: TE", "TE: trailers, gzip"],
            ["Connection: X-Hop", "X-Hop: 1"], ["X-Hop: 1", "X-Hop: 2", "Connection: x-hop"],
            ["Connection: close, X-Hop", "x-hop: 1"],
            ["Connection: keep-alive", "Connection: ,X-Hop ,", "X-Hop: 1"], ["Connection: close, close"],
            ["Connection:"], ["Upgrade: websocket"],
            ["Connection: Upgrade", "Upgrade: websocket"],
            ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAM"], ["HTTP2-Settings: x"],
        ])
    func dropped(fields: [String]) throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: a"] + fields + ["X-Keep: 1"]))
        #expect(lines(sent(received)) == ["Host: a", "X-Keep: 1"])
        let reply = try response(head("HTTP/1.1 200 OK", fields + ["X-Keep: 1"]))
        #expect(lines(sent(reply)) == ["X-Keep: 1"])
    }

    @Test(
        "RFC 9110 §7.6.1: a field with a meaning to the proxy cannot be nominated away",
        arguments: [
            "Host: a", "Content-Length: 5", "Via: 1.0 x", "Cookie: c", "Authorization: x", "Cache-Control: no-store",
            "Date: x", "Expect: 100-continue",
            "Content-Type: x", "X-Request-ID: 1", "Forwarded: for=1.1.1.1", "X-Forwarded-For: 1.1.1.1",
            "X-Forwarded-Proto: https", "X-Real-IP: 1.1.1.1",
            "X-Forwarded-Prefix: /x", "x-forwarded-client-cert: x", "Idempotency-Key: k", "traceparent: x",
            "Proxy-Authorization: x",
        ])
    func protected(field: String) throws {
        let name = field.prefix { $0 != ":" }
        var fields = ["Connection: close, \(name)", field]
        if name != "Host" { fields.append("Host: a") }
        let received = try request(head("POST / HTTP/1.1", fields))
        #expect(lines(sent(received)).contains(field))
        guard name != "Host" else { return }
        #expect(try lines(sent(response(head("HTTP/1.1 200 OK", fields)))).contains(field))
    }

    @Test("Connection: Transfer-Encoding does not unframe a message")
    func codingStays() throws {
        let received = try post("Connection: Transfer-Encoding", "Transfer-Encoding: chunked")
        #expect(lines(sent(received)) == ["Host: a.example", "Transfer-Encoding: chunked"])
    }

    @Test("Only whole names are nominated")
    func wholeNames() throws {
        let received = try get("Connection: X-Ho, X-Hopp, X Hop, \"X-Hop\", X-Hop;q=1", "X-Hop: 1")
        #expect(lines(sent(received)) == ["Host: a.example", "X-Hop: 1"])
    }

    @Test("Many options are found among many fields, whatever their order and length")
    func manyOptions() throws {
        var random = Seeded(7)
        let letters = Array("abcABC-1".unicodeScalars.map(String.init))
        let stems = ["Q", "Query-Of-Words-", "qUERY-oF-wORDS-"]
        for _ in 0..<50 {
            let name = {
                (0..<Int.random(in: 1...3, using: &random)).map { _ in letters.randomElement(using: &random)! }
            }
            let options = (0..<61).map { _ in stems.randomElement(using: &random)! + name().joined() }
            let fields = (0..<200).map { _ in stems.randomElement(using: &random)! + name().joined() }
            let lists = [options.prefix(20), options[20..<21], options[21...]].map {
                "Connection: " + $0.joined(separator: ", ")
            }
            let received = try request(head("GET / HTTP/1.1", ["Host: a"] + lists + fields.map { $0 + ": 1" }))
            let nominated = Set(options.map { $0.lowercased() })
            let kept = fields.filter { !nominated.contains($0.lowercased()) }.map { $0 + ": 1" }
            #expect(lines(sent(received)) == ["Host: a"] + kept)
        }
    }

    @Test("Nothing that one head nominated is left for the next")
    func reusedHead() throws {
        var received = try get("Connection: X-Hop", "X-Hop: 1")
        received.fields.bytes = Array(head("GET / HTTP/1.1", ["Host: a", "Connection: X-B", "X-Hop: 1"]).utf8)
        try received.parse(limits: roomy)
        #expect(lines(sent(received)) == ["Host: a", "X-Hop: 1"])
    }

    @Test("A hook that removes Connection does not keep what it nominated")
    func removedConnection() throws {
        var received = try get("Connection: X-Hop", "X-Hop: 1")
        received.fields.remove(.connection)
        #expect(lines(sent(received)) == ["Host: a.example"])
    }

    @Test("A client cannot strip what a hook appended by nominating it")
    func appendedByHook() throws {
        var received = try get("Connection: X-User", "X-User: forged")
        try received.fields.append(name: "X-User", value: "real")
        #expect(lines(sent(received)) == ["Host: a.example", "X-User: real"])
    }

    @Test("RFC 9110 §7.8: an upgrade passes only when it is wanted on both sides")
    func upgrade() throws {
        let received = try get("Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x")
        #expect(received.wantsUpgrade == true)
        let passed = RequestRewrite(connection: .upgrade)
        #expect(
            lines(sent(received, passed)) == [
                "Host: a.example", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Connection: Upgrade",
            ])
        #expect(try lines(sent(get(), passed)) == ["Host: a.example"])
        let reply = try response("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        #expect(
            lines(sent(reply, ResponseRewrite(connection: .upgrade))) == ["Upgrade: websocket", "Connection: Upgrade"])
    }

    @Test(
        "RFC 9110 §7.8: no upgrade is wanted without both fields, in HTTP/1.0, with content, or to HTTP and TLS",
        arguments: [
            ["Upgrade: websocket"], ["Connection: Upgrade"], ["Connection: Upgrade", "Upgrade:"],
            ["Connection: Upgrade", "Upgrade: h2c"],
            ["Connection: Upgrade", "Upgrade: TLS/1.2"], ["Connection: Upgrade", "Upgrade: websocket, H2C"],
            ["Connection: Upgrade", "Upgrade: HTTP/3.0"],
            ["Connection: Upgrade", "Upgrade: websocket", "Content-Length: 1"],
            ["Connection: upgrades", "Upgrade: websocket"],
        ])
    func noUpgrade(fields: [String]) throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: a"] + fields))
        #expect(received.wantsUpgrade == false)
        let old = try request("GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        #expect(old.wantsUpgrade == false)
    }

    @Test("An offer of HTTP/2 is dropped even where another upgrade is kept")
    func mixedUpgrade() throws {
        let received = try get("Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket")
        let passed = RequestRewrite(connection: .upgrade)
        #expect(lines(sent(received, passed)) == ["Host: a.example", "Upgrade: websocket", "Connection: Upgrade"])
    }
}
