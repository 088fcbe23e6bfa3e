// Requests that fail through an origin's fault before the client has got anything: status, code, and what is retried.
// Responses that break later are in TruncationTests.

import CLibevent
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Bad origins") struct BadOrigins {
        private func expectFault(
            _ status: Int, _ code: String, from origin: Origin, _ adjust: (inout ProxyConfiguration) -> Void = { _ in }
        ) async throws {
            try await withProxy(.loopback([.to("a.example", origin)], adjust)) { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(response.status == status)
                #expect(response.code == code)
                #expect(response.isComplete)
                let line = try proxy.log.line()
                #expect(line.code == code)
                #expect(line.number("status") == status)
                #expect(line.text("endpoint") == origin.text)
            }
        }

        @Test("an endpoint that refuses is passed over: another one answers")
        func refusedThenServed() async throws {
            let origin = try Origin.ok("alive")
            let dead = try Integration.deadAddress().description
            let domain = ProxyConfiguration.Domain("a.example", endpoints: [.init(dead), .init(origin.text)])
            try await withProxy(.loopback([domain])) { proxy in
                for _ in 0..<20 {
                    let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(response.text == "alive")
                }
                await proxy.stop()
                let lines = proxy.log.lines
                #expect(lines.allSatisfy { $0.text("endpoint") == origin.text && $0.code == nil })
                #expect(Set(lines.map { $0.number("attempts") }) == [1, 2])
            }
        }

        @Test("a refusal that another endpoint made up for is not told of in the log, as code, detail or otherwise")
        func refusalForgotten() async throws {
            let silent = try Origin { $0.readToEnd() }
            let dead = try Integration.deadAddress().description
            var cluster = ProxyConfiguration.Cluster("c", endpoints: [.init(dead), .init(silent.text)])
            cluster.retry = nil
            cluster.ejection = nil
            let domain = ProxyConfiguration.Domain("a.example", routes: [.init(.endpoints(cluster))])
            try await withProxy(.loopback([domain]) { $0.timeouts.response = .milliseconds(200) }) { proxy in
                for _ in 0..<8 {
                    let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(response.status == 504)
                    #expect(response.code == "upstream.timeout")
                }
                let lines = proxy.log.lines(8)
                #expect(Set(lines.map { $0.number("attempts") }) == [1, 2])
                #expect(lines.allSatisfy { $0.code == "upstream.timeout" && $0.text("detail") == nil })
            }
        }

        @Test("the body of a request is not lost when its first endpoint refuses")
        func refusedKeepsBody() async throws {
            let origin = try Origin.ok()
            let dead = try Integration.deadAddress().description
            var domain = ProxyConfiguration.Domain("a.example", endpoints: [.init(dead), .init(origin.text)])
            domain.forwarded = .none
            try await withProxy(.loopback([domain])) { proxy in
                let client = try proxy.client()
                for _ in 0..<10 {
                    try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello")
                    #expect(try client.response().status == 200)
                }
                #expect(origin.requestCount == 10)
                let connection = try origin.connection()
                #expect((0..<connection.requestCount).allSatisfy { connection.request($0).hasSuffix("\r\n\r\nhello") })
            }
        }

        @Test("when every endpoint refuses the answer is 502, and the connection goes on")
        func allRefuse() async throws {
            let dead = try (0..<3).map { _ in ProxyConfiguration.Endpoint(try Integration.deadAddress().description) }
            let origin = try Origin.ok()
            let domains = [ProxyConfiguration.Domain("a.example", endpoints: dead), .to("b.example", origin)]
            try await withProxy(.loopback(domains)) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                let response = try client.response()
                #expect(response.status == 502)
                #expect(response.code == "connect.refused")
                try client.get("b.example")
                #expect(try client.response().status == 200)
                let line = try proxy.log.line()
                #expect(line.code == "connect.refused")
                #expect(line.number("attempts") == 3)
            }
        }

        @Test("an endpoint that does not accept in time means 504")
        func connectTimeout() async throws {
            // A backlog of nothing that two connections fill: the kernel ignores whoever comes later.
            let listener = try Wire.listen(on: .loopback(port: 0), backlog: 0)
            let full = SocketAddress.loopback(port: listener.localPort)
            let fillers = try (0..<2).map { _ in try Wire.beginConnecting(to: full) }
            let domain = ProxyConfiguration.Domain("a.example", endpoints: [.init(full.description)])
            try await withProxy(.loopback([domain]) { $0.timeouts.connect = .milliseconds(300) }) { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(response.status == 504)
                #expect(response.code == "connect.timeout")
                #expect(try proxy.log.line().code == "connect.timeout")
            }
            withExtendedLifetime((listener, fillers)) {}
        }

        @Test(
            "an answer that is not HTTP means 502",
            arguments: [
                "SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 99 Low\r\n\r\n",
                "HTTP/1.1 2000 High\r\n\r\n", "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/2 200\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", "HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ])
        func garbage(_ answer: String) async throws {
            try await expectFault(502, "upstream.malformed", from: Origin.answeringOnce(answer))
        }

        @Test(
            "a response head larger than allowed means 502",
            arguments: [
                "X: " + String(repeating: "y", count: 40_000) + "\r\n\r\n",
                String(repeating: "X: y\r\n", count: 200) + "\r\n",
            ])
        func headTooLarge(_ fields: String) async throws {
            try await expectFault(
                502, "upstream.head_too_large", from: Origin.answering("HTTP/1.1 200 OK\r\n" + fields))
        }

        @Test("an endless row of interim responses means 502")
        func endlessInterim() async throws {
            let origin = try Origin { connection in
                try connection.readRequest()
                while true { try connection.wire.send("HTTP/1.1 102 Processing\r\n\r\n") }
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                let response = try client.response()
                #expect(response.status == 502)
                #expect(response.code == "upstream.malformed")
            }
        }

        @Test("an endpoint that closes without an answer means 502", arguments: ["", "HTTP/1.1 200 OK\r\nContent-Le"])
        func closes(_ partial: String) async throws {
            try await expectFault(502, "upstream.closed", from: Origin.answeringOnce(partial))
        }

        @Test("an endpoint that resets without an answer means 502")
        func resets() async throws {
            try await expectFault(
                502, "upstream.closed",
                from: Origin { connection in
                    try connection.readRequest()
                    connection.wire.reset()
                })
        }

        @Test("an endpoint that takes the request and never answers means 504")
        func neverAnswers() async throws {
            let origin = try Origin { $0.readToEnd() }
            try await expectFault(504, "upstream.timeout", from: origin) { $0.timeouts.response = .milliseconds(300) }
            #expect(try origin.connection().awaitEnd() != .timeout)
        }

        @Test("RFC 9110 §9.2.2: a POST that an endpoint has taken is never sent to another")
        func neverTwice() async throws {
            let origins = try (0..<2).map { _ in try Origin.answeringOnce("") }
            try await withProxy(.loopback([.to("a.example", origins[0], origins[1])])) { proxy in
                let response = try ask(
                    proxy, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi", method: "POST")
                #expect(response.status == 502)
                #expect(origins.map(\.connectionCount).reduce(0, +) == 1)
            }
        }
    }
}
