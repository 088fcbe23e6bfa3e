// Outgoing heads of the rewriting modes: lines, framing, Via, Date.
// Not for fields of one hop, statements about the client, or the classic mode.

import RelevoHTTP
import Testing

@Suite("Outgoing requests")
struct RequestRewriteTests {
    @Test("End-to-end fields pass in order, spelling and number")
    func endToEnd() throws {
        let fields = ["hOST: A.example", "X-B:  2 ", "Cookie: a", "cookie: b", "X-A:1", "X-Empty:"]
        #expect(try sent(request(head("GET /x HTTP/1.1", fields))) == head("GET /x HTTP/1.1", fields))
    }

    @Test(
        "RFC 9112 §3.2: an absolute target becomes origin form with one Host of its own",
        arguments: [
            ("GET http://A.example:81/p?q", "GET /p?q"), ("GET http://A.example:81", "GET /"),
            ("GET http://A.example:81?q", "GET /?q"),
            ("GET https://A.example:81/?", "GET /?"), ("OPTIONS http://A.example:81", "OPTIONS *"),
            ("OPTIONS http://A.example:81/", "OPTIONS /"),
            ("OPTIONS http://A.example:81?", "OPTIONS /?"), ("GET http://A.example:81//x/../y", "GET //x/../y"),
        ])
    func absolute(line: String, expected: String) throws {
        let received = try request(head("\(line) HTTP/1.1", ["X: y", "Host: b"]))
        #expect(sent(received) == head("\(expected) HTTP/1.1", ["Host: A.example:81", "X: y"]))
    }

    @Test("RFC 9110 §2.5: the proxy sends its own version")
    func ownVersion() throws {
        #expect(try sent(request("GET /a HTTP/1.0\r\nHost: a\r\n\r\n")) == "GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try sent(request("GET http://a/b HTTP/1.0\r\n\r\n")) == "GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
    }

    @Test("RFC 9110 §10.1.1: an expectation passes in HTTP/1.1 and is ignored in HTTP/1.0")
    func expectation() throws {
        #expect(try lines(sent(post("Expect: 100-continue"))) == ["Host: a.example", "Expect: 100-continue"])
        let old = try request("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        #expect(lines(sent(old)) == ["Host: a", "Content-Length: 1"])
    }

    @Test("RFC 9112 §6: exactly one framing field is sent, in the proxy's spelling where it is chunked")
    func framing() throws {
        #expect(
            try lines(sent(post("tRansfer-encoding: CHUNKED"))) == ["Host: a.example", "Transfer-Encoding: chunked"])
        #expect(try lines(sent(post("Content-Length: 5"))) == ["Host: a.example", "Content-Length: 5"])
    }

    @Test("RFC 9112 §9.6: the connection can be announced to end")
    func close() throws {
        let rewrite = RequestRewrite(connection: .close, via: true)
        #expect(
            try lines(sent(get("Connection: keep-alive"), rewrite)) == [
                "Host: a.example", "Connection: close", "Via: 1.1 relevo",
            ])
    }

    @Test("RFC 9110 §7.6.3: Via is appended behind earlier ones, with the version that was received")
    func via() throws {
        let rewrite = RequestRewrite(via: true)
        #expect(
            try lines(sent(get("Via: 1.0 fred, 1.1 p"), rewrite)) == [
                "Host: a.example", "Via: 1.0 fred, 1.1 p", "Via: 1.1 relevo",
            ])
        #expect(
            try lines(sent(request("GET / HTTP/1.0\r\nHost: a\r\n\r\n"), rewrite)) == ["Host: a", "Via: 1.0 relevo"])
    }

    @Test("The proxy's own identifier stands at the end and takes the place of others")
    func requestID() throws {
        var rewrite = RequestRewrite()
        rewrite.requestID = Array("7".utf8)
        #expect(
            try sent(get("X-Request-ID: 1", "A: b", "x-request-id: 2"), rewrite)
                == head("GET / HTTP/1.1", ["Host: a.example", "A: b", "X-Request-ID: 7"]))
    }

    @Test("Output is appended: what stands there already stays")
    func appends() throws {
        var output = Array("before".utf8)
        HeadSerializer.append(request: try get(), rewrite: RequestRewrite(), to: &output)
        #expect(String(decoding: output, as: UTF8.self) == "beforeGET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    }

    @Test("What is sent is read back as the same request")
    func roundTrip() throws {
        let received = try request(
            head(
                "PUT http://a.example/x?y HTTP/1.1",
                ["Host: b", "Content-Length: 7, 7", "Connection: X-H", "X-H: 1", "Q: 1"]))
        let again = try request(sent(received))
        #expect(again.authority == received.authority && again.framing == received.framing && again.method == .put)
        #expect(sent(again) == sent(received))
    }
}

@Suite("Outgoing responses")
struct ResponseRewriteTests {
    @Test("End-to-end fields pass, the version is the proxy's own")
    func endToEnd() throws {
        let fields = ["server: x", "Set-Cookie: a", "set-cookie:  b", "WWW-Authenticate: y", "Proxy-Authenticate: z"]
        #expect(try sent(response(head("HTTP/1.0 404 Not  Found", fields))) == head("HTTP/1.1 404 Not  Found", fields))
    }

    @Test("RFC 9112 §9: what is said about the connection is the proxy's own")
    func connection() throws {
        let received = try ok("Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: 5")
        #expect(lines(sent(received)) == [])
        #expect(lines(sent(received, ResponseRewrite(connection: .close))) == ["Connection: close"])
        #expect(
            lines(sent(received, ResponseRewrite(connection: .keepAlive(announce: true)))) == ["Connection: keep-alive"]
        )
    }

    @Test(
        "RFC 9112 §6.1: framing can be kept, made chunked, or left to the end of the connection",
        arguments: [
            ("Content-Length: 5", ResponseFraming.asReceived, ["Content-Length: 5"]),
            ("Content-Length: 5", .chunked, ["Transfer-Encoding: chunked"]),
            ("Content-Length: 5", .untilClose, []),
            ("Transfer-Encoding: CHUNKED", .asReceived, ["Transfer-Encoding: chunked"]),
            ("Transfer-Encoding: chunked", .chunked, ["Transfer-Encoding: chunked"]),
            ("Transfer-Encoding: chunked", .untilClose, []),
            ("Keep-Alive: 5", .asReceived, []), ("Keep-Alive: 5", .chunked, ["Transfer-Encoding: chunked"]),
        ])
    func framing(field: String, framing: ResponseFraming, expected: [String]) throws {
        #expect(try lines(sent(ok(field), ResponseRewrite(framing: framing))) == expected)
    }

    @Test("RFC 9112 §6.1: a client of HTTP/1.0 is sent no transfer coding, whatever the endpoint declares")
    func codingForHTTP10() throws {
        var rewrite = ResponseRewrite()
        rewrite.clientVersion = .http10
        #expect(try lines(sent(ok("Transfer-Encoding: chunked"), rewrite)) == [])
        #expect(
            try lines(sent(response("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"), rewrite)) == [])
    }

    @Test(
        "RFC 9110 §8.6: 1xx and 204 go on without framing fields, 304 keeps its length",
        arguments: [
            (100, []), (103, []), (204, []), (304, ["Content-Length: 5"]), (200, ["Content-Length: 5"]),
        ] as [(Int, [String])])
    func noFraming(status: Int, expected: [String]) throws {
        #expect(try lines(sent(response("HTTP/1.1 \(status) X\r\nContent-Length: 5\r\n\r\n"))) == expected)
        let chunked = try response("HTTP/1.1 \(status) X\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(lines(sent(chunked)).isEmpty == expected.isEmpty)
    }

    @Test("RFC 9110 §6.6.1: a missing Date is added, a present one kept, an interim response left alone")
    func date() throws {
        let rewrite = ResponseRewrite(addDate: Array("now".utf8))
        #expect(try lines(sent(ok(), rewrite)) == ["Date: now"])
        #expect(try lines(sent(ok("date: then"), rewrite)) == ["date: then"])
        #expect(try lines(sent(response("HTTP/1.1 103 X\r\nLink: y\r\n\r\n"), rewrite)) == ["Link: y"])
    }

    @Test("An interim response says nothing about the connection")
    func interim() throws {
        #expect(
            try sent(response("HTTP/1.1 100 Continue\r\n\r\n"), ResponseRewrite(connection: .close))
                == "HTTP/1.1 100 Continue\r\n\r\n")
    }

    @Test("RFC 9110 §7.6.3: Via names the version that was received")
    func viaOfResponse() throws {
        let rewrite = ResponseRewrite(via: true)
        #expect(
            try lines(sent(response("HTTP/1.0 200 OK\r\nA: b\r\n\r\n"), rewrite)) == [
                "A: b", "Via: 1.0 relevo",
            ])
    }

    @Test("A head that was never parsed is written without a trap")
    func unparsed() {
        #expect(sent(ResponseHead()).hasPrefix("HTTP/1.1 "))
        #expect(sent(RequestHead()).hasSuffix("\r\n\r\n"))
        #expect(!sent(RequestHead(), .classic).isEmpty && !sent(ResponseHead(), .classic).isEmpty)
    }
}
