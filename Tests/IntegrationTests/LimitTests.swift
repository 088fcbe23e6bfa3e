// Bounds that one greedy or slow client runs into, and what endpoints and logs learn about who asked.
// Bounds on heads and bodies are in BadClientTests.

import CLibevent
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Bounds and identities") struct Bounds {
        @Test("one address has so many connections at a time and no more; when one ends the next is served")
        func clientConnections() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)], workers: 2) { $0.limits.clientConnections = 3 }) {
                proxy in
                let clients = try (0..<3).map { _ in try proxy.client() }
                for client in clients {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
                let late = try proxy.client()
                let refusal = try late.response()
                #expect(refusal.status == 429)
                #expect(refusal.code == "client.rate_limited")
                late.wire.close()
                clients[0].wire.close()
                let served = await eventually {
                    (try? ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"))?.status == 200
                }
                #expect(served)
            }
        }

        @Test("who is refused for too many connections is told, logged with the time that took, and read to its end")
        func refusedIsLogged() async throws {
            let origin = try Origin.ok()
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) {
                $0.limits.clientConnections = 1
            }
            try await withProxy(configuration) { proxy in
                let first = try proxy.client()
                try first.get("a.example")
                #expect(try first.response().text == "ok")
                let second = try proxy.client()
                try second.get("a.example")
                #expect(try second.response().code == "client.rate_limited")
                let line = try proxy.log.line(1)
                #expect(try #require(line.number("duration_ms")) < 60_000)
                second.wire.finishSending()
                #expect(second.end() == .orderly)
            }
        }

        @Test("after so many requests a connection ends, and its last answer says so")
        func clientRequests() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.limits.clientRequests = 3 }) { proxy in
                let client = try proxy.client()
                for number in 1...3 {
                    try client.get("a.example")
                    let response = try client.response()
                    #expect(response.text == "ok")
                    #expect(HTTPText.values(of: "connection", in: response.head) == (number == 3 ? ["close"] : []))
                }
                #expect(client.end() == .orderly)
            }
        }

        @Test("after so many requests a connection to an origin ends")
        func upstreamRequests() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.limits.upstreamRequests = 3 }) { proxy in
                let client = try proxy.client()
                for _ in 1...9 {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
                #expect(origin.connections.map(\.requestCount) == [3, 3, 3])
            }
        }

        @Test("a body that drips below the rate gets 408 however diligent its client is")
        func bodyRate() async throws {
            let origin = try Origin { $0.readToEnd() }
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) {
                $0.limits.bodyRate = 1_000_000
                $0.timeouts.body = .milliseconds(300)
            }
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\n")
                while !client.wire.isReadable(withinMilliseconds: 5), client.wire.sendSome([0x78]) == 1 {}
                let response = try client.response()
                #expect(response.status == 408)
                #expect(response.code == "client.body_timeout")
            }
        }

        @Test("a proxy that is its own endpoint ends the circle with 508")
        func circle() async throws {
            let address = try Integration.deadAddress().description
            var configuration = ProxyConfiguration.loopback([
                .init("a.example", endpoints: [.init(address)])
            ])
            configuration.listeners = [.init(address)]
            try await withProxy(configuration) { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(response.status == 508)
                #expect(response.code == "route.loop")
            }
        }

        // MARK: Who asked

        private func received(
            _ fields: String, forwarded: ForwardedMode = .xForwarded,
            _ adjust: (inout ProxyConfiguration) -> Void = { _ in }
        ) async throws -> (head: String, line: LogLine) {
            let origin = try Origin.ok()
            var line: LogLine?
            try await withProxy(.loopback([.to("a.example", origin, forwarded: forwarded)], adjust)) { proxy in
                _ = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n")
                line = try proxy.log.line()
            }
            return (try origin.connection().request(), try #require(line))
        }

        @Test("what an untrusted client claims about itself is replaced by what is known")
        func untrusted() async throws {
            let claims =
                "X-Forwarded-For: 1.2.3.4\r\nx-forwarded-proto: https\r\nX-Forwarded-Host: x\r\nX-Request-ID: mine\r\n"
            let (head, line) = try await received(claims)
            #expect(HTTPText.values(of: "x-forwarded-for", in: head) == ["127.0.0.1"])
            #expect(HTTPText.values(of: "x-forwarded-proto", in: head) == ["http"])
            #expect(HTTPText.values(of: "x-forwarded-host", in: head) == ["a.example"])
            #expect(HTTPText.values(of: "x-request-id", in: head) == [line.text("request_id") ?? ""])
            #expect(line.text("request_id") != "mine")
            #expect(line.text("client") == "127.0.0.1")
        }

        @Test("RFC 7239 §4: Forwarded tells the same in one field")
        func rfc7239() async throws {
            let (head, _) = try await received("Forwarded: for=1.2.3.4\r\n", forwarded: .rfc7239)
            let values = HTTPText.values(of: "forwarded", in: head)
            #expect(values.count == 1)
            #expect(values.first?.contains("for=127.0.0.1") == true)
            #expect(values.first?.contains("1.2.3.4") == false)
            #expect(HTTPText.values(of: "x-forwarded-for", in: head) == [])
        }

        @Test("nothing is added for an origin that is to be told nothing")
        func told() async throws {
            let (head, _) = try await received("", forwarded: .none)
            #expect(HTTPText.lines(head).count <= 3, "\(head)")
            #expect(HTTPText.values(of: "via", in: head) == [])
        }

        @Test("a trusted peer's word is taken: the client is the last address that is not trusted itself")
        func trusted() async throws {
            let (head, line) = try await received(
                "X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.9\r\nX-Request-ID: abc-1\r\n"
            ) {
                $0.trustedProxies = ["127.0.0.0/8", "10.0.0.0/8"]
            }
            #expect(line.text("client") == "1.2.3.4")
            #expect(line.text("request_id") == "abc-1")
            #expect(HTTPText.values(of: "x-request-id", in: head) == ["abc-1"])
            #expect(
                HTTPText.values(of: "x-forwarded-for", in: head).joined(separator: ", ").hasSuffix(
                    "10.0.0.9, 127.0.0.1"))
        }

        @Test(
            "a trusted peer's request ID that no log line should hold is replaced",
            arguments: [
                "a b", String(repeating: "x", count: 500), "", "\u{FC}",
            ])
        func badRequestID(_ value: String) async throws {
            let (head, line) = try await received("X-Request-ID: \(value)\r\n") { $0.trustedProxies = ["127.0.0.1"] }
            #expect(line.text("request_id")?.count == 16)
            #expect(HTTPText.values(of: "x-request-id", in: head) == [line.text("request_id") ?? ""])
        }
    }
}
