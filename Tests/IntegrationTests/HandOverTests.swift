// Clients on their way from the worker that accepted them to another: none is lost, whatever happens to either worker.
// How evenly they are spread is in BalanceTests.

import CLibevent
import RelevoPolicy
@testable import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Clients handed over") struct HandOver {
        private static let peer = SocketAddress.unix(path: "")

        /// Whether a worker still takes jobs; says so after one was run.
        private static func isServing(_ worker: LoopMailbox<Worker>) async -> Bool {
            await withCheckedContinuation { continuation in
                let isPosted = worker.post { _ in continuation.resume(returning: true) }
                if !isPosted { continuation.resume(returning: false) }
            }
        }

        @Test("a client that is accepted when all have been told to end is served by the worker that accepted it")
        func acceptedAtTheEnd() async throws {
            let origin = try Origin.ok()
            let proxy = try await TestProxy.start(.loopback([.to("a.example", origin)], workers: 3))
            let workers = proxy.group.workers
            let (near, far) = try Wire.pair()
            let client = Client(near)
            try client.get("a.example")
            let (areTold, isAccepted, mayEnd) = (Gate(), Gate(), Gate())
            // The first would hand the next client to the second, which learns of the end before the client comes.
            proxy.group.balance.count(8, of: 0)
            workers[1].post { _ in mayEnd.pass() }
            workers[0].post { worker in
                areTold.pass()
                worker.accept(Socket(owning: far), Arrival(peer: Self.peer, door: worker.entrances[0].door))
                isAccepted.open()
            }
            let stopping = Task { await proxy.stop(within: .seconds(20)) }
            // The third is told last and has no clients.
            #expect(await eventually { await !Self.isServing(workers[2]) })
            areTold.open()
            try await blocking { _ = isAccepted.pass() }
            mayEnd.open()
            let (text, end) = try await blocking { (try client.response().text, client.end()) }
            #expect(text == "ok")
            #expect(end == .orderly)
            await stopping.value
            proxy.group.balance.count(-8, of: 0)
            #expect(proxy.group.balance.connections == [0, 0, 0])
        }

        @Test("a worker that has ended closes a client that still comes to it")
        func adoptedAfterTheEnd() async throws {
            let origin = try Origin.ok()
            let proxy = try await TestProxy.start(.loopback([.to("a.example", origin)], workers: 2))
            let (near, far) = try Wire.pair()
            let isTold = Gate()
            proxy.group.balance.count(1, of: 1)
            proxy.group.workers[1].post { worker in
                worker.drain(within: .seconds(20)) { worker.loop.stop() }
                // Told once more, as a second shutdown does: that is answered as well.
                worker.drain(within: .seconds(20)) { isTold.open() }
                worker.adopt(Socket(owning: far), Arrival(peer: Self.peer, door: worker.entrances[0].door))
            }
            let end = try await blocking { Client(near).end() }
            #expect(end == .orderly)
            let isAnswered = try await blocking { isTold.pass() }
            #expect(isAnswered)
            await proxy.stop()
            #expect(proxy.group.balance.connections == [0, 0])
        }
    }
}
