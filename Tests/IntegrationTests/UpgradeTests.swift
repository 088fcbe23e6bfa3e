// Leaving HTTP: 101 and the tunnel behind it.
// Bodies of ordinary responses are in KeepAliveTests.

import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Upgrade") struct Upgrade {
        private static let request =
            "GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        private static let answer =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

        @Test("RFC 9110 §7.8: bytes flow both ways after 101, those sent with the handshake first")
        func tunnel() async throws {
            let origin = try Origin { connection in
                try connection.readHead()
                try connection.wire.send(Self.answer + "hello")
                try connection.receive {
                    $0.count >= Self.request.utf8.count && String(decoding: $0, as: UTF8.self).hasSuffix("early")
                }
                try connection.wire.send("got early")
                connection.readToEnd()
                try connection.wire.send("bye")
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(Self.request + "early")
                let response = try client.response()
                #expect(response.status == 101)
                #expect(HTTPText.values(of: "upgrade", in: response.head) == ["websocket"])
                #expect(String(decoding: try client.read(14), as: UTF8.self) == "hellogot early")
                try client.send("late")
                client.wire.finishSending()
                #expect(try origin.connection().awaitEnd() == .orderly)
                #expect(try origin.connection().receivedText.hasSuffix("earlylate"))
                let (bytes, end) = client.readToEnd()
                #expect(String(decoding: bytes, as: UTF8.self) == "bye")
                #expect(end == .orderly)
                #expect(try proxy.log.line().number("status") == 101)
                #expect(try proxy.log.line().code == nil)
            }
        }

        @Test("the origin's end ends the tunnel for the client, after every byte")
        func originEnds() async throws {
            let size = 3 << 20
            let origin = try Origin { connection in
                try connection.readHead()
                try connection.wire.send(Self.answer)
                try connection.wire.send([UInt8](repeating: 1, count: size))
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(Self.request)
                #expect(try client.response().status == 101)
                let (bytes, end) = client.readToEnd()
                #expect(bytes.count == size)
                #expect(end == .orderly)
            }
        }

        @Test("a client that resets the tunnel ends the origin's side")
        func clientResets() async throws {
            let origin = try Origin { connection in
                try connection.readHead()
                try connection.wire.send(Self.answer)
                connection.readToEnd()
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(Self.request)
                #expect(try client.response().status == 101)
                client.wire.reset()
                #expect(try origin.connection().awaitEnd() != .timeout)
                #expect(await proxy.isQuiet())
            }
        }

        @Test("a refused upgrade is an ordinary answer, and the connection goes on")
        func refused() async throws {
            let origin = try Origin.answering("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                for _ in 0..<2 {
                    try client.send(Self.request)
                    #expect(try client.response().text == "no")
                }
            }
        }

        @Test(
            "RFC 9110 §15.2.2: 101 that nobody asked for is an origin's fault",
            arguments: [
                "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\r\n",
                "GET / HTTP/1.0\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            ])
        func unasked(_ request: String) async throws {
            let origin = try Origin.answeringOnce(Self.answer + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let response = try ask(proxy, request)
                #expect(response.status == 502)
                #expect(response.code == "upstream.malformed")
                #expect(try proxy.log.line().code == "upstream.malformed")
            }
        }
    }
}
