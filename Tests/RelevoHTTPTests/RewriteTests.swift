// Outgoing heads of the rewriting modes: lines, framing, Via, Date, statements about the client.
// Not for fields of one hop and not for the classic mode.

import RelevoHTTP
import Testing

@Suite("Outgoing requests")
struct RequestRewriteTests {
    @Test("End-to-end fields pass in order, spelling and number")
    func endToEnd() throws {
        let fields = ["hOST: A.example", "X-B:  2 ", "Cookie: a", "cookie: b", "X-A:1", "X-Empty:"]
        #expect(try sent(request(head("GET /x HTTP/1.1", fields))) == head("GET /x HTTP/1.1", fields))
    }

    @Test("RFC 9112 §3.2: an absolute target becomes origin form with one Host of its own", arguments: [
        ("GET http://A.example:81/p?q", "GET /p?q"), ("GET http://A.example:81", "GET /"), ("GET http://A.example:81?q", "GET /?q"),
        ("GET https://A.example:81/?", "GET /?"), ("OPTIONS http://A.example:81", "OPTIONS *"), ("OPTIONS http://A.example:81/", "OPTIONS /"),
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

    @Test("RFC 9112 §6: exactly one framing field is sent, in the proxy's spelling where it is chunked")
    func framing() throws {
        #expect(try lines(sent(post("tRansfer-encoding: CHUNKED"))) == ["Host: a.example", "Transfer-Encoding: chunked"])
        #expect(try lines(sent(post("Content-Length: 5"))) == ["Host: a.example", "Content-Length: 5"])
        let chunked = RequestRewrite(framing: .chunked)
        #expect(try lines(sent(post("Content-Length: 5"), chunked)) == ["Host: a.example", "Transfer-Encoding: chunked"])
        #expect(try lines(sent(post("Transfer-Encoding: chunked"), chunked)) == ["Host: a.example", "Transfer-Encoding: chunked"])
    }

    @Test("RFC 9112 §9.6: the connection can be announced to end")
    func close() throws {
        let rewrite = RequestRewrite(connection: .close, via: true)
        #expect(try lines(sent(get("Connection: keep-alive"), rewrite)) == ["Host: a.example", "Connection: close", "Via: 1.1 relevo"])
    }

    @Test("RFC 9110 §7.6.3: Via is appended behind earlier ones, with the version that was received")
    func via() throws {
        let rewrite = RequestRewrite(via: true)
        #expect(try lines(sent(get("Via: 1.0 fred, 1.1 p"), rewrite)) == ["Host: a.example", "Via: 1.0 fred, 1.1 p", "Via: 1.1 relevo"])
        #expect(try lines(sent(request("GET / HTTP/1.0\r\nHost: a\r\n\r\n"), rewrite)) == ["Host: a", "Via: 1.0 relevo"])
    }

    @Test("The proxy's own lines stand at the end")
    func extra() throws {
        var rewrite = RequestRewrite()
        rewrite.extra = Array("X-Request-ID: 7\r\n".utf8)
        #expect(try sent(get("A: b"), rewrite) == head("GET / HTTP/1.1", ["Host: a.example", "A: b", "X-Request-ID: 7"]))
    }

    @Test("Output is appended: what stands there already stays")
    func appends() throws {
        var output = Array("before".utf8)
        HeadSerializer.append(request: try get(), rewrite: RequestRewrite(), to: &output)
        #expect(String(decoding: output, as: UTF8.self) == "beforeGET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    }

    @Test("What is sent is read back as the same request")
    func roundTrip() throws {
        let received = try request(head("PUT http://a.example/x?y HTTP/1.1", ["Host: b", "Content-Length: 7, 7", "Connection: X-H", "X-H: 1", "Q: 1"]))
        let again = try request(sent(received))
        #expect(again.authority == received.authority && again.framing == received.framing && again.method == .put)
        #expect(sent(again) == sent(received))
    }
}

@Suite("Statements about the client")
struct ForwardedTests {
    private func rewrite(_ forwarded: Forwarded, _ address: String, trusted: Bool = false) -> RequestRewrite {
        var rewrite = RequestRewrite(forwarded: forwarded)
        rewrite.clientAddress = Array(address.utf8)
        rewrite.trusted = trusted
        return rewrite
    }

    private let claims = [
        "X-Forwarded-For: 6.6.6.6, 7.7.7.7", "x-forwarded-for: 8.8.8.8", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil", "X-Forwarded-Port: 1",
        "X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6", "forwarded: for=7.7.7.7;proto=https",
    ]

    @Test("What an untrusted client claims is replaced, in both vocabularies")
    func untrusted() throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: A.example:80"] + claims))
        #expect(lines(sent(received, rewrite(.xForwarded, "10.0.0.1"))) == [
            "Host: A.example:80", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: A.example:80",
        ])
        #expect(lines(sent(received, rewrite(.rfc7239, "10.0.0.1"))) == [
            "Host: A.example:80", "Forwarded: for=10.0.0.1;host=\"A.example:80\";proto=http",
        ])
    }

    @Test("What a trusted client claims is kept, and its list continued on one line")
    func trusted() throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: a"] + claims))
        #expect(lines(sent(received, rewrite(.xForwarded, "10.0.0.1", trusted: true))) == [
            "Host: a", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil", "X-Forwarded-Port: 1", "X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6",
            "forwarded: for=7.7.7.7;proto=https", "X-Forwarded-For: 6.6.6.6, 7.7.7.7, 8.8.8.8, 10.0.0.1",
        ])
        #expect(lines(sent(received, rewrite(.rfc7239, "10.0.0.1", trusted: true))).last
            == "Forwarded: for=6.6.6.6, for=7.7.7.7;proto=https, for=10.0.0.1;host=a;proto=http")
    }

    @Test("Nothing is said and nothing dropped where nothing is to be said")
    func none() throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: a"] + claims))
        #expect(lines(sent(received, rewrite(.none, "10.0.0.1"))) == ["Host: a"] + claims)
    }

    @Test("RFC 7239 §6: an IPv6 address stands in brackets and quotes, an absent one is unknown")
    func nodes() throws {
        let received = try get()
        #expect(lines(sent(received, rewrite(.rfc7239, "2001:db8::1"))).last == "Forwarded: for=\"[2001:db8::1]\";host=a.example;proto=http")
        #expect(lines(sent(received, rewrite(.rfc7239, ""))).last == "Forwarded: for=unknown;host=a.example;proto=http")
        #expect(lines(sent(received, rewrite(.xForwarded, "2001:db8::1")))[1] == "X-Forwarded-For: 2001:db8::1")
    }

    @Test("Without an address X-Forwarded-For is left out, or left as a trusted client sent it")
    func noAddress() throws {
        let received = try get("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For:")
        #expect(!sent(received, rewrite(.xForwarded, "")).contains("X-Forwarded-For"))
        #expect(sent(received, rewrite(.xForwarded, "", trusted: true)).contains("X-Forwarded-For: 6.6.6.6\r\n"))
    }

    @Test("The client's scheme is told; the host is that of an absolute target")
    func schemeAndHost() throws {
        var rewrite = rewrite(.xForwarded, "::1")
        rewrite.scheme = .https
        let received = try request("GET http://A.example/ HTTP/1.1\r\nHost: b\r\n\r\n")
        #expect(lines(sent(received, rewrite)) == [
            "Host: A.example", "X-Forwarded-For: ::1", "X-Forwarded-Proto: https", "X-Forwarded-Host: A.example",
        ])
    }

    @Test("RFC 7239 §8.1: Connection cannot strip what the proxy says")
    func nominatedAway() throws {
        let received = try get("Connection: X-Forwarded-For, X-Forwarded-Proto, Forwarded, Via")
        #expect(lines(sent(received, rewrite(.xForwarded, "1.1.1.1"))).contains("X-Forwarded-For: 1.1.1.1"))
    }

    @Test("RFC 9110 §5.1: a name with underscores is another field and does not take the place of one")
    func underscores() throws {
        let result = try lines(sent(get("X_Forwarded_For: 6.6.6.6"), rewrite(.xForwarded, "1.1.1.1")))
        #expect(result.contains("X-Forwarded-For: 1.1.1.1"))
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
        #expect(lines(sent(received, ResponseRewrite(connection: .keepAlive(announce: true)))) == ["Connection: keep-alive"])
    }

    @Test("RFC 9112 §6.1: framing can be kept, made chunked, or left to the end of the connection", arguments: [
        ("Content-Length: 5", ResponseFraming.asReceived, ["Content-Length: 5"]), ("Content-Length: 5", .chunked, ["Transfer-Encoding: chunked"]),
        ("Content-Length: 5", .untilClose, []), ("Transfer-Encoding: CHUNKED", .asReceived, ["Transfer-Encoding: chunked"]),
        ("Transfer-Encoding: chunked", .chunked, ["Transfer-Encoding: chunked"]), ("Transfer-Encoding: chunked", .untilClose, []),
        ("Keep-Alive: 5", .asReceived, []), ("Keep-Alive: 5", .chunked, ["Transfer-Encoding: chunked"]),
    ])
    func framing(field: String, framing: ResponseFraming, expected: [String]) throws {
        #expect(try lines(sent(ok(field), ResponseRewrite(framing: framing))) == expected)
    }

    @Test("RFC 9110 §8.6: 1xx and 204 go on without framing fields, 304 keeps its length", arguments: [
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
        #expect(try sent(response("HTTP/1.1 100 Continue\r\n\r\n"), ResponseRewrite(connection: .close)) == "HTTP/1.1 100 Continue\r\n\r\n")
    }

    @Test("RFC 9110 §7.6.3: Via names the version that was received; the proxy's own lines stand at the end")
    func viaAndExtra() throws {
        var rewrite = ResponseRewrite(via: true)
        rewrite.extra = Array("X-Request-ID: 7\r\n".utf8)
        #expect(try lines(sent(response("HTTP/1.0 200 OK\r\nA: b\r\n\r\n"), rewrite)) == ["A: b", "Via: 1.0 relevo", "X-Request-ID: 7"])
    }

    @Test("A head that was never parsed is written without a trap")
    func unparsed() {
        #expect(sent(ResponseHead()).hasPrefix("HTTP/1.1 "))
        #expect(sent(RequestHead()).hasSuffix("\r\n\r\n"))
        #expect(!sent(RequestHead(), .classic).isEmpty && !sent(ResponseHead(), .classic).isEmpty)
    }
}
