// Which origin gets a request: Host decides, the dice choose among the domain's origins. Not for what the proxy
// makes of Host when it is malformed in detail: the parser's tests say that.

import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Domains") struct Domains {
        @Test("300 requests reach each of a domain's three origins 60 to 140 times, and none of another domain's")
        func evenlyAtRandom() async throws {
            let mine = try (0..<3).map { _ in try Origin.ok() }
            let other = try Origin.ok()
            let domains: [ProxyConfiguration.Domain] = [
                .to("a.example", mine[0], mine[1], mine[2]), .to("b.example", other),
            ]
            try await withProxy(.loopback(domains)) { proxy in
                let client = try proxy.client()
                for _ in 0..<300 {
                    try client.get("a.example")
                    #expect(try client.response().status == 200)
                }
                let counts = mine.map(\.requestCount)
                #expect(counts.reduce(0, +) == 300)
                #expect(counts.allSatisfy { (60...140).contains($0) }, "\(counts)")
                // Two degrees of freedom: 13.8 is exceeded once in a thousand seeds.
                let chiSquare = counts.reduce(0.0) { $0 + Double(($1 - 100) * ($1 - 100)) / 100 }
                #expect(chiSquare < 13.8, "\(counts)")
                #expect(other.connectionCount == 0)
            }
        }

        @Test("the same seed makes the same choices")
        func repeatable() async throws {
            var runs: [[String]] = []
            for _ in 0..<2 {
                let origins = try (0..<3).map { try Origin.ok("origin \($0)") }
                let domain = ProxyConfiguration.Domain.to("a.example", origins[0], origins[1], origins[2])
                var answers: [String] = []
                try await withProxy(.loopback([domain])) { proxy in
                    let client = try proxy.client()
                    for _ in 0..<30 {
                        try client.get("a.example")
                        answers.append(try client.response().text)
                    }
                }
                runs.append(answers)
            }
            #expect(runs[0] == runs[1])
        }

        @Test(
            "RFC 9110 §4.2.3: case, port and final dot of Host do not matter",
            arguments: ["a.example", "A.Example", "a.example:8080", "a.example.", "A.EXAMPLE.:80"])
        func normalForm(_ host: String) async throws {
            let mine = try Origin.ok("mine")
            let other = try Origin.ok("other")
            try await withProxy(.loopback([.to("a.example", mine), .to("b.example", other)])) { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(response.status == 200)
                #expect(response.text == "mine")
            }
        }

        @Test("RFC 9112 §3.2.2: an absolute target names the domain, whatever Host says")
        func absoluteTarget() async throws {
            let mine = try Origin.ok("mine")
            let other = try Origin.ok("other")
            try await withProxy(.loopback([.to("a.example", mine), .to("b.example", other)])) { proxy in
                let response = try ask(proxy, "GET http://b.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(response.text == "other")
                #expect(mine.connectionCount == 0)
                #expect(try HTTPText.values(of: "host", in: other.connection().receivedText) == ["b.example"])
            }
        }

        @Test("the longest wildcard takes what no exact name takes, and the fallback the rest")
        func wildcards() async throws {
            let exact = try Origin.ok("exact")
            let wild = try Origin.ok("wild")
            let rest = try Origin.ok("rest")
            let domains: [ProxyConfiguration.Domain] = [
                .to("*", rest), .to("*.shop.example", wild), .to("a.shop.example", exact),
            ]
            try await withProxy(.loopback(domains)) { proxy in
                let client = try proxy.client()
                let expected = ["a.shop.example": "exact", "b.shop.example": "wild", "shop.example": "rest"]
                for (host, text) in expected {
                    try client.get(host)
                    #expect(try client.response().text == text)
                }
            }
        }

        @Test(
            "a request for a domain that is not served gets 421 and never reaches an origin",
            arguments: ["c.example", "xa.example", "a.example.evil", "sub.a.example", "127.0.0.1", "[::1]:80"])
        func unknownDomain(_ host: String) async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(response.status == 421)
                #expect(response.code == "route.unknown_domain")
                #expect(origin.connectionCount == 0)
                await proxy.stop()
                #expect(try proxy.log.line().code == "route.unknown_domain")
                #expect(try proxy.log.line().number("status") == 421)
            }
        }

        @Test("HTTP/1.0 without Host is refused as well: no domain could be meant, the fallback neither")
        func noHostInHTTP10() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("*", origin)])) { proxy in
                let response = try ask(proxy, "GET / HTTP/1.0\r\n\r\n")
                #expect(response.status == 400)
                #expect(origin.connectionCount == 0)
            }
        }

        @Test("after 421 the connection serves other domains")
        func unknownDomainKeepsConnection() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("c.example")
                #expect(try client.response().status == 421)
                try client.get("a.example")
                #expect(try client.response().status == 200)
            }
        }

        @Test(
            "RFC 9112 §3.2: no Host, two Hosts and a malformed Host are refused with 400",
            arguments: [
                "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a.example\r\nhost: b.example\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n", "GET / HTTP/1.1\r\nHost: a example\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a.example@b.example\r\n\r\n",
                "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n",
            ])
        func badHost(_ request: String) async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin), .to("*", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(request)
                let response = try client.response()
                #expect(response.status == 400)
                #expect(response.code == "client.malformed")
                #expect(client.end() == .orderly)
                #expect(origin.connectionCount == 0)
                #expect(try proxy.log.line().code == "client.malformed")
            }
        }
    }
}
