// Requests that fail through their client's fault: the status, the code in Proxy-Status, and the code in the log.
// Every way in which a head can be malformed is tested with RelevoHTTP.

import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Bad clients") struct BadClients {
        struct Case: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var request: String
            var status = 400
            var code = "client.malformed"
        }

        private static let head = "GET / HTTP/1.1\r\nHost: a.example\r\n"
        static let cases: [Case] = [
            Case(
                testDescription: "head too large",
                request: head + "X: " + String(repeating: "x", count: 40_000) + "\r\n\r\n",
                status: 431, code: "client.head_too_large"),
            Case(
                testDescription: "head too large and endless",
                request: head + String(repeating: "X: y\r\n", count: 20_000),
                status: 431, code: "client.head_too_large"),
            Case(
                testDescription: "too many fields", request: head + String(repeating: "X: y\r\n", count: 200) + "\r\n",
                status: 431, code: "client.head_too_large"),
            Case(
                testDescription: "target too long",
                request: "GET /" + String(repeating: "x", count: 17_000) + " HTTP/1.1\r\nHost: a.example\r\n\r\n",
                status: 414, code: "client.target_too_long"),
            Case(
                testDescription: "endless request line", request: "GET /" + String(repeating: "x", count: 60_000),
                status: 414, code: "client.target_too_long"),
            Case(
                testDescription: "later version", request: "GET / HTTP/2.0\r\nHost: a.example\r\n\r\n",
                status: 505, code: "client.unsupported_version"),
            Case(
                testDescription: "unknown coding", request: head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                status: 501, code: "client.unsupported_coding"),
            Case(
                testDescription: "CONNECT", request: "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
                status: 501, code: "client.method_refused"),
            Case(
                testDescription: "TRACE", request: "TRACE / HTTP/1.1\r\nHost: a.example\r\n\r\n",
                status: 501, code: "client.method_refused"),
            Case(
                testDescription: "TLS hello", request: "\u{16}\u{3}\u{1}\u{2}\r\n\r\n"),
            Case(
                testDescription: "NUL in a field", request: head + "X: a\0b\r\n\r\n"),
            Case(
                testDescription: "length and coding",
                request: head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx"),
            Case(testDescription: "bare LF", request: "GET / HTTP/1.1\nHost: a.example\n\n"),
        ]

        @Test("a bad head gets its status and its code, in the answer and in the log", arguments: cases)
        func badHead(_ item: Case) async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(item.request)
                let response = try client.response()
                #expect(response.status == item.status)
                #expect(response.code == item.code)
                #expect(response.isComplete)
                #expect(response.text.contains("code: \(item.code)"))
                #expect(try response.field("X-Request-ID") == proxy.log.line().text("request_id"))
                #expect(client.end() == .orderly)
                #expect(origin.connectionCount == 0)
                let line = try proxy.log.line()
                #expect(line.number("status") == item.status)
                #expect(line.code == item.code)
                #expect(line.isValid)
            }
        }

        private var impatient: ProxyConfiguration {
            .loopback([.init("a.example", endpoints: ["127.0.0.1:1"])]) { $0.timeouts.head = .milliseconds(300) }
        }

        @Test("a head that is not complete in time gets 408")
        func headTimeout() async throws {
            try await withProxy(impatient) { proxy in
                let client = try proxy.client()
                try client.send("GET / HTTP/1.1\r\nHost: a.ex")
                let response = try client.response()
                #expect(response.status == 408)
                #expect(response.code == "client.head_timeout")
                #expect(client.end() == .orderly)
                #expect(try proxy.log.line().code == "client.head_timeout")
            }
        }

        @Test("a client that sends a head byte by byte gets 408 however diligent it is")
        func headDrip() async throws {
            try await withProxy(impatient) { proxy in
                let client = try proxy.client()
                try client.send("GET / HTTP/1.1\r\nHost: a.example\r\nX: ")
                while !client.wire.isReadable(withinMilliseconds: 5), client.wire.sendSome([0x78]) == 1 {}
                let response = try client.response()
                #expect(response.status == 408)
                #expect(response.code == "client.head_timeout")
            }
        }

        @Test("a connection on which nothing is ever sent ends without an answer")
        func silence() async throws {
            try await withProxy(impatient) { proxy in
                let client = try proxy.client()
                let (bytes, end) = client.readToEnd()
                #expect(bytes.isEmpty)
                #expect(end == .orderly)
                #expect(await proxy.isQuiet())
            }
        }

        @Test("a keep-alive connection that stays idle ends without an answer")
        func idle() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.timeouts.idle = .milliseconds(300) }) {
                proxy in
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try client.response().text == "ok")
                let (bytes, end) = client.readToEnd()
                #expect(bytes.isEmpty)
                #expect(end == .orderly)
            }
        }

        @Test("a request that has come, unread, when its connection's time is over is served")
        func lateRequest() async throws {
            let origin = try Origin.ok()
            let entered = Watched(0)
            let released = Watched(0)
            // The worker does nothing else while it is held here.
            let hook: RequestHook = { request in
                guard request.target == "/hold" else { return .forward }
                let turn = entered.change {
                    $0 += 1; return $0
                }
                released.wait { $0 >= turn }
                return .forward
            }
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) {
                $0.timeouts.idle = .milliseconds(200)
            }
            let clock = try await TestProxy.start(configuration)
            try await withProxy(configuration) {
                $0.hook = hook
            } _: { proxy in
                defer { released.change { $0 = 2 } }
                let client = try proxy.client()
                let holders = [try proxy.client(), try proxy.client()]
                try client.get("a.example")
                #expect(try client.response().text == "ok")
                try holders[0].get("a.example", "/hold")
                #expect(entered.wait { $0 == 1 })
                try holders[1].get("a.example", "/hold")
                let witness = try clock.client()
                try witness.get("a.example")
                #expect(try witness.response().text == "ok")
                // Where nobody is held, a connection whose time began later has come to its end.
                #expect(witness.end() == .orderly)
                // The loop's next turn finds the second request and the end of the client's time.
                released.change { $0 = 1 }
                #expect(entered.wait { $0 == 2 })
                try client.get("a.example")
                released.change { $0 = 2 }
                #expect(try client.response().text == "ok")
            }
            await clock.stop()
        }

        @Test(
            "a body that stops coming gets 408, and the origin's connection ends",
            arguments: [
                "Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
                "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nX: 1\r\n",
            ])
        func bodyTimeout(_ rest: String) async throws {
            let origin = try Origin { $0.readToEnd() }
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.timeouts.body = .milliseconds(300) }) {
                proxy in
                let client = try proxy.client()
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\n" + rest)
                let response = try client.response()
                #expect(response.status == 408)
                #expect(response.code == "client.body_timeout")
                #expect(client.end() == .orderly)
                #expect(try origin.connection().awaitEnd() != .timeout)
                #expect(try proxy.log.line().code == "client.body_timeout")
            }
        }

        @Test("a body that announces more than allowed gets 413 before any origin is asked")
        func announcedTooLarge() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.limits.bodyBytes = 1000 }) { proxy in
                let client = try proxy.client()
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1001\r\n\r\n")
                let response = try client.response()
                #expect(response.status == 413)
                #expect(response.code == "client.body_too_large")
                #expect(client.end() == .orderly)
                #expect(origin.connectionCount == 0)
                #expect(try proxy.log.line().code == "client.body_too_large")
            }
        }

        @Test("chunks that come to more than allowed get 413, and the origin never sees a last chunk")
        func chunksTooLarge() async throws {
            let origin = try Origin { $0.readToEnd() }
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.limits.bodyBytes = 1000 }) { proxy in
                let client = try proxy.client()
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n")
                let chunk = "64\r\n" + String(repeating: "x", count: 100) + "\r\n"
                try client.send(String(repeating: chunk, count: 11) + "0\r\n\r\n")
                let response = try client.response()
                #expect(response.status == 413)
                #expect(response.code == "client.body_too_large")
                let received = try origin.connection()
                #expect(received.awaitEnd() != .timeout)
                #expect(!received.receivedText.hasSuffix("0\r\n\r\n"))
                #expect(try proxy.log.line().code == "client.body_too_large")
            }
        }

        @Test("a body of exactly the allowed size passes")
        func exactlyAllowed() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.limits.bodyBytes = 1000 }) { proxy in
                let body = String(repeating: "x", count: 1000)
                let client = try proxy.client()
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\n" + body)
                #expect(try client.response().status == 200)
                try client.send(
                    "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "3e8\r\n\(body)\r\n0\r\n\r\n"
                )
                #expect(try client.response().status == 200)
            }
        }

        @Test(
            "RFC 9112 §7.1: broken chunk framing gets 400, and the origin never sees a complete request",
            arguments: [
                "zz\r\n", "5\r\nabcdeX\r\n", "-1\r\n", "5\nabcde\r\n", "ffffffffffffffffff\r\n",
                "5\r\nabcde\r\n0\r\nbad trailer\r\n\r\n",
            ])
        func brokenChunks(_ body: String) async throws {
            let origin = try Origin { $0.readToEnd() }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(
                    "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + body)
                let response = try client.response()
                #expect(response.status == 400)
                #expect(response.code == "client.malformed")
                #expect(client.end() == .orderly)
                #expect(try proxy.log.line().code == "client.malformed")
                if let connection = origin.connections.first {
                    #expect(connection.awaitEnd() != .timeout)
                    #expect(!connection.receivedText.hasSuffix("0\r\n\r\n"))
                }
            }
        }

        @Test("half a head and then the end is logged and answered by nothing")
        func halfHead() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send("GET / HTTP/1.1\r\nHost: a.exam")
                client.wire.finishSending()
                #expect(client.readToEnd().bytes.isEmpty)
                #expect(try proxy.log.line().code == "client.closed")
                #expect(origin.connectionCount == 0)
            }
        }
    }
}
