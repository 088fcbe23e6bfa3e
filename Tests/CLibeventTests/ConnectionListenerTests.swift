// Accepting connections: pausing, draining, closing. Sockets that listen but accept nothing yet are in
// ListeningSocketTests; descriptors that run out in ExhaustionTests.

import CLibevent
import Testing

@Suite struct ConnectionListenerTests {
    /// A listener, and clients whose connections the system has opened though nobody accepted them.
    private func waiting(_ count: Int, _ loop: EventLoop) throws -> (ConnectionListener, [Bufferevent]) {
        let listener = try lonelyListener(loop)
        listener.pause(.full)
        let clients = try (0..<count).map { _ in try Bufferevent(loop: loop, connectingTo: listener.address) }
        try #require(serve(loop) { clients.allSatisfy { $0.phase == .open } })
        return (listener, clients)
    }

    @Test("each connection is accepted once, with its peer's address")
    func accepts() throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        var peers: [SocketAddress] = []
        var locals: [SocketAddress] = []
        listener.onAccept = { socket, peer in
            peers.append(peer)
            if let local = socket.localAddress { locals.append(local) }
        }
        let clients = try (0..<5).map { _ in try Bufferevent(loop: loop, connectingTo: listener.address) }
        let expected = Set(clients.compactMap { SocketAddress.local(of: $0.fileDescriptor) })
        try #require(serve(loop) { peers.count >= 5 })
        settle(loop)
        #expect(peers.count == 5)
        #expect(Set(peers) == expected)
        #expect(Set(locals) == [listener.address])
    }

    @Test("a connection that nobody takes is closed")
    func nobodyTakes() throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        let client = try Bufferevent(loop: loop, connectingTo: listener.address)
        var signals: [BuffereventSignal] = []
        client.onSignal = { signals.append($0) }
        client.startReading()
        #expect(serve(loop) { signals == [.connected, .endOfStream] })
    }

    @Test("while any reason to pause is left nothing is accepted, and what waited is accepted afterwards")
    func reasons() throws {
        let loop = try EventLoop()
        let (listener, _) = try waiting(2, loop)
        var accepted = 0
        listener.onAccept = { _, _ in accepted += 1 }
        listener.pause(.exhausted)
        listener.pause(.full)
        #expect(listener.paused == [.full, .exhausted])
        listener.resume(.full)
        settle(loop)
        #expect(accepted == 0)
        #expect(listener.paused == [.exhausted])
        listener.resume(.full)
        settle(loop)
        #expect(accepted == 0)
        listener.resume(.exhausted)
        #expect(serve(loop) { accepted == 2 })
        #expect(listener.paused == [])
        listener.resume(.full)
        settle(loop)
        #expect(accepted == 2)
    }

    @Test("a pause within onAccept takes effect before the next connection that waits")
    func pauseInCallback() throws {
        let loop = try EventLoop()
        let (listener, _) = try waiting(3, loop)
        var accepted = 0
        listener.onAccept = { [unowned listener] _, _ in
            accepted += 1
            listener.pause(.full)
        }
        for expected in 1...3 {
            listener.resume(.full)
            settle(loop)
            #expect(accepted == expected)
        }
    }

    @Test("draining accepts all that waits, though paused, and then refuses")
    func drain() throws {
        let loop = try EventLoop()
        let (listener, clients) = try waiting(5, loop)
        var accepted = 0
        listener.onAccept = { _, _ in accepted += 1 }
        listener.drainAndClose()
        #expect(accepted == 5)
        listener.drainAndClose()
        settle(loop)
        #expect(accepted == 5)
        #expect(clients.count == 5)
        #expect(isRefused(listener.address, loop))
    }

    @Test("a close within the draining ends it")
    func closeInDrain() throws {
        let loop = try EventLoop()
        let (listener, _) = try waiting(3, loop)
        var accepted = 0
        listener.onAccept = { [unowned listener] _, _ in
            accepted += 1
            listener.close()
        }
        listener.drainAndClose()
        #expect(accepted == 1)
    }

    @Test("after close nothing is accepted, closures are let go of, and clients are refused")
    func close() throws {
        let loop = try EventLoop()
        let (listener, _) = try waiting(2, loop)
        var accepted = 0
        let token = Remembered(keep(in: listener) { accepted += 1 })
        listener.resume(.full)
        listener.close()
        listener.close()
        listener.pause(.full)
        listener.resume(.full)
        settle(loop)
        #expect(accepted == 0)
        #expect(token.isGone)
        #expect(isRefused(listener.address, loop))
    }

    private func keep(in listener: ConnectionListener, _ onAccept: @escaping () -> Void) -> Token {
        let token = Token()
        listener.onAccept = { _, _ in withExtendedLifetime(token) { onAccept() } }
        listener.onTrouble = { _ in withExtendedLifetime(token) {} }
        return token
    }

    @Test("a close and release within onAccept leaves the other waiting connections unaccepted")
    func closeInCallback() throws {
        let loop = try EventLoop()
        let (paused, _) = try waiting(3, loop)
        var listener: ConnectionListener? = paused
        let remembered = Remembered(listener)
        var accepted = 0
        paused.onAccept = { _, _ in
            accepted += 1
            listener?.close()
            listener = nil
        }
        paused.resume(.full)
        settle(loop)
        #expect(accepted == 1)
        #expect(listener == nil)
        #expect(!remembered.isGone)
    }

    @Test("a listener that is released without close accepts nothing more and frees its socket")
    func release() throws {
        let loop = try EventLoop()
        var (listener, _): (ConnectionListener?, [Bufferevent]) = try waiting(1, loop)
        let remembered = Remembered(listener)
        let address = try #require(listener?.address)
        var accepted = 0
        listener?.onAccept = { _, _ in accepted += 1 }
        listener?.resume(.full)
        listener = nil
        settle(loop)
        #expect(remembered.isGone)
        #expect(accepted == 0)
        #expect(isRefused(address, loop))
    }

    @Test(
        "a listener opened within the onAccept that closed another one accepts")
    func replaceInCallback() async {
        // In a process of its own the system gives the number of the closed descriptor to the next one for certain.
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let listener = try loopbackListener(loop)
            var next: ConnectionListener?
            var accepted = 0
            listener.onAccept = { [unowned listener] _, _ in
                listener.close()
                next = try? loopbackListener(loop)
                next?.onAccept = { _, _ in accepted += 1 }
            }
            let first = try Bufferevent(loop: loop, connectingTo: listener.address)
            try #require(serve(loop) { next != nil })
            let address = try #require(next?.address)
            let second = try Bufferevent(loop: loop, connectingTo: address)
            try #require(serve(loop) { second.phase == .open })
            settle(loop)
            #expect(accepted == 1)
            #expect(first.phase == .open)
        }
    }

    @Test("two loops serve one unix socket by a duplicate; each connection goes to one of them")
    func duplicates() throws {
        let scratch = try ScratchDirectory()
        let loops = [try EventLoop(), try EventLoop()]
        let socket = try ListeningSocket(.unix(path: scratch.path("a.sock")), refuseIfTaken: true)
        var peers: [SocketAddress] = []
        let listeners = try loops.map { loop in
            let listener = try ConnectionListener(loop: loop, socket: socket.duplicate())
            listener.onAccept = { _, peer in peers.append(peer) }
            return listener
        }
        let clients = try (0..<4).map { _ in try Bufferevent(loop: loops[0], connectingTo: socket.address) }
        try #require(serve(loops[0]) { peers.count == 4 })
        listeners[0].close()
        let last = try Bufferevent(loop: loops[0], connectingTo: socket.address)
        try #require(serve(loops[1]) { peers.count == 5 })
        settle(loops[1])
        #expect(peers == [SocketAddress](repeating: .unix(path: ""), count: 5))
        #expect(clients.count == 4 && last.phase != .closed)
    }

    /// Whether the address comes to refuse: a process that another test is just starting holds every descriptor until
    /// its exec, so the closed socket may live on for that long.
    private func isRefused(_ address: SocketAddress, _ loop: EventLoop) -> Bool {
        var clients: [Bufferevent] = []
        var wasRefused = false
        return serve(loop) {
            if wasRefused { return true }
            guard clients.last.map({ $0.phase != .connecting }) ?? true,
                let client = try? Bufferevent(loop: loop, connectingTo: address)
            else { return false }
            client.onSignal = { signal in
                if case .failed(let error) = signal, error.isRefused { wasRefused = true }
            }
            clients = [client]
            return false
        }
    }
}
