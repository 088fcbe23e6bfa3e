// Connections to origins that outlive an exchange: when they are kept, when they never are, and what a stale one costs.
// When a client's own connection goes on is in KeepAliveTests.

import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Kept connections to origins") struct Kept {
        private func twice(_ response: String, _ fields: String...) async throws -> (connections: Int, requests: Int) {
            let origin = try Origin.answering(response)
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                for _ in 0..<2 {
                    try client.send(
                        "GET / HTTP/1.1\r\nHost: a.example\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
                    #expect(try client.response().status == 200)
                }
            }
            return (origin.connectionCount, origin.requestCount)
        }

        @Test("one connection serves one request after another, of different clients too")
        func reused() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                for _ in 0..<5 {
                    let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(response.text == "ok")
                }
                #expect(origin.connectionCount == 1)
                #expect(origin.requestCount == 5)
            }
        }

        @Test(
            "RFC 9112 §9.3: an origin that says close, or speaks HTTP/1.0, gets a new connection each time",
            arguments: [
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
            ])
        func notKept(_ response: String) async throws {
            let counts = try await twice(response)
            #expect(counts.connections == 2)
        }

        @Test("a connection with bytes behind its response is never used again: they would answer somebody else")
        func surplus() async throws {
            let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
            let origin = try Origin.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + evil)
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                for _ in 0..<10 {
                    let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(response.text == "ok")
                }
                #expect(origin.connectionCount == 10)
            }
        }

        @Test("an origin that speaks without being asked, late, is not listened to")
        func lateSurplus() async throws {
            let release = Gate()
            let sent = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                if connection.number.current == 1 {
                    release.pass()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
                    sent.open()
                }
                connection.readToEnd()
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let first = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(first.text == "ok")
                release.open()
                sent.pass()
                #expect(try origin.connection().awaitEnd() != .timeout)
                let second = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(second.text == "ok")
                #expect(origin.connectionCount == 2)
            }
        }

        /// Serves one request for each connection, then closes when the next one arrives.
        private func staleOrigin() throws -> Origin {
            try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                try connection.readHead()
            }
        }

        @Test("RFC 9110 §9.2.2: a GET on a kept connection that turns out to have ended goes out again, unnoticed")
        func staleGet() async throws {
            let origin = try staleOrigin()
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                for _ in 0..<5 {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
                #expect(origin.connectionCount == 5)
            }
        }

        @Test("a POST on a kept connection that turns out to have ended is not repeated")
        func stalePost() async throws {
            let origin = try staleOrigin()
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try client.response().text == "ok")
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi")
                let response = try client.response()
                #expect(response.status == 502)
                #expect(response.code == "upstream.stale")
                #expect(origin.connectionCount == 1)
            }
        }

        @Test("an exchange that failed leaves no connection behind for others")
        func notAfterFailure() async throws {
            let origin = try Origin { connection in
                while true {
                    let request = try connection.readHead()
                    try connection.readRequest()
                    if request.contains("/slow") { connection.readToEnd() }
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            }
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.timeouts.response = .milliseconds(300) }) {
                proxy in
                let client = try proxy.client()
                try client.get("a.example", "/slow")
                #expect(try client.response().status == 504)
                try client.get("a.example", "/fast")
                #expect(try client.response().text == "ok")
                #expect(origin.connectionCount == 2)
            }
        }

        @Test("a kept connection goes to one domain's endpoints only")
        func perEndpoint() async throws {
            let a = try Origin.ok("a")
            let b = try Origin.ok("b")
            try await withProxy(.loopback([.to("a.example", a), .to("b.example", b)])) { proxy in
                let client = try proxy.client()
                for _ in 0..<10 {
                    try client.get("a.example")
                    #expect(try client.response().text == "a")
                    try client.get("b.example")
                    #expect(try client.response().text == "b")
                }
                #expect(a.connectionCount == 1)
                #expect(b.connectionCount == 1)
            }
        }

        @Test("the proxy's end ends the kept connections")
        func endWithProxy() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                _ = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                await proxy.stop()
                #expect(try origin.connection().awaitEnd() == .orderly)
            }
        }
    }
}
