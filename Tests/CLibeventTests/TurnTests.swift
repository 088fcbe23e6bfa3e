// Whether a turn of the loop has been told of everything that was ready: what the pool of kept connections relies on.
// The loop's other sides are in EventLoopTests.

@testable import CLibevent
import Testing

@Suite struct TurnTests {
    /// libevent has room for so many answers before it was full for the first time.
    private static let firstRoom = 32

    /// Connected sockets on one loop, and what its last turn has brought.
    private final class Crowd {
        let loop: EventLoop
        let ends: [(client: Bufferevent, server: Bufferevent)]
        private var arrived = 0
        private var knewAll = true

        init(_ count: Int) throws {
            let loop = try EventLoop()
            self.loop = loop
            ends = try (0..<count).map { _ in try connectedSockets(loop) }
            settle(loop)
            for (_, server) in ends {
                server.onRead = { [unowned self, unowned server] in
                    server.input.drain(server.input.length)
                    arrived += 1
                    knewAll = knewAll && loop.knowsAll
                }
                server.startReading()
            }
        }

        /// Has a byte arrive on each of the first connections, and serves one turn.
        func turn(_ count: Int) -> (arrived: Int, knewAll: Bool) {
            (arrived, knewAll) = (0, true)
            for (client, server) in ends.prefix(count) {
                client.output.append("x")
                client.flush()
                var looks = 0
                while server.isQuiet, looks < 1_000_000 { looks += 1 }
            }
            loop.runOnce()
            return (arrived, knewAll)
        }
    }

    @Test("a turn with as many answers as there is room for does not know all; one with fewer does")
    func cutOff() throws {
        let crowd = try Crowd(80)
        #expect(crowd.turn(20) == (20, true))
        #expect(crowd.turn(40) == (Self.firstRoom, false))
        settle(crowd.loop)
        #expect(crowd.turn(20) == (20, true))
    }

    @Test("room that earlier turns have shown is relied on")
    func growth() throws {
        let crowd = try Crowd(80)
        // This turn is cut off, so libevent makes room for 64.
        #expect(crowd.turn(80) == (Self.firstRoom, false))
        settle(crowd.loop)
        #expect(crowd.turn(40) == (40, true))
        // And now for 128.
        #expect(crowd.turn(80) == (2 * Self.firstRoom, false))
        settle(crowd.loop)
        #expect(crowd.turn(80) == (80, true))
    }

    @Test("connections that are readable and writable count once: a turn that is cut off is known as such")
    func twoEventsEach() throws {
        let crowd = try Crowd(40)
        for (_, server) in crowd.ends.prefix(20) { server.awaitWritable() }
        #expect(crowd.turn(20).arrived == 20)
        #expect(crowd.turn(40) == (Self.firstRoom, false))
    }

    @Test("connections that end in a callback count for no room: a turn that is cut off is known as such")
    func manyEnds() throws {
        let crowd = try Crowd(200)
        let timer = try Timer(loop: crowd.loop, .once) {
            for (_, server) in crowd.ends.suffix(160) { server.close() }
        }
        timer.start(.zero)
        var turns = 0
        while crowd.ends[199].server.phase == .open, turns < 1000 {
            crowd.loop.runOnce()
            turns += 1
        }
        crowd.loop.runOnce()
        #expect(crowd.turn(40) == (Self.firstRoom, false))
    }
}
