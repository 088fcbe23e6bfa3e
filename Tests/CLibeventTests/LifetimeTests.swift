// Every end of a connection dies, and none calls back after its end.
// Not for loops and what is retired on them: those are in EventLoopTests.

import CLibevent
import Testing

@Suite struct LifetimeTests {
    @Test("an end amid a callback silences all others of the same end, and the object dies", arguments: Scene.all)
    func endsInItsOwnCallback(_ scene: Scene) throws {
        let stage = try Stage(scene)
        let subject = Remembered(stage.subject)
        let peer = Remembered(stage.peer)
        stage.play()
        try #require(serve(stage.loop) { stage.isOver })
        settle(stage.loop)
        #expect(stage.lateCalls == 0)
        #expect(subject.isGone == (scene.way != .closePeer))
        stage.subject = nil
        stage.peer = nil
        settle(stage.loop)
        #expect(subject.isGone)
        #expect(peer.isGone)
        #expect(stage.lateCalls == 0)
    }

    @Test("the ends of a pair die with their last reference, without a close and without a turn of the loop")
    func release() throws {
        let loop = try EventLoop()
        var ends: (Bufferevent, Bufferevent)? = try Bufferevent.pair(loop: loop)
        let left = Remembered(ends?.0)
        let right = Remembered(ends?.1)
        ends?.0.startReading()
        ends?.1.output.append("unread")
        ends = nil
        #expect(left.isGone)
        #expect(right.isGone)
        settle(loop)
    }

    @Test("callbacks that were due when an end was released do not come")
    func dueCallbacks() throws {
        let loop = try EventLoop()
        var (left, right): (Bufferevent?, Bufferevent) = try Bufferevent.pair(loop: loop)
        var calls = 0
        left?.onRead = { calls += 1 }
        left?.onSignal = { _ in calls += 1 }
        left?.startReading()
        right.output.append("bytes")
        right.shutdownOutput()
        left = nil
        settle(loop)
        #expect(calls == 0)
    }

    @Test("closing lets go of everything that the closures hold")
    func captures() throws {
        let loop = try EventLoop()
        let (left, _) = try Bufferevent.pair(loop: loop)
        var token: Token? = Token()
        let remembered = Remembered(token)
        left.onRead = { [token] in _ = token }
        left.onWritten = { [token] in _ = token }
        left.onSignal = { [token] _ in _ = token }
        token = nil
        #expect(!remembered.isGone)
        left.close()
        #expect(remembered.isGone)
    }

    @Test("an end whose closure holds it dies when it is closed, within that closure too")
    func cycle() throws {
        let loop = try EventLoop()
        var (left, right): (Bufferevent?, Bufferevent) = try Bufferevent.pair(loop: loop)
        let remembered = Remembered(left)
        left?.onRead = { [left] in left?.close() }
        left?.startReading()
        left = nil
        #expect(!remembered.isGone)
        right.output.append("bytes")
        settle(loop)
        #expect(remembered.isGone)
    }

    @Test("a captured object may close the same end again while it dies")
    func closeInDeinit() throws {
        final class Closer {
            let end: Bufferevent
            init(_ end: Bufferevent) { self.end = end }
            deinit { end.close(.reset) }
        }
        let loop = try EventLoop()
        var (left, _): (Bufferevent?, Bufferevent) = try Bufferevent.pair(loop: loop)
        let remembered = Remembered(left)
        left?.onRead = { [closer = left.map(Closer.init)] in _ = closer }
        left?.close()
        left = nil
        settle(loop)
        #expect(remembered.isGone)
    }

    @Test("a closed end is inert: no operation on it does anything")
    func inert() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        client.close()
        client.startReading()
        client.stopReading()
        client.setReadHighMark(1)
        client.setWriteLowMark(1)
        client.output.append("lost")
        client.flush()
        client.shutdownOutput()
        client.retire(.reset)
        #expect(client.phase == .closed)
        #expect(client.fileDescriptor == -1)
        #expect(client.output.isEmpty)
        settle(loop)
        #expect(server.phase == .open)
    }

    @Test("a closure set after the close is never called")
    func closureAfterClose() throws {
        let loop = try EventLoop()
        let (left, right) = try Bufferevent.pair(loop: loop)
        left.close()
        var calls = 0
        left.onRead = { calls += 1 }
        left.onSignal = { _ in calls += 1 }
        right.output.append("bytes")
        right.shutdownOutput()
        settle(loop)
        #expect(calls == 0)
    }

    @Test("the surviving end of a pair can be used and closed after the other has gone")
    func survivor() throws {
        let loop = try EventLoop()
        var (left, right): (Bufferevent?, Bufferevent?) = try Bufferevent.pair(loop: loop)
        let remembered = Remembered(right)
        left = nil
        right?.startReading()
        right?.output.append("to nobody")
        right?.flush()
        right?.shutdownOutput()
        settle(loop)
        right?.close()
        right = nil
        #expect(left == nil)
        #expect(remembered.isGone)
    }
}
