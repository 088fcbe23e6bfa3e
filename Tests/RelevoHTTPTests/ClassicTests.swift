// The classic mode: Connection is the only difference on the wire.
// Not for the rewriting modes.

import RelevoHTTP
import Testing

@Suite("Classic mode")
struct ClassicTests {
    /// A head whose every line has something that a careless writer would tidy up.
    private static let oddLines = [
        "HOST:   A.Example.:80 ", "accept:*/*", "X-Empty:", "X-A: 1", "x-a: 2", "Keep-Alive: timeout=5", "TE: trailers",
        "Via: 1.0 fred",
        "X-Forwarded-For: 10.0.0.1", "Cookie: a=1", "Cookie: b=2", "Proxy-Connection: x", "Upgrade: websocket",
        "Content-Length: 05", "X-Tab:\t v\t",
    ]

    @Test("Without a Connection field one is added at the end, all else is equal byte for byte")
    func added() throws {
        let text = head("POST /a?b HTTP/1.1", Self.oddLines)
        let expected = head("POST /a?b HTTP/1.1", Self.oddLines + ["Connection: close"])
        #expect(try sent(request(text), .classic) == expected)
    }

    @Test(
        "A Connection field is replaced where it stands, in its own spelling",
        arguments: [
            "Connection: keep-alive", "connection:close", "CONNECTION: \tKeep-Alive, Upgrade ", "Connection:",
            "Connection: close, close",
        ])
    func replaced(field: String) throws {
        let name = field.prefix { $0 != ":" }
        for index in 0...Self.oddLines.count {
            var before = Self.oddLines
            before.insert(field, at: index)
            var after = Self.oddLines
            after.insert("\(name): close", at: index)
            #expect(try sent(request(head("GET / HTTP/1.1", before)), .classic) == head("GET / HTTP/1.1", after))
        }
    }

    @Test("Of several Connection lines one remains, at the place of the first")
    func several() throws {
        let received = head(
            "GET / HTTP/1.1", ["Connection: a", "Host: a", "Connection: keep-alive", "X: y", "connection: b", "A: 1"])
        #expect(
            try sent(request(received), .classic)
                == head("GET / HTTP/1.1", ["Connection: close", "Host: a", "X: y", "A: 1"]))
    }

    @Test("Nominated fields stay: that is the contract of this mode")
    func nominated() throws {
        let received = head("GET / HTTP/1.1", ["Host: a", "Connection: X-Hop, Host", "X-Hop: 1"])
        #expect(
            try sent(request(received), .classic)
                == head("GET / HTTP/1.1", ["Host: a", "Connection: close", "X-Hop: 1"]))
    }

    @Test(
        "The request line stays as received: version 1.0, absolute form",
        arguments: [
            "GET / HTTP/1.0", "GET http://a/p?q HTTP/1.1", "OPTIONS * HTTP/1.1", "M-SEARCH /? HTTP/1.1",
        ])
    func requestLine(line: String) throws {
        #expect(try sent(request(head(line, ["Host: a"])), .classic) == head(line, ["Host: a", "Connection: close"]))
    }

    @Test(
        "RFC 9113 §3.1: an offer of HTTP/2 never passes, another upgrade does",
        arguments: ["h2c", "H2C, websocket", "websocket, h2c", "TLS/1.3", "HTTP/2.0"])
    func h2c(value: String) throws {
        let received = head(
            "GET / HTTP/1.1",
            ["Host: a", "Upgrade: \(value)", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAM"])
        #expect(try sent(request(received), .classic) == head("GET / HTTP/1.1", ["Host: a", "Connection: close"]))
    }

    @Test("RFC 9112 §3.2.2: a Host that contradicts the target takes the target's host")
    func contradiction() throws {
        let received = head("GET http://A.example:81/ HTTP/1.1", ["X: y", "hOst: b", "Z: 1"])
        let expected = head(
            "GET http://A.example:81/ HTTP/1.1", ["X: y", "hOst: A.example:81", "Z: 1", "Connection: close"])
        #expect(try sent(request(received), .classic) == expected)
        let hostFirst = head("GET http://A.example/ HTTP/1.1", ["Host: b"])
        let hostReplaced = head("GET http://A.example/ HTTP/1.1", ["Host: A.example", "Connection: close"])
        #expect(try sent(request(hostFirst), .classic) == hostReplaced)
    }

    @Test("Chunked framing stays as it was spelled")
    func chunked() throws {
        let received = head("POST / HTTP/1.1", ["Host: a", "transfer-encoding:  Chunked"])
        #expect(
            try sent(request(received), .classic)
                == head("POST / HTTP/1.1", ["Host: a", "transfer-encoding:  Chunked", "Connection: close"]))
    }

    @Test(
        "A response changes in nothing but Connection",
        arguments: ["HTTP/1.1 200 OK", "HTTP/1.0 404 ", "HTTP/1.1 200", "HTTP/1.1 999 x  y"])
    func responses(line: String) throws {
        let fields = [
            "server:x", "Set-Cookie: a", "Set-Cookie: b", "Keep-Alive: 5", "Upgrade: h2c", "Content-Length: 005",
        ]
        #expect(try sent(response(head(line, fields)), .classic) == head(line, fields + ["Connection: close"]))
        let kept = head(line, ["Connection: keep-alive"] + fields + ["connection: x"])
        #expect(try sent(response(kept), .classic) == head(line, ["Connection: close"] + fields))
    }

    @Test(
        "RFC 9110 §8.6: a length that is said several times is said once, in its place",
        arguments: [["content-length:  5, 5"], ["content-length: 5", "X: y", "Content-Length: 5"]])
    func lengths(fields: [String]) throws {
        let others = fields.filter { $0 == "X: y" } + ["Connection: close"]
        let received = head("POST / HTTP/1.1", ["Host: a"] + fields)
        #expect(
            try sent(request(received), .classic)
                == head("POST / HTTP/1.1", ["Host: a", "content-length: 5"] + others))
        let answer = head("HTTP/1.1 200 OK", fields)
        #expect(
            try sent(response(answer), .classic) == head("HTTP/1.1 200 OK", ["content-length: 5"] + others))
    }

    @Test("A head without any field still gets one")
    func bare() throws {
        #expect(
            try sent(response("HTTP/1.1 200 OK\r\n\r\n"), .classic) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    }

    @Test("What a hook appended or removed is the one other difference")
    func hooks() throws {
        var head = try get("X-A: 1", "X-B: 2")
        head.fields.remove(named: "x-a")
        try head.fields.append(name: "X-C", value: "3")
        #expect(
            sent(head, .classic)
                == RelevoHTTPTests.head("GET / HTTP/1.1", ["Host: a.example", "X-B: 2", "X-C: 3", "Connection: close"]))
    }

    @Test("What the configuration adds to a response stands at its end")
    func configured() throws {
        let text = head("HTTP/1.1 200 OK", ["X: 1", "Connection: keep-alive", "Y: 2"])
        var rewrite = ResponseRewrite.classic
        rewrite.extraLines = Array("Z: 3\r\n".utf8)
        let expected = head("HTTP/1.1 200 OK", ["X: 1", "Connection: close", "Y: 2", "Z: 3"])
        #expect(try sent(response(text), rewrite) == expected)
    }

    @Test("The mode is exactly close without anything else")
    func definition() {
        #expect(RequestRewrite.classic.isClassic)
        #expect(!RequestRewrite(connection: .keepAlive).isClassic)
        #expect(!RequestRewrite(connection: .close, forwarded: .xForwarded).isClassic)
        #expect(!RequestRewrite(connection: .close, via: true).isClassic)
    }
}
