// The loop itself: running, stopping, what is retired on it, and which of loop and objects dies first.
// Ends of connections are in LifetimeTests.

import CLibevent
import Testing

@Suite struct EventLoopTests {
    @Test("a loop without any event waits until it is stopped, and can run again")
    func runAgain() throws {
        let loop = try EventLoop()
        var fired = 0
        let timer = try Timer(loop: loop, .once) {
            fired += 1
            loop.stop()
        }
        timer.start(.milliseconds(1))
        loop.run()
        timer.start(.milliseconds(1))
        loop.run()
        #expect(fired == 2)
    }

    @Test("a stop before the run ends that run")
    func earlyStop() throws {
        let loop = try EventLoop()
        loop.stop()
        loop.run()
    }

    @Test("callbacks that are due in the turn of the stop are still called")
    func stopAmidCallbacks() throws {
        let loop = try EventLoop()
        var order: [String] = []
        let first = try Timer(loop: loop, .once) {
            order.append("first")
            loop.stop()
        }
        let second = try Timer(loop: loop, .once) { order.append("second") }
        first.start(.zero)
        second.start(.zero)
        loop.run()
        #expect(Set(order) == ["first", "second"])
    }

    @Test(
        "runOnce returns though each job posts another one")
    func runOnceEnds() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Count>()
        let count = Count()
        let receiver = try mailbox.receive(on: loop, context: count)
        postAgain(mailbox)
        loop.runOnce()
        #expect(count.value < 10)
        receiver.close()
    }

    private final class Count {
        var value = 0
    }

    /// Posts a job that posts itself again, within a bound without which the test could not end.
    private func postAgain(_ mailbox: LoopMailbox<Count>) {
        mailbox.post { count in
            count.value += 1
            if count.value < 10_000 { postAgain(mailbox) }
        }
    }

    @Test("what a callback retires lives until the callback has returned")
    func retire() throws {
        let loop = try EventLoop()
        var token: Token? = Token()
        let remembered = Remembered(token)
        var livedOn = false
        let timer = try Timer(loop: loop, .once) {
            if let retired = token { loop.retire(retired) }
            token = nil
            livedOn = !remembered.isGone
        }
        timer.start(.zero)
        try #require(serve(loop) { token == nil })
        settle(loop)
        #expect(livedOn)
        #expect(remembered.isGone)
    }

    @Test("what is retired in a long run dies within it, not only at its end")
    func retireWithinRun() throws {
        let loop = try EventLoop()
        var token: Token? = Token()
        let remembered = Remembered(token)
        var wasGone = false
        let check = try Timer(loop: loop, .once) {
            wasGone = remembered.isGone
            loop.stop()
        }
        let timer = try Timer(loop: loop, .once) {
            if let retired = token { loop.retire(retired) }
            token = nil
            check.start(.milliseconds(1))
        }
        timer.start(.zero)
        loop.run()
        #expect(wasGone)
    }

    @Test("an object may retire another while it dies")
    func retireInDeinit() throws {
        final class Owner {
            let loop: EventLoop
            var owned: Token? = Token()
            init(_ loop: EventLoop) { self.loop = loop }
            deinit { if let owned { loop.retire(owned) } }
        }
        let loop = try EventLoop()
        var owner: Owner? = Owner(loop)
        let outer = Remembered(owner)
        let inner = Remembered(owner?.owned)
        let timer = try Timer(loop: loop, .once) {
            if let retired = owner { loop.retire(retired) }
            owner = nil
        }
        timer.start(.zero)
        try #require(serve(loop) { owner == nil })
        settle(loop)
        #expect(outer.isGone)
        #expect(inner.isGone)
    }

    @Test("nothing is kept for a loop that does not run")
    func retireOutside() throws {
        let loop = try EventLoop()
        var token: Token? = Token()
        let remembered = Remembered(token)
        if let token { loop.retire(token) }
        token = nil
        #expect(remembered.isGone)
    }

    @Test("a loop that is let go of before its objects dies with the last of them")
    func loopFirst() throws {
        var loop: EventLoop? = try EventLoop()
        let remembered = Remembered(loop)
        var ends: (Bufferevent, Bufferevent)? = try loop.map { try Bufferevent.pair(loop: $0) }
        let timer = try loop.map { try Timer(loop: $0, .forever) {} }
        let listener = try loop.map { try loopbackListener($0) }
        loop = nil
        ends?.0.output.append("bytes")
        timer?.start(.zero)
        listener?.pause(.full)
        listener?.resume(.full)
        #expect(!remembered.isGone)
        ends = nil
        #expect(remembered.isGone)
        timer?.stop()
        listener?.close()
    }

    @Test("objects that are let go of first leave nothing behind in the loop")
    func loopLast() throws {
        var loop: EventLoop? = try EventLoop()
        let remembered = Remembered(loop)
        var sockets = try loop.map { try connectedSockets($0) }
        let server = Remembered(sockets?.server)
        sockets?.server.startReading()
        sockets?.client.output.append("bytes")
        sockets?.client.flush()
        sockets = nil
        #expect(server.isGone)
        loop = nil
        #expect(remembered.isGone)
    }

    @Test("a closed socket is closed for the system too when its loop dies without another turn")
    func closedWithLoop() throws {
        let other = try EventLoop()
        var loop: EventLoop? = try EventLoop()
        let listener = try loopbackListener(other)
        var accepted: Bufferevent?
        listener.onAccept = { socket, _ in accepted = try? Bufferevent(loop: other, socket: socket) }
        var client = try loop.map { try Bufferevent(loop: $0, connectingTo: listener.address) }
        try #require(serve(other) { accepted != nil })
        var ended = false
        accepted?.onSignal = { ended = ended || $0 == .endOfStream }
        accepted?.startReading()
        client?.close()
        client = nil
        loop = nil
        #expect(serve(other) { ended })
    }

    @Test(
        "connections with callbacks due are freed with their loop, which makes no further turn")
    func dueWithLoop() throws {
        var loop: EventLoop? = try EventLoop()
        let remembered = Remembered(loop)
        var ends = try loop.map { try Bufferevent.pair(loop: $0) }
        ends?.0.startReading()
        ends?.1.output.append("bytes")
        ends = nil
        loop = nil
        // What libevent keeps of the two ends is for the leak check of the address sanitizer to see.
        #expect(remembered.isGone)
    }

    @Test("the version is that of a libevent of the 2 series")
    func version() {
        #expect(EventLoop.libraryVersion.hasPrefix("2."))
    }

    @Test("out of descriptors a loop is refused with an error: the process goes on and nothing is written to stderr")
    func outOfDescriptors() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let spare = try exhaustDescriptors()
            let code = errorCode { _ = try EventLoop() }
            #expect(spare.count > 0)
            #expect(code.map { SystemError($0, in: .eventBase).isExhaustion } == true)
        }
        #expect(result?.standardErrorContent.isEmpty == true)
    }
}
