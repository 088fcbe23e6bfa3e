// Endpoints with addresses of both families, of which one is dead on the way.
// In which order addresses are tried is tested in RelevoProxyTests.

import CLibevent
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Addresses of both families") struct Races {
        private static let get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
        private static let v6 = SocketAddress.ipv6(high: 0, low: 1, port: 0, scope: 0)
        private static var hasIPv6: Bool { (try? Wire.listen(on: v6)) != nil }

        /// An address at which the kernel ignores whoever comes.
        private final class Silent {
            let address: SocketAddress
            private let wires: [Wire]

            init(_ wanted: SocketAddress) throws {
                let listener = try Wire.listen(on: wanted, backlog: 0)
                let address = wanted.withPort(listener.localPort)
                self.address = address
                wires = [listener] + (try (0..<2).map { _ in try Wire.beginConnecting(to: address) })
            }
        }

        private func serve(
            _ addresses: [SocketAddress], connect: Duration = .seconds(300), mode: ConnectionMode = .close,
            _ body: (TestProxy) async throws -> Void
        ) async throws {
            var domain = ProxyConfiguration.Domain("a.example", endpoints: ["both.internal"])
            domain.connection = mode
            try await withProxy(.loopback([domain]) { $0.timeouts.connect = connect }) {
                $0.names = ScriptedNames(["both.internal": addresses]).maker
            } _: { proxy in
                try await body(proxy)
            }
        }

        @Test(
            "RFC 8305: when IPv6 leads nowhere IPv4 is tried soon, and first from then on",
            .enabled(if: hasIPv6), arguments: [ConnectionMode.close, .keepAlive])
        func deadFirstFamily(_ mode: ConnectionMode) async throws {
            let silent = try Silent(Self.v6)
            let origin = try Origin.ok()
            // Far beyond the patience of the test's client.
            try await serve([silent.address, origin.address], mode: mode) { proxy in
                let first = try ask(proxy, Self.get)
                #expect(first.status == 200)
                #expect(try proxy.log.line().number("attempts") == 2)
                for index in 1...5 {
                    let response = try ask(proxy, Self.get)
                    #expect(response.status == 200)
                    #expect(try proxy.log.line(index).number("attempts") == 1)
                }
                #expect(await proxy.group.statistics().connectsBegun == (mode == .close ? 7 : 2))
            }
        }

        @Test("the family that served dies, and the other one takes over", .enabled(if: hasIPv6))
        func diesLater() async throws {
            let silent = try Silent(.loopback(port: 0))
            let origin = try Origin.ok(at: Self.v6)
            let names = ScriptedNames(["both.internal": [origin.address, silent.address]])
            var domain = ProxyConfiguration.Domain("a.example", endpoints: ["both.internal"])
            domain.connection = .close
            try await withProxy(.loopback([domain]) { $0.timeouts.connect = .seconds(300) }) {
                $0.names = names.maker
            } _: { proxy in
                #expect(try ask(proxy, Self.get).status == 200)
                #expect(try proxy.log.line().number("attempts") == 1)
                let other = try Origin.ok("other")
                let dead = try Silent(Self.v6)
                names.set("both.internal", [dead.address, other.address])
                #expect(await eventually { proxy.notices.current.filter { $0.contains("nameResolved") }.count == 2 })
                #expect(await eventually { (try? ask(proxy, Self.get))?.text == "other" })
            }
        }

        @Test("a family that refuses costs no wait, and one that is refused later leaves the first its time")
        func refused() async throws {
            let dead = try Integration.deadAddress()
            let origin = try Origin.ok()
            try await serve([dead, origin.address]) { proxy in
                for _ in 0..<4 {
                    let response = try ask(proxy, Self.get)
                    #expect(response.status == 200)
                }
            }
        }

        @Test("two families of which none answers are one timeout, and both connections end", .enabled(if: hasIPv6))
        func bothSilent() async throws {
            let (one, two) = (try Silent(Self.v6), try Silent(.loopback(port: 0)))
            try await serve([one.address, two.address], connect: .milliseconds(300)) { proxy in
                let response = try ask(proxy, Self.get)
                #expect(response.status == 504)
                #expect(response.code == "connect.timeout")
                let line = try proxy.log.line()
                #expect(line.number("attempts") == 2)
            }
        }

        @Test("a refusal of the second family leaves the first its time", .enabled(if: hasIPv6))
        func rivalRefused() async throws {
            let silent = try Silent(Self.v6)
            let dead = try Integration.deadAddress()
            try await serve([silent.address, dead], connect: .milliseconds(600)) { proxy in
                let response = try ask(proxy, Self.get)
                #expect(response.status == 504)
                #expect(await proxy.group.statistics().connectsFailed == 2)
            }
        }

        @Test(
            "RFC 9112 §9.6: a client that has ended its side is served by the second family too", .enabled(if: hasIPv6))
        func halfClosed() async throws {
            let silent = try Silent(Self.v6)
            let origin = try Origin.ok()
            try await serve([silent.address, origin.address]) { proxy in
                let client = try proxy.client()
                try client.send(Self.get)
                client.wire.finishSending()
                let response = try client.response()
                #expect(response.status == 200)
            }
        }

        @Test("a dead family does not keep an endpoint from being checked as up", .enabled(if: hasIPv6))
        func health() async throws {
            let silent = try Silent(Self.v6)
            let origin = try Origin.ok()
            var cluster = ProxyConfiguration.Cluster("a.example", endpoints: ["both.internal"])
            var check = HealthCheck(.tcp)
            (check.interval, check.timeout) = (.milliseconds(100), .milliseconds(100))
            (check.rise, check.startsUp) = (3, false)
            cluster.health = check
            let domain = ProxyConfiguration.Domain("a.example", routes: [.init(.endpoints(cluster))])
            try await withProxy(.loopback([domain])) {
                $0.names = ScriptedNames(["both.internal": [silent.address, origin.address]]).maker
            } _: { proxy in
                #expect(await eventually { (try? ask(proxy, Self.get))?.status == 200 })
            }
        }

        @Test("a client that leaves during the race ends both connections", .enabled(if: hasIPv6))
        func clientLeaves() async throws {
            let (one, two) = (try Silent(Self.v6), try Silent(.loopback(port: 0)))
            try await serve([one.address, two.address]) { proxy in
                let client = try proxy.client()
                try client.send(Self.get)
                #expect(await eventually { await proxy.group.statistics().connectsBegun == 2 })
                client.wire.reset()
                #expect(await proxy.isQuiet())
                #expect(try proxy.log.line().code == "client.closed")
            }
        }
    }
}
