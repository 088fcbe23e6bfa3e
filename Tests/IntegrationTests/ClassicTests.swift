// The classic mode (connection: close, forwarded: none): bytes go on as they came, but for Connection.
// The modern mode, which changes more, is in KeepAliveTests.

import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Classic mode") struct Classic {
        /// Sends a request in pieces and says what the origin received.
        private func relayed(_ pieces: [String], answer: String = "HTTP/1.1 204 No Content\r\n\r\n") async throws
            -> String
        {
            let origin = try Origin.answering(answer)
            var received = ""
            try await withProxy(.loopback([.classic("a.example", origin)])) { proxy in
                let client = try proxy.client()
                for piece in pieces { try client.send(piece) }
                _ = try client.response()
                received = try origin.connection().receivedText
            }
            return received
        }

        @Test("a GET arrives byte for byte, odd case, duplicates, tabs and all, but for the Connection field")
        func getWithConnection() async throws {
            let before = "GET /a%20b?x=1&&y HTTP/1.1\r\nhOsT:\ta.example \r\nX-Dup: 1\r\nx-dup:2\r\nX-Empty:\r\n"
            let after = "ACCEPT: */*  \r\nX-Tab:\ta\tb\t\r\nCookie: a=b;;c\r\n\r\n"
            let received = try await relayed([before + "CONNECTION: Keep-Alive\r\n" + after])
            #expect(HTTPText.values(of: "connection", in: received) == ["close"])
            #expect(
                received == before + "Connection: close\r\n" + after
                    || received == before + "CONNECTION: close\r\n" + after)
        }

        @Test("a GET without a Connection field gets one and is otherwise unchanged")
        func getWithoutConnection() async throws {
            let head = "GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: odd/1.0 (\u{FC})\r\nTE: trailers\r\nX: y\r\n"
            let received = try await relayed([head + "\r\n"])
            #expect(received.replacing("Connection: close\r\n", with: "") == head + "\r\n")
            #expect(HTTPText.values(of: "connection", in: received) == ["close"])
        }

        @Test(
            "fields that other modes would count, replace or drop arrive byte for byte",
            arguments: [
                "GET / HTTP/1.1\r\nVia: 1.1 x\r\nHost: a.example\r\nX-Forwarded-For: 1.2.3.4\r\nX-Request-ID: b\r\n",
                "GET / HTTP/1.1\r\nHost: a.example\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: x\r\nUpgrade: x\r\n",
                "GET http://a.example:80/x HTTP/1.1\r\nHost: a.example:80\r\nExpect: 100-continue\r\n",
            ])
        func untouched(_ head: String) async throws {
            let received = try await relayed([head + "\r\n"])
            #expect(received.replacing("Connection: close\r\n", with: "") == head + "\r\n")
        }

        @Test(
            "Max-Forwards of an OPTIONS arrives as it was sent")
        func maxForwards() async throws {
            let head = "OPTIONS * HTTP/1.1\r\nHost: a.example\r\nMax-Forwards: 5\r\nX: 1\r\n"
            let received = try await relayed([head + "\r\n"])
            #expect(received.replacing("Connection: close\r\n", with: "") == head + "\r\n")
        }

        @Test("several Connection lines become one")
        func severalConnectionLines() async throws {
            let received = try await relayed([
                "GET / HTTP/1.1\r\nConnection: keep-alive\r\nHost: a.example\r\nConnection: X-Mine\r\nX-Mine: 1\r\n\r\n"
            ])
            #expect(HTTPText.values(of: "connection", in: received) == ["close"])
            #expect(received.contains("Host: a.example\r\n"))
        }

        @Test("a body with a length arrives byte for byte when it is sent in pieces")
        func lengthInPieces() async throws {
            let head = "POST /form HTTP/1.1\r\nHost: a.example\r\nContent-Length: 26\r\nX: 1\r\n\r\n"
            let received = try await relayed([head, "abcdefgh", "ijklmnopq", "rstuvwxyz"])
            #expect(received.replacing("Connection: close\r\n", with: "") == head + "abcdefghijklmnopqrstuvwxyz")
        }

        @Test("RFC 9112 §7.1: chunks, extensions and trailers arrive byte for byte when each byte comes alone")
        func chunksByteByByte() async throws {
            let head = "POST /up HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
            let body =
                "5;name=\"a;b\\\"c\"\r\nhello\r\n00a ; x\r\n0123456789\r\n1\r\n\r\r\n0;last\r\nX-Sum: 1\r\nX-B:\r\n\r\n"
            let received = try await relayed([head] + body.utf8.map { String(decoding: [$0], as: UTF8.self) })
            #expect(received.replacing("Connection: close\r\n", with: "") == head + body)
        }

        @Test("the response arrives byte for byte, but for the Connection field")
        func responseUnchanged() async throws {
            let head = "HTTP/1.1 299 Odd  Reason\r\nserver:\todd\r\nSet-Cookie: a\r\nset-cookie: b\r\nX-Empty:\r\n"
            let body = "3;ext\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"
            let origin = try Origin.answering(head + "Transfer-Encoding: chunked\r\n\r\n" + body)
            try await withProxy(.loopback([.classic("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                let (bytes, end) = client.readToEnd()
                let text = String(decoding: bytes, as: UTF8.self)
                let expected = head + "Transfer-Encoding: chunked\r\n\r\n" + body
                #expect(text.replacing("Connection: close\r\n", with: "") == expected)
                #expect(HTTPText.values(of: "connection", in: text) == ["close"])
                #expect(end == .orderly)
            }
        }

        @Test("a response that the origin's close ends passes unchanged, and the client sees the same end")
        func untilClose() async throws {
            let origin = try Origin.answeringOnce("HTTP/1.0 200 OK\r\nServer: old\r\n\r\nall of it")
            try await withProxy(.loopback([.classic("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                let (bytes, end) = client.readToEnd()
                let text = String(decoding: bytes, as: UTF8.self).replacing("Connection: close\r\n", with: "")
                #expect(text == "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nall of it")
                #expect(end == .orderly)
            }
        }

        @Test("10 MiB of response are flushed before the connection is closed")
        func flushedBeforeClose() async throws {
            let size = 10 << 20
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\n\r\n")
                let block = [UInt8](repeating: 0x61, count: 1 << 16)
                for _ in 0..<(size / block.count) { try connection.wire.send(block) }
            }
            try await withProxy(.loopback([.classic("a.example", origin)])) { proxy in
                let client = try proxy.client(receiveBuffer: 16_384)
                try client.get("a.example")
                let response = try client.response()
                #expect(response.body.count == size)
                #expect(response.isComplete)
            }
        }

        @Test("one exchange ends both connections, although the client asked to keep its own")
        func bothConnectionsEnd() async throws {
            let ended = Watched<WireEnd?>(nil)
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                let end = connection.readToEnd()
                ended.change { $0 = end }
            }
            try await withProxy(.loopback([.classic("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example", "/", "Connection: keep-alive")
                #expect(try client.response().text == "ok")
                #expect(client.end() == .orderly)
                #expect(ended.wait { $0 != nil })
                #expect(ended.current == .orderly)
            }
        }

        @Test("RFC 9112 §6.1: in classic mode, too, an ambiguous request never reaches an origin")
        func ambiguous() async throws {
            let origin = try Origin.ok()
            let head = "POST / HTTP/1.1\r\nHost: a.example\r\n"
            let bad = [
                "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "Content-Length: +3\r\n\r\nabc",
                "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "X: a\r\n b\r\n\r\n", "X: a\nY: b\r\n\r\n",
            ]
            try await withProxy(.loopback([.classic("a.example", origin)])) { proxy in
                for rest in bad {
                    let response = try ask(proxy, head + rest, method: "POST")
                    #expect(response.status == 400, "\(rest)")
                    #expect(response.code == "client.malformed", "\(rest)")
                }
                #expect(origin.connectionCount == 0)
            }
        }

        @Test("the cookie of a sticky cluster is the one other difference in an answer, and keeps its endpoint")
        func sticky() async throws {
            let origins = [try Origin.ok("one"), try Origin.ok("two")]
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n"
            var domain = ProxyConfiguration.Domain.classic("a.example", origins[0], origins[1])
            let endpoints = origins.map { ProxyConfiguration.Endpoint($0.text) }
            domain.routes[0].action = .endpoints(.init("a", endpoints: endpoints, balance: .sticky(StickyCookie())))
            try await withProxy(.loopback([domain])) { proxy in
                let first = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                let cookie = try #require(first.field("Set-Cookie"))
                #expect(first.head == head + "Set-Cookie: \(cookie)\r\n\r\n")
                for _ in 0..<8 {
                    let pair = cookie.prefix { $0 != ";" }
                    let next = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\nCookie: \(pair)\r\n\r\n")
                    #expect(next.head == head + "\r\n" && next.text == first.text)
                }
            }
        }
    }
}
