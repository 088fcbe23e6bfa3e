// Names that change, go and come under a running proxy, with a real nameserver.
// How lookups end is tested with the resolver itself, in CLibeventDNSTests.

import CLibevent
import CLibeventDNS
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Names that are followed") struct FollowedNames {
        private static let get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"

        /// Two origins that differ in address but not in port, as two addresses of one name do.
        private static func twins() throws -> (Origin, Origin) {
            for _ in 0..<20 {
                let one = try Origin.ok("one", at: .ipv4(address: 0x7F00_0002, port: 0))
                let port = one.address.port ?? 0
                if let two = try? Origin.ok("two", at: .ipv4(address: 0x7F00_0003, port: port)) { return (one, two) }
            }
            throw WireError.timeout
        }

        private func configuration(_ server: Dnsmasq, port: UInt16?) -> ProxyConfiguration {
            .loopback([.init("a.example", endpoints: [.init("web.test:\(port ?? 80)")])]) {
                $0.resolver.nameservers = [.init(server.address.description)]
                $0.resolver.search = []
                $0.resolver.timeout = .milliseconds(200)
                $0.resolver.tries = 2
            }
        }

        /// The text of the answer to one request.
        private func text(_ proxy: TestProxy) throws -> String { try ask(proxy, Self.get).text }

        @Test("another address is followed when the time to live is over; the old one gets nothing any more")
        func followed() async throws {
            let (one, two) = try Self.twins()
            let server = try Dnsmasq(hosts: "127.0.0.2 web.test\n", "--local-ttl=1")
            try await withProxy(configuration(server, port: one.address.port)) { proxy in
                #expect(try text(proxy) == "one")
                try server.replaceHosts("127.0.0.3 web.test\n")
                #expect(await eventually { (try? text(proxy)) == "two" })
                // The kept connection ended with the address.
                #expect(try one.connection().awaitEnd() == .orderly)
                let before = one.requestCount
                for _ in 0..<10 { #expect(try text(proxy) == "two") }
                #expect(one.requestCount == before)
                #expect(two.requestCount >= 11)
                #expect(proxy.notices.current.filter { $0.contains("nameResolved") }.count == 2)
            }
        }

        @Test("what is under way at an address that goes away is finished, and its connection is not kept")
        func drained() async throws {
            let gate = Gate()
            let one = try Origin(at: .ipv4(address: 0x7F00_0002, port: 0)) { connection in
                while true {
                    try connection.readRequest()
                    if connection.number.current == 1 { gate.pass() }
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
                }
            }
            let names = ScriptedNames(["web.test": [one.address]])
            let two = try Origin.ok("two")
            try await withProxy(.loopback([.init("a.example", endpoints: ["web.test"])])) {
                $0.names = names.maker
            } _: { proxy in
                let slow = try proxy.client()
                try slow.send(Self.get)
                try one.connection().awaitBytes { !$0.isEmpty }
                names.set("web.test", [two.address])
                #expect(await eventually { (try? text(proxy)) == "two" })
                gate.open()
                #expect(try slow.response().text == "late")
                #expect(try one.connection().awaitEnd() == .orderly)
            }
        }

        @Test("RFC 2782: SRV records give ports and weights, and who comes next when all of one rank fail")
        func services() async throws {
            let (one, two, reserve) = (try Origin.ok("one"), try Origin.ok("two"), try Origin.ok("reserve"))
            func record(_ address: SocketAddress, _ priority: Int, _ weight: Int) -> String {
                "--srv-host=_http._tcp.web.test,host.test,\(address.port ?? 0),\(priority),\(weight)"
            }
            let server = try Dnsmasq(
                hosts: "127.0.0.1 host.test\n", record(one.address, 1, 3), record(two.address, 1, 1),
                record(reserve.address, 2, 100), "--local-ttl=1")
            var configuration = configuration(server, port: 80)
            configuration.domains = [.init("a.example", endpoints: ["srv:_http._tcp.web.test"])]
            configuration.domains[0].connection = .close
            try await withProxy(configuration) { proxy in
                for _ in 0..<20 {
                    let served = try text(proxy)
                    #expect(["one", "two"].contains(served))
                }
                #expect(one.requestCount == 15)
                #expect(two.requestCount == 5)
                #expect(reserve.requestCount == 0)
            }
        }

        @Test("a service whose first rank is dead is served by the next, and a service that moves is followed")
        func failedRank() async throws {
            let dead = try Integration.deadAddress()
            let (one, two) = (try Origin.ok("one"), try Origin.ok("two"))
            let names = ScriptedNames(["dead": [dead], "live": [one.address]])
            func service(_ host: String, _ address: SocketAddress, _ priority: Int) -> DNSResolver.Service {
                DNSResolver.Service(host: host, port: address.port ?? 0, priority: priority, weight: 1)
            }
            names.set("_a._tcp.web.test", services: [service("dead", dead, 0), service("live", one.address, 1)])
            let domain = ProxyConfiguration.Domain("a.example", endpoints: ["srv:_a._tcp.web.test"])
            try await withProxy(.loopback([domain])) {
                $0.names = names.maker
            } _: { proxy in
                let before = try text(proxy)
                #expect(before == "one")
                names.set("_a._tcp.web.test", services: [service("live", two.address, 0)])
                #expect(await eventually { (try? text(proxy)) == "two" })
            }
        }

        @Test("a nameserver that dies harms nothing: the last good answer is kept, and the trouble is told once")
        func killed() async throws {
            let (one, _) = try Self.twins()
            let server = try Dnsmasq(hosts: "127.0.0.2 web.test\n", "--local-ttl=1")
            try await withProxy(configuration(server, port: one.address.port)) { proxy in
                let before = try text(proxy)
                #expect(before == "one")
                server.stop()
                #expect(await eventually { proxy.notices.current.contains { $0.contains("nameUnresolved") } })
                for _ in 0..<10 { #expect(try text(proxy) == "one") }
                #expect(one.connectionCount == 1)
            }
        }

        @Test("a name that is denied keeps its addresses for now, and one that is there again is told")
        func denied() async throws {
            let origin = try Origin.ok("one")
            let names = ScriptedNames(["web.test": [origin.address]])
            try await withProxy(.loopback([.init("a.example", endpoints: ["web.test"])])) {
                $0.names = names.maker
            } _: { proxy in
                let before = try text(proxy)
                #expect(before == "one")
                names.set("web.test", .failure(.notFound))
                // The second of these questions comes after a failure.
                let asked = names.questions.count
                #expect(await eventually { names.questions.count >= asked + 2 })
                #expect(try text(proxy) == "one")
                #expect(proxy.notices.current.filter { $0.contains("nameUnresolved") }.count == 1)
                names.set("web.test", [origin.address])
                #expect(await eventually { proxy.notices.current.contains { $0.contains("nameAnswers") } })
                #expect(proxy.notices.current.filter { $0.contains("nameResolved") }.count == 1)
            }
        }

        @Test("a name is asked for once, however many endpoints have it")
        func shared() async throws {
            let origin = try Origin.ok("one")
            let names = ScriptedNames(["web.test": [origin.address]])
            names.set("web.test", [origin.address], timeToLive: .seconds(300))
            let domains = ["a.example", "b.example"].map {
                ProxyConfiguration.Domain($0, endpoints: ["web.test", "127.0.0.1:1"])
            }
            try await withProxy(.loopback(domains + [.init("c.example", endpoints: ["web.test:80"])])) {
                $0.names = names.maker
            } _: { proxy in
                #expect(names.questions == ["web.test"])
                let response = try ask(proxy, Self.get.replacing("a.example", with: "c.example"))
                #expect(response.text == "one")
                #expect(proxy.notices.current.filter { $0.contains("nameResolved") }.count == 1)
            }
        }
    }
}
