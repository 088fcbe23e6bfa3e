// What has just arrived is offered before it is kept, and whether anything has arrived at all.
// Not for reading into the input: that is in WatermarkTests.

import CLibevent
import Testing

@Suite struct ArrivalTests {
    /// What a connection's end was told.
    private final class Ear {
        var offered: [[UInt8]] = []
        var reads = 0
        var takes = true

        func listen(to end: Bufferevent) {
            end.onArrival = { [unowned self] bytes in
                offered.append(bytes.indices.map { bytes[$0] })
                return takes
            }
            end.onRead = { [unowned self] in reads += 1 }
            end.startReading()
        }
    }

    @Test("what is taken on arrival never gets to the input")
    func taken() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let ear = Ear()
        ear.listen(to: server)
        client.send(Array("one".utf8))
        #expect(serve(loop) { ear.offered.count == 1 })
        client.send(Array("two".utf8))
        #expect(serve(loop) { ear.offered.count == 2 })
        #expect(ear.offered == [Array("one".utf8), Array("two".utf8)])
        #expect(ear.reads == 0)
        #expect(server.input.isEmpty)
    }

    @Test("what is not taken is kept and read, and what follows is not offered while it is there")
    func notTaken() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let ear = Ear()
        ear.takes = false
        ear.listen(to: server)
        client.send(Array("one".utf8))
        #expect(serve(loop) { ear.reads == 1 })
        client.send(Array("two".utf8))
        #expect(serve(loop) { ear.reads == 2 })
        #expect(ear.offered == [Array("one".utf8)])
        #expect(text(of: server.input) == "onetwo")
        server.input.drain(6)
        ear.takes = true
        client.send(Array("three".utf8))
        #expect(serve(loop) { ear.offered.count == 2 })
        #expect(server.input.isEmpty)
    }

    @Test("more than fits is not offered, and arrives whole", arguments: [4047, 4048, 4049, 300_000])
    func large(count: Int) throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let ear = Ear()
        ear.takes = false
        ear.listen(to: server)
        let message = pattern(count)
        client.output.append(message)
        client.flush()
        #expect(serve(loop) { server.input.length == count })
        #expect(bytes(of: server.input) == message)
        #expect(ear.offered.allSatisfy { $0.count < 4048 })
        #expect(ear.reads > 0)
    }

    @Test("an end may be closed by whoever it is offered to", arguments: [true, false])
    func closing(takes: Bool) throws {
        let loop = try EventLoop()
        var (client, server) = try connectedSockets(loop) as (Bufferevent, Bufferevent?)
        let subject = Remembered(server)
        var late = 0
        server?.onRead = { late += 1 }
        server?.onSignal = { _ in late += 1 }
        server?.onArrival = { _ in
            server?.retire()
            server = nil
            return takes
        }
        server?.startReading()
        client.send(Array("bytes".utf8))
        #expect(serve(loop) { subject.isGone })
        settle(loop)
        #expect(late == 0)
        client.close()
    }

    @Test("the end behind bytes that were taken is told")
    func end() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let ear = Ear()
        ear.listen(to: server)
        var signals: [BuffereventSignal] = []
        server.onSignal = { signals.append($0) }
        client.send(Array("last".utf8))
        client.shutdownOutput()
        #expect(serve(loop) { !signals.isEmpty })
        #expect(ear.offered == [Array("last".utf8)])
        #expect(signals.count == 1)
        if case .endOfStream? = signals.first {} else { Issue.record("another signal") }
    }

    @Test("quiet is who has nothing to read: asked of the system in the same turn, of the loop in a later one")
    func quiet() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let (otherClient, other) = try connectedSockets(loop)
        var answers: [[Bool]] = []
        defer {
            // Their closures know each other.
            server.close()
            other.close()
        }
        let before = loop.turn
        for (one, another) in [(server, other), (other, server)] {
            one.onArrival = { _ in
                answers.append([another.isQuiet, another.isQuiet(since: before), another.isQuiet(since: loop.turn)])
                return true
            }
            one.startReading()
        }
        settle(loop)
        #expect(server.isQuiet && server.isQuiet(since: before))
        client.send([1])
        otherClient.send([1])
        #expect(serve(loop) { answers.count == 2 })
        // Both were due in one turn: who came second was not quiet when the first was asked about it, the first was.
        #expect(answers == [[false, false, false], [true, true, true]])
    }

    @Test("a loop with more ready connections than it asks for at once does not take the others for quiet")
    func crowd() throws {
        let loop = try EventLoop()
        let ends = try (0..<40).map { _ in try connectedSockets(loop) }
        let before = loop.turn
        settle(loop)
        var answered = 0
        var mistaken = 0
        for (index, end) in ends.enumerated() {
            end.server.onArrival = { _ in
                answered += 1
                for other in ends[(index + 1)...] where other.server.isQuiet(since: before) && !other.server.isQuiet {
                    mistaken += 1
                }
                return true
            }
            end.server.startReading()
            end.client.send([1])
        }
        #expect(serve(loop) { answered == ends.count })
        #expect(mistaken == 0)
        // Their closures know one another.
        for end in ends { end.server.close() }
    }

    @Test("a loop that is stopped before it runs serves what is due and ends")
    func stoppedBefore() throws {
        let loop = try EventLoop()
        loop.stop()
        loop.run()
        var fired = false
        let timer = try Timer(loop: loop, .once) {
            fired = true
            loop.stop()
        }
        timer.start(.milliseconds(1))
        loop.run()
        #expect(fired)
    }
}
