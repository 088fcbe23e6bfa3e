// Reading under a high mark, and not at all.
// Not for the low mark of writing: that is in FlushTests.

import CLibevent
import Testing

@Suite struct WatermarkTests {
    private static let mark = 64 << 10

    /// Two connected ends of a kind.
    private func ends(_ flavour: Scene.Flavour, _ loop: EventLoop) throws -> (Bufferevent, Bufferevent) {
        switch flavour {
        case .pair: try Bufferevent.pair(loop: loop)
        case .socket: try connectedSockets(loop)
        }
    }

    /// Lets an end stop reading when it has as much as its mark, as an owner does that leaves bytes for later.
    private func stopAtMark(_ end: Bufferevent) {
        end.onRead = { [unowned end] in
            if end.input.length >= Self.mark { end.stopReading() }
        }
    }

    @Test("no more than the high mark is read, and with room reading goes on", arguments: Scene.Flavour.allCases)
    func highMark(_ flavour: Scene.Flavour) throws {
        let loop = try EventLoop()
        let (sender, receiver) = try ends(flavour, loop)
        let total = 1 << 20
        receiver.setReadHighMark(Self.mark)
        stopAtMark(receiver)
        sender.output.append([UInt8](repeating: 1, count: total))
        sender.flush()
        var received = 0
        for drained in [1, Self.mark - 1, Self.mark] {
            receiver.startReading()
            try #require(serve(loop) { receiver.input.length >= Self.mark })
            settle(loop)
            #expect(receiver.input.length == Self.mark)
            receiver.input.drain(drained)
            received += drained
        }
        let isDone = serve(loop) {
            receiver.startReading()
            received += receiver.input.length
            receiver.input.drain(.max)
            return received >= total
        }
        #expect(isDone)
        #expect(received == total)
        #expect(sender.output.isEmpty)
    }

    @Test(
        "reading rests at the high mark by itself: no further call, no turn of the loop, until bytes are drained",
        arguments: Scene.Flavour.allCases)
    func restAtMark(_ flavour: Scene.Flavour) throws {
        let loop = try EventLoop()
        let (sender, receiver) = try ends(flavour, loop)
        let total = 1 << 20
        var calls = 0
        receiver.setReadHighMark(Self.mark)
        receiver.onRead = { [unowned receiver] in
            calls += 1
            // A loop that never rests would not return to this test.
            if calls > 10_000 { receiver.close() }
        }
        receiver.startReading()
        sender.output.append([UInt8](repeating: 1, count: total))
        sender.flush()
        try #require(serve(loop) { receiver.input.length >= Self.mark })
        settle(loop)
        let callsAtMark = calls
        settle(loop)
        #expect(calls == callsAtMark)
        #expect(receiver.input.length == Self.mark)
        var received = 0
        let isDone = serve(loop) {
            received += receiver.input.length
            receiver.input.drain(.max)
            return received >= total
        }
        #expect(isDone)
    }

    @Test("a mark of 0 takes the bound away, a lower one brings it", arguments: Scene.Flavour.allCases)
    func moveMark(_ flavour: Scene.Flavour) throws {
        let loop = try EventLoop()
        let (sender, receiver) = try ends(flavour, loop)
        receiver.setReadHighMark(Self.mark)
        stopAtMark(receiver)
        receiver.startReading()
        sender.output.append([UInt8](repeating: 1, count: 3 * Self.mark))
        sender.flush()
        try #require(serve(loop) { receiver.input.length >= Self.mark })
        receiver.setReadHighMark(0)
        receiver.onRead = nil
        receiver.startReading()
        try #require(serve(loop) { receiver.input.length == 3 * Self.mark })
        settle(loop)
        receiver.setReadHighMark(Self.mark)
        stopAtMark(receiver)
        sender.output.append("more")
        sender.flush()
        settle(loop)
        #expect(receiver.input.length == 3 * Self.mark)
        receiver.input.drain(2 * Self.mark + 1)
        try #require(serve(loop) { receiver.input.length >= Self.mark })
        settle(loop)
        #expect(receiver.input.length == Self.mark)
    }

    @Test("nothing is read before startReading nor after stopReading", arguments: Scene.Flavour.allCases)
    func stopReading(_ flavour: Scene.Flavour) throws {
        let loop = try EventLoop()
        let (sender, receiver) = try ends(flavour, loop)
        var calls = 0
        receiver.onRead = { calls += 1 }
        sender.output.append("abc")
        sender.flush()
        settle(loop)
        #expect(receiver.input.isEmpty)
        receiver.startReading()
        try #require(serve(loop) { receiver.input.length == 3 })
        settle(loop)
        let callsBefore = calls
        #expect(callsBefore > 0)
        receiver.stopReading()
        sender.output.append("def")
        sender.flush()
        settle(loop)
        #expect(receiver.input.length == 3)
        #expect(calls == callsBefore)
        receiver.startReading()
        #expect(serve(loop) { receiver.input.length == 6 })
    }

    @Test("a peer's end is not told while nothing is read, and is told after the bytes before it")
    func endBehindBytes() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        var order: [String] = []
        server.onRead = { order.append("read") }
        server.onSignal = { order.append("\($0)") }
        client.output.append("last words")
        client.flush()
        client.close()
        settle(loop)
        #expect(order == [])
        server.startReading()
        try #require(serve(loop) { order.last == "endOfStream" })
        #expect(order == ["read", "endOfStream"])
        #expect(text(of: server.input) == "last words")
    }

    @Test("stopReading within onRead takes effect at once")
    func stopInCallback() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        var calls = 0
        server.onRead = { [unowned server] in
            calls += 1
            server.stopReading()
        }
        server.startReading()
        client.output.append([UInt8](repeating: 1, count: 1 << 20))
        client.flush()
        try #require(serve(loop) { calls > 0 })
        let length = server.input.length
        settle(loop)
        #expect(calls == 1)
        #expect(server.input.length == length)
    }
}
