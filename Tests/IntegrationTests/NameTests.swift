// Names as endpoints: what a lookup says becomes candidates, and what it does not say never stops a start.
// No nameserver is asked: ResolverTests has one.

import CLibevent
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Names as endpoints") struct Names {
        @Test("all addresses of a name become candidates")
        func allAddresses() async throws { try await expectAllAddressesUsed(.close) }

        @Test("all addresses of a name become candidates although connections are kept")
        func allAddressesKept() async throws { try await expectAllAddressesUsed(.keepAlive) }

        private func expectAllAddressesUsed(_ mode: ConnectionMode) async throws {
            let origins = try (0..<3).map { _ in try Origin.ok() }
            var domain = ProxyConfiguration.Domain("a.example", endpoints: ["many.internal:80"])
            domain.connection = mode
            let found = origins.map(\.address)
            try await withProxy(.loopback([domain])) {
                $0.names = ScriptedNames(["many.internal": found]).maker
            } _: { proxy in
                for _ in 0..<9 {
                    let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(response.status == 200)
                }
                #expect(origins.allSatisfy { $0.requestCount > 0 }, "\(origins.map(\.requestCount))")
            }
        }

        @Test("when one address of a name refuses, the others are tried")
        func oneAddressDead() async throws {
            let origin = try Origin.ok()
            let dead = try Integration.deadAddress()
            let domain = ProxyConfiguration.Domain("a.example", endpoints: ["many.internal:80"])
            let found = [dead, origin.address]
            try await withProxy(.loopback([domain])) {
                $0.names = ScriptedNames(["many.internal": found]).maker
            } _: { proxy in
                for _ in 0..<6 {
                    let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(response.status == 200)
                }
            }
        }

        @Test("a request that may be sent again goes to another address of a name if there is no other endpoint")
        func sentAgain() async throws {
            let good = try Origin.ok()
            let bad = try Origin { try $0.readRequest() }
            let domain = ProxyConfiguration.Domain("a.example", endpoints: ["many.internal:80"])
            let found = [bad.address, good.address]
            try await withProxy(.loopback([domain])) {
                $0.names = ScriptedNames(["many.internal": found]).maker
            } _: { proxy in
                for _ in 0..<4 {
                    #expect(try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").status == 200)
                }
                #expect(bad.requestCount > 0 && good.requestCount == 4)
                let lines = try (0..<4).map { try proxy.log.line($0) }
                let repeated = lines.filter { $0.text.contains("\"failed_attempts\"") }
                #expect(repeated.count == bad.requestCount)
                let post = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"
                let statuses = try (0..<2).map { _ in try ask(proxy, post).status }
                #expect(statuses.sorted() == [200, 502])
            }
        }

        @Test("a name that does not resolve makes its endpoint down while the others serve, and is reported")
        func unresolvedAmongOthers() async throws {
            let origin = try Origin.ok()
            let domain = ProxyConfiguration.Domain("a.example", endpoints: ["nowhere.internal:80", .init(origin.text)])
            try await withProxy(.loopback([domain])) {
                $0.names = ScriptedNames().maker
            } _: { proxy in
                let client = try proxy.client()
                for _ in 0..<10 {
                    try client.get("a.example")
                    #expect(try client.response().status == 200)
                }
                #expect(origin.requestCount == 10)
                #expect(
                    proxy.notices.current.contains { $0.contains("nameUnresolved") && $0.contains("nowhere.internal") })
            }
        }

        @Test(
            "when no name resolves the answer is 502, and the start has succeeded all the same",
            arguments: [true, false])
        func allUnresolved(_ throwing: Bool) async throws {
            let domain = ProxyConfiguration.Domain(
                "a.example", endpoints: ["nowhere.internal:80", "never.internal:80"])
            try await withProxy(.loopback([domain])) {
                $0.names = ScriptedNames(throwing ? [:] : ["nowhere.internal": [], "never.internal": []]).maker
            } _: { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(response.status == 502)
                #expect(response.code == "connect.dns")
                #expect(try proxy.log.line().code == "connect.dns")
            }
        }

        @Test("a lookup that hangs holds up the start for its patience only, and its answer counts when it comes")
        func hanging() async throws {
            let origin = try Origin.ok()
            let names = ScriptedNames(["slow.internal": [origin.address]])
            names.hold()
            let domain = ProxyConfiguration.Domain("a.example", endpoints: ["slow.internal:80"])
            try await withProxy(.loopback([domain])) {
                $0.lookupPatience = .milliseconds(200)
                $0.names = names.maker
            } _: { proxy in
                let early = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(early.status == 502)
                #expect(early.code == "connect.dns")
                names.release()
                let served = await eventually {
                    (try? ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"))?.status == 200
                }
                #expect(served)
            }
        }

        @Test("a proxy ends although a lookup still hangs")
        func endsWhileHanging() async throws {
            let names = ScriptedNames()
            names.hold()
            let domain = ProxyConfiguration.Domain("a.example", endpoints: ["slow.internal:80"])
            try await withProxy(.loopback([domain])) {
                $0.lookupPatience = .milliseconds(100)
                $0.names = names.maker
            } _: { proxy in
                await proxy.stop()
                names.release()
            }
        }
    }
}
