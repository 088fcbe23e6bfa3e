// Several exchanges on one connection, and how bodies and interim responses cross the proxy.
// The default mode.

import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Keep-alive") struct KeepAlive {
        private func withOrigin(
            _ response: String, _ body: (TestProxy, Origin) async throws -> Void
        ) async throws {
            let origin = try Origin.answering(response)
            try await withProxy(.loopback([.to("a.example", origin)])) { try await body($0, origin) }
        }

        @Test("RFC 9112 §9.3: exchanges follow one another on one connection")
        func several() async throws {
            let origin = try Origin { connection in
                while true {
                    let body = String(decoding: try connection.readRequest(), as: UTF8.self)
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                }
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                for number in 1...20 {
                    let body = String(repeating: "x", count: number)
                    try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(number)\r\n\r\n\(body)")
                    #expect(try client.response().text == body)
                }
                #expect(await proxy.group.statistics().connectionsAccepted == 1)
                await proxy.stop()
                #expect(proxy.log.lines.map { $0.number("client_request") } == (1...20).map { $0 })
            }
        }

        @Test("RFC 9112 §9.3.2: pipelined requests are answered in their order, whatever the origins' speed")
        func pipelined() async throws {
            let gate = Gate()
            let slow = try Origin { connection in
                try connection.readRequest()
                gate.pass()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow")
            }
            let fast = try Origin.ok("fast")
            try await withProxy(.loopback([.to("slow.example", slow), .to("fast.example", fast)])) { proxy in
                let client = try proxy.client()
                try client.send(
                    "GET /1 HTTP/1.1\r\nHost: slow.example\r\n\r\n"
                        + "POST /2 HTTP/1.1\r\nHost: fast.example\r\nContent-Length: 3\r\n\r\nabc"
                        + "HEAD /3 HTTP/1.1\r\nHost: fast.example\r\n\r\n"
                        + "GET /4 HTTP/1.1\r\nHost: c.example\r\n\r\n"
                        + "GET /5 HTTP/1.1\r\nHost: fast.example\r\n\r\n")
                try slow.connection().awaitBytes { HTTPText.headLength($0) != nil }
                gate.open()
                #expect(try client.response().text == "slow")
                #expect(try client.response().text == "fast")
                #expect(try client.response(to: "HEAD").field("Content-Length") == "4")
                #expect(try client.response().status == 421)
                #expect(try client.response().text == "fast")
            }
        }

        @Test("a hundred pipelined requests in one packet are all answered")
        func manyPipelined() async throws {
            try await withOrigin("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") { proxy, origin in
                let client = try proxy.client()
                try client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", count: 100))
                for _ in 0..<100 { #expect(try client.response().text == "ok") }
                #expect(origin.requestCount == 100)
            }
        }

        @Test(
            "RFC 9112 §9.3.2: pipelined requests are all answered although the client has ended its side behind them")
        func pipelinedAndHalfClosed() async throws {
            try await withOrigin("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") { proxy, _ in
                let client = try proxy.client()
                try client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", count: 3))
                client.wire.finishSending()
                for _ in 0..<3 { #expect(try client.response().text == "ok") }
                #expect(client.end() == .orderly)
            }
        }

        @Test("RFC 9112 §2.2: an empty line before a request is passed over, an endless number of them is not")
        func emptyLines() async throws {
            try await withOrigin("HTTP/1.1 204 No Content\r\n\r\n") { proxy, _ in
                let one = try ask(proxy, "\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(one.status == 204)
                let lines = String(repeating: "\r\n", count: 50)
                let many = try ask(proxy, lines + "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(many.status == 400)
            }
        }

        @Test("RFC 9112 §9.3: a client that says close gets its answer and then the end")
        func closing() async throws {
            try await withOrigin("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") { proxy, _ in
                let client = try proxy.client()
                try client.get("a.example", "/", "Connection: close")
                let response = try client.response()
                #expect(HTTPText.values(of: "connection", in: response.head) == ["close"])
                #expect(client.end() == .orderly)
            }
        }

        @Test("RFC 9112 §9.3: HTTP/1.0 ends after its answer, unless it asked for keep-alive and is told so")
        func http10() async throws {
            try await withOrigin("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") { proxy, _ in
                let plain = try proxy.client()
                try plain.send("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
                #expect(try plain.response().text == "ok")
                #expect(plain.end() == .orderly)
                let keeping = try proxy.client()
                for _ in 0..<3 {
                    try keeping.send("GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n")
                    let response = try keeping.response()
                    #expect(response.text == "ok")
                    #expect(HTTPText.values(of: "connection", in: response.head) == ["keep-alive"])
                }
            }
        }

        @Test("RFC 9110 §9.3.2: the answer to HEAD has a length and no body, and the connection goes on")
        func head() async throws {
            try await withOrigin("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n") { proxy, _ in
                let client = try proxy.client()
                for _ in 0..<2 {
                    try client.send("HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(try client.response(to: "HEAD").field("Content-Length") == "1000000")
                }
            }
        }

        @Test(
            "RFC 9112 §6.3: 204 and 304 have no body, whatever their fields say",
            arguments: [
                "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
            ])
        func bodiless(_ response: String) async throws {
            try await withOrigin(response) { proxy, _ in
                let client = try proxy.client()
                for _ in 0..<2 {
                    try client.get("a.example")
                    #expect([204, 304].contains(try client.response().status))
                }
            }
        }

        @Test("RFC 9112 §7.1: chunks cross both ways, with data and trailers intact and extensions dropped")
        func chunkedBothWays() async throws {
            let origin = try Origin { connection in
                let answer = "4;e=1\r\nwiki\r\n5\r\npedia\r\n0\r\nX-Sum: 9\r\n\r\n"
                while true {
                    try connection.readRequest()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for byte in answer.utf8 { try connection.wire.send([byte]) }
                }
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                for _ in 0..<2 {
                    try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for byte in "3;x=\"y\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n".utf8 {
                        try client.send([byte])
                    }
                    let response = try client.response()
                    #expect(response.text == "wikipedia")
                    #expect(String(decoding: response.body, as: UTF8.self).contains("X-Sum: 9\r\n"))
                    #expect(!String(decoding: response.body, as: UTF8.self).contains("e=1"))
                }
                let received = try origin.connection().request(1)
                #expect(received.contains("X-T: 1\r\n"))
                #expect(!received.contains("x=\"y\""))
                let start = try #require(HTTPText.headLength(Array(received.utf8)))
                let content = try #require(HTTPText.unchunked(Array(received.utf8.dropFirst(start))))
                #expect(String(decoding: content, as: UTF8.self) == "abc0123456789")
            }
        }

        @Test("RFC 9112 §6.3: a body that the origin's close ends becomes chunks, so that the connection can go on")
        func untilCloseBecomesChunked() async throws {
            let origin = try Origin.answeringOnce("HTTP/1.1 200 OK\r\n\r\nall of it")
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                for _ in 0..<2 {
                    try client.get("a.example")
                    let response = try client.response()
                    #expect(response.isChunked)
                    #expect(response.text == "all of it")
                }
            }
        }

        @Test("RFC 9112 §7.1.3: a client of HTTP/1.0 gets chunked content bare, ended by the close")
        func chunkedToHTTP10() async throws {
            let chunked =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n5\r\npedia\r\n0\r\nX: 1\r\n\r\n"
            try await withOrigin(chunked) { proxy, _ in
                let client = try proxy.client()
                try client.send("GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n")
                let response = try client.response()
                #expect(response.text == "wikipedia")
                #expect(response.isComplete)
                #expect(response.field("Transfer-Encoding") == nil)
                #expect(HTTPText.values(of: "connection", in: response.head) != ["keep-alive"])
            }
        }

        @Test("RFC 9110 §15.2: interim responses reach HTTP/1.1 before the final one, and never HTTP/1.0")
        func interim() async throws {
            let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
            try await withOrigin(interim + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") { proxy, _ in
                let client = try proxy.client()
                try client.get("a.example")
                let early = try client.anyResponse()
                #expect(early.status == 103)
                #expect(early.field("Link") == "</a.css>")
                #expect(try client.anyResponse().status == 102)
                #expect(try client.anyResponse().text == "ok")
                let old = try proxy.client()
                try old.send("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
                #expect(try old.anyResponse().status == 200)
            }
        }

        @Test("RFC 9110 §10.1.1: 100 from the origin reaches a client that waits for it before it sends its body")
        func expectContinue() async throws {
            let origin = try Origin { connection in
                try connection.readHead()
                try connection.wire.send("HTTP/1.1 100 Continue\r\n\r\n")
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(
                    "PUT / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
                #expect(try client.anyResponse().status == 100)
                try client.send("abc")
                #expect(try client.anyResponse().text == "ok")
            }
        }

        @Test("a final answer before the body was sent reaches the client, whose connection then ends")
        func earlyAnswer() async throws {
            let origin = try Origin { connection in
                try connection.readHead()
                try connection.wire.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(
                    "PUT / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
                let response = try client.response()
                #expect(response.status == 403)
                #expect(response.text == "no")
                #expect(client.end() == .orderly)
            }
        }

        @Test("streaming: each piece of a response arrives before the origin sends the next")
        func streams() async throws {
            let next = Watched(0)
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
                for number in 1...5 {
                    try connection.wire.send("data: \(number)\n\n")
                    next.wait { $0 >= number }
                }
            }
            try await withProxy(.loopback([.classic("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                var text = ""
                for number in 1...5 {
                    while !text.contains("data: \(number)\n\n") {
                        text += String(decoding: try client.read(1), as: UTF8.self)
                    }
                    next.change { $0 = number }
                }
                #expect(client.end() == .orderly)
            }
        }
    }
}
