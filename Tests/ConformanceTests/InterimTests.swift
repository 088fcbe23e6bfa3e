// RFC 9110 §10.1.1 and §15.2: expectations, and answers before the answer.
// Not for 101, which UpgradeTests have.

import RelevoPolicy
import TestSupport
import Testing

extension Conformance {
    @Test("RFC 9110 §10.1.1: who waits for a 100 is not to blame for the origin's silence")
    static func silentInsteadOfContinue() async throws {
        let origin = try Origin { $0.readToEnd() }
        try await withProxy(
            .loopback([.to("a.example", origin)]) {
                $0.timeouts.body = .milliseconds(100)
                $0.timeouts.response = .milliseconds(400)
            }
        ) { proxy in
            let response = try ask(proxy, post + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(response.status == 504)
            #expect(response.code == "upstream.timeout")
        }
    }

    @Test(
        "RFC 9112 §9.6: an answer that is complete before the request says that the connection ends",
        arguments: [
            post + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", post + "Content-Length: 2\r\n\r\nh",
            post + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
        ])
    static func earlyAnswer(_ request: String) async throws {
        let origin = try Origin { connection in
            try connection.readHead()
            try connection.wire.send("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno")
            connection.readToEnd()
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(request)
            let response = try client.response()
            #expect(response.status == 417)
            #expect(HTTPText.values(of: "connection", in: response.head) == ["close"])
            #expect(client.end() == .orderly)
        }
    }

    private static let expecting = post + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test("RFC 9110 §10.1.1: an expectation reaches the origin before the body, and its 100 the client")
    static func expectation() async throws {
        let origin = try Origin { connection in
            let head = try connection.readHead()
            #expect(head == expecting)
            #expect(connection.receivedText == expecting)
            try connection.wire.send("HTTP/1.1 100 Continue\r\nX-Note: go\r\n\r\n")
            #expect(try connection.readRequest() == Array("hello".utf8))
            try connection.wire.send(ok)
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(expecting)
            #expect(try client.anyResponse().head == "HTTP/1.1 100 Continue\r\nX-Note: go\r\n\r\n")
            try client.send("hello")
            #expect(try client.response().text == "ok")
        }
    }

    @Test("RFC 9110 §10.1.1: a refusal in place of 100 reaches a client that has sent no body, and ends the connection")
    static func refusedExpectation() async throws {
        let origin = try Origin { connection in
            try connection.readHead()
            try connection.wire.send("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")
            connection.readToEnd()
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(expecting)
            #expect(try client.response().status == 417)
            // Nobody can tell whether the body still comes: what follows must not be taken for a request.
            try? client.send("GET /")
            #expect(client.readToEnd().bytes.isEmpty)
            #expect(try origin.connection().awaitEnd() != .timeout)
            #expect(origin.connectionCount == 1)
        }
    }

    @Test("RFC 9110 §10.1.1: a client that does not wait for 100 is served as well")
    static func impatient() async throws {
        let origin = try Origin.answering("HTTP/1.1 100 Continue\r\n\r\n" + ok)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            for _ in 0..<2 {
                try client.send(expecting + "hello")
                #expect(try client.anyResponse().status == 100)
                #expect(try client.anyResponse().text == "ok")
            }
        }
    }

    @Test(
        "RFC 9110 §15.2: interim answers pass, without framing and fields of one hop",
        arguments: [
            (
                "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
                "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
            ),
            ("HTTP/1.1 102 Processing\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n"),
            ("HTTP/1.1 199 X\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 199 X\r\n\r\n"),
            (
                "HTTP/1.1 100 Continue\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: x\r\n\r\n",
                "HTTP/1.1 100 Continue\r\n\r\n"
            ),
        ])
    static func interim(_ sends: String, _ arrives: String) async throws {
        let origin = try Origin.answering(sends + sends + ok)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            for _ in 0..<2 {
                try client.get("a.example")
                #expect(try client.anyResponse().head == arrives)
                #expect(try client.anyResponse().head == arrives)
                #expect(try client.anyResponse().text == "ok")
            }
        }
    }

    @Test("RFC 9110 §15.2: no interim answer goes to HTTP/1.0")
    static func interimToHTTP10() async throws {
        let origin = try Origin.answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\n\r\n" + ok)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
            #expect(try client.anyResponse().text == "ok")
        }
    }

    @Test("interim answers are bounded: 32 pass, one more is the origin's fault", arguments: [32, 33])
    static func manyInterims(_ count: Int) async throws {
        let interims = String(repeating: "HTTP/1.1 103 X\r\n\r\n", count: count)
        let origin = try Origin.answeringOnce(interims + ok)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let response = try ask(proxy, get + "\r\n")
            #expect(response.status == (count == 32 ? 200 : 502))
        }
    }

    @Test("RFC 9112 §9.5: an origin that ends behind an interim answer has not answered")
    static func interimAndEnd() async throws {
        let origin = try Origin.answeringOnce("HTTP/1.1 100 Continue\r\n\r\n")
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let response = try ask(proxy, get + "\r\n")
            #expect(response.status == 502)
            #expect(response.code == "upstream.closed")
        }
    }

    @Test("RFC 9112 §9.5: an answer before the end of the request reaches the client")
    static func earlyAnswer() async throws {
        let origin = try Origin { connection in
            try connection.readHead()
            try connection.wire.send("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")
            connection.readToEnd()
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(post + "Content-Length: 1000000\r\n\r\nbegin")
            let response = try client.response()
            #expect(response.status == 413)
            #expect(response.text == "no")
            #expect(try origin.connection().awaitEnd() != .timeout)
        }
    }
}
