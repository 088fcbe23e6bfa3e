// Ways to balance that look at the request or at what happens to requests, through a whole proxy.
// The distributions themselves are tested in RelevoPolicyTests.

import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Balancing by more than weight") struct Balancing {
        private func configuration(
            _ origins: [Origin], _ balance: BalanceMethod, workers: Int = 1
        ) -> ProxyConfiguration {
            let cluster = ProxyConfiguration.Cluster(
                "c", endpoints: origins.map { .init($0.text) }, balance: balance)
            return .loopback([.init("a.example", routes: [.init(.endpoints(cluster))])], workers: workers)
        }

        private func names(_ count: Int) throws -> [Origin] { try (0..<count).map { try Origin.ok("\($0)") } }

        private func get(_ target: String = "/", _ fields: String = "") -> String {
            "GET \(target) HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n"
        }

        /// So many equal requests are answered by so many endpoints.
        private func expectVariety(
            _ proxy: TestProxy, _ count: Int, _ range: ClosedRange<Int>,
            at location: Testing.SourceLocation = #_sourceLocation
        ) throws {
            let seen = try Set((0..<count).map { _ in try ask(proxy, get()).text })
            #expect(range.contains(seen.count), sourceLocation: location)
        }

        @Test("equal keys go to the same endpoint, different ones to several")
        func hashed() async throws {
            let origins = try names(5)
            let sources: [(HashSource, (Int) -> String)] = [
                (.header("X-User"), { get("/", "x-user: user\($0)\r\n") }),
                (.cookie("id"), { get("/", "Cookie: a=b; id=visit\($0)\r\n") }),
                (.path, { get("/item/\($0)?x=\(Int.random(in: 0..<1000))") }),
            ]
            for (source, request) in sources {
                try await withProxy(configuration(origins, .hash(source), workers: 2)) { proxy in
                    let first = try (0..<30).map { try ask(proxy, request($0)).text }
                    let second = try (0..<30).map { try ask(proxy, request($0)).text }
                    #expect(first == second, "\(source)")
                    #expect(Set(first).count >= 4, "\(source)")
                }
            }
        }

        @Test("a client's address is a key; a request without its key goes anywhere")
        func hashedByClient() async throws {
            let origins = try names(5)
            try await withProxy(configuration(origins, .hash(.client))) { proxy in
                try expectVariety(proxy, 30, 1...1)
            }
            try await withProxy(configuration(origins, .hash(.header("X-User")))) { proxy in
                try expectVariety(proxy, 60, 4...5)
            }
        }

        @Test("a cookie leads back to its endpoint, and to another once that is gone")
        func sticky() async throws {
            var origins = try names(3)
            let balance = BalanceMethod.sticky(
                StickyCookie(name: "srv", secret: "a secret of many bytes", lifetime: .seconds(60)))
            let configuration = configuration(origins, balance, workers: 2)
            try await withProxy(configuration) { proxy in
                let first = try ask(proxy, get())
                let line = try #require(first.field("set-cookie"))
                #expect(line.hasSuffix("; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"), "\(line)")
                let cookie = String(line.prefix { $0 != ";" })
                #expect(cookie.hasPrefix("srv="))
                for _ in 0..<20 {
                    let again = try ask(proxy, get("/", "Cookie: \(cookie)\r\n"))
                    #expect(again.text == first.text)
                    #expect(again.field("set-cookie") == nil)
                }
                try expectVariety(proxy, 40, 3...3)
                // A made-up value leads nowhere in particular.
                #expect(try ask(proxy, get("/", "Cookie: srv=0\r\n")).field("set-cookie") != nil)
                origins.remove(at: try #require(Int(first.text)))
                let moved = try ask(proxy, get("/", "Cookie: \(cookie)\r\n"))
                #expect(moved.status == 200 && moved.text != first.text)
                #expect(moved.field("set-cookie") != nil)
            }
        }

        @Test(
            "an endpoint that keeps a request waiting gets no other while one is idle",
            arguments: [BalanceMethod.leastRequests, .powerOfTwo])
        func busy(_ balance: BalanceMethod) async throws {
            let gate = Gate()
            let slow = try Origin { connection in
                while true {
                    try connection.readRequest()
                    gate.pass()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow")
                }
            }
            let quick = try Origin.ok("quick")
            try await withProxy(configuration([slow, quick], balance)) { proxy in
                var clients: [Client] = []
                while slow.requestCount == 0, clients.count < 100 {
                    let client = try proxy.client()
                    try client.send(get())
                    clients.append(client)
                    let count = clients.count
                    #expect(await eventually { slow.requestCount + quick.requestCount == count })
                }
                for client in clients.dropLast() { #expect(try client.response().text == "quick") }
                for _ in 0..<20 { #expect(try ask(proxy, get()).text == "quick") }
                #expect(slow.requestCount == 1)
                gate.open()
                #expect(try clients.last?.response().text == "slow")
            }
        }
    }
}
