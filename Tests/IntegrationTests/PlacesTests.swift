// Places for clients that are spread over workers: none stays free on one worker while clients wait for another.
// One socket for both workers and one of them held, so that it is known who accepts. The spread is in BalanceTests.

import CLibevent
import RelevoPolicy
@testable import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Places of workers") struct Places {
        private let directory: TemporaryDirectory
        private let origin: Origin

        init() throws {
            directory = try TemporaryDirectory()
            origin = try Origin.ok()
        }

        /// Two workers behind one socket.
        private func configuration(connections: Int) -> ProxyConfiguration {
            .loopback([.to("a.example", origin)], workers: 2) {
                $0.listeners = [.init("unix:\(directory.path)/proxy.sock")]
                $0.limits.connections = connections
            }
        }

        /// Has the second worker stand still; the gate lets it go on.
        private func holdSecond(_ proxy: TestProxy) async throws -> Gate {
            let (isHeld, release) = (Gate(), Gate())
            proxy.group.workers[1].post { _ in
                isHeld.open()
                release.pass()
            }
            try await blocking { _ = isHeld.pass() }
            return release
        }

        private func serves(_ client: Client) throws -> Bool {
            try client.get("a.example")
            return try client.response().text == "ok"
        }

        @Test("no client waits while a worker has places, however few those are")
        func allPlaces() async throws {
            try await withProxy(configuration(connections: 8)) { proxy in
                let release = try await holdSecond(proxy)
                let clients = try (0..<8).map { _ in try proxy.client() }
                #expect(await eventually { proxy.group.balance.connections == [4, 4] })
                release.open()
                for client in clients { #expect(try serves(client)) }
            }
        }

        @Test("a full worker that accepts nobody does so again when another has got places")
        func placesElsewhere() async throws {
            try await withProxy(configuration(connections: 8)) { proxy in
                let balance = proxy.group.balance
                // It accepts: the first three are its own, then the other has fewer for three times, then again once.
                var release = try await holdSecond(proxy)
                let clients = try (0..<8).map { _ in try proxy.client() }
                #expect(await eventually { balance.connections == [4, 4] })
                release.open()
                #expect(proxy.notices.wait { $0.contains { $0.contains("connectionsFull") } })
                for index in [3, 4, 5, 7] { clients[index].wire.close() }
                #expect(await eventually { balance.connections == [4, 0] })
                release = try await holdSecond(proxy)
                let late = try proxy.client()
                #expect(await eventually { balance.connections == [4, 1] })
                release.open()
                #expect(try serves(late))
                #expect(try serves(clients[0]))
            }
        }

        @Test("a worker that stands still is sent only so many clients, however few it has")
        func standstill() async throws {
            try await withProxy(configuration(connections: 10_000)) { proxy in
                let balance = proxy.group.balance
                balance.count(1000, of: 0)
                let release = try await holdSecond(proxy)
                let clients = try (0..<50).map { _ in try proxy.client() }
                #expect(await eventually { balance.connections.reduce(0, +) == 1050 })
                #expect(balance.connections == [1018, 32])
                release.open()
                for client in clients { #expect(try serves(client)) }
                balance.count(-1000, of: 0)
            }
            #expect(AcceptBalance.mostPassengers == 32)
        }

        @Test("memory for messages is kept from one to the next, but not that of a huge one")
        func scratch() async throws {
            try await withProxy(configuration(connections: 8)) { proxy in
                let capacities = Watched<[Int]>([])
                proxy.group.workers[0].post { worker in
                    for size in [4096, 1 << 20] {
                        var bytes = worker.takeScratch()
                        bytes.reserveCapacity(size)
                        worker.giveBack(scratch: bytes)
                        let again = worker.takeScratch()
                        capacities.change { $0.append(again.capacity) }
                        worker.giveBack(scratch: again)
                    }
                }
                #expect(capacities.wait { $0.count == 2 })
                #expect(capacities.current[0] >= 4096)
                #expect(capacities.current[1] <= Worker.maxScratch)
            }
        }
    }
}
