// What comes before everything else on a connection: taken from a socket that was accepted, without a byte of what
// follows; and sent on one that is being opened, before its owner's bytes and before its layer's.

import Glibc
import Testing

@testable import CLibevent

/// Says nothing and asks for nothing: what is on the wire is the owner's.
private final class SilentLayer: TransportLayer {
    private(set) var descriptor: Int32 = -1
    private(set) var isStarted = false

    func start(on descriptor: Int32) {
        self.descriptor = descriptor
        isStarted = true
    }
    func handshake() -> TransportStep { .done }
    func read(into memory: UnsafeMutableRawBufferPointer) -> TransportRead { TransportRead(count: 0, stop: .drained) }
    func write(_ bytes: UnsafeRawBufferPointer, then following: TransportWrite.Following) -> TransportWrite {
        let count = unsafe send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
        return count >= 0 ? .wrote(count) : .needsWriting
    }
    var holdsUnread: Bool { false }
    var isQuiet: Bool { true }
    func endOutput() -> TransportStep { .done }
    func end(_ ending: Bufferevent.Ending) {}
}

@Suite struct PreambleTests {
    // MARK: Received

    /// A preamble that ends with an exclamation mark, and who sends it.
    private final class Scene {
        let loop: EventLoop
        let client: Bufferevent
        private(set) var preamble: SocketPreamble?
        /// How often there was said to be something.
        private(set) var calls = 0
        private(set) var ends: [SocketPreamble.Arrival] = []
        private(set) var isComplete = false

        init(_ loop: EventLoop) throws {
            self.loop = loop
            let listener = try loopbackListener(loop)
            defer { listener.close() }
            client = try Bufferevent(loop: loop, connectingTo: listener.address)
            listener.onAccept = { [unowned self] socket, _ in
                preamble = try? SocketPreamble(loop: loop, socket: socket) { [unowned self] in ready() }
            }
            try #require(serve(loop) { client.phase == .open && preamble != nil })
        }

        private func ready() {
            calls += 1
            guard let preamble else { return }
            let arrival = preamble.look()
            guard case .bytes = arrival else {
                ends.append(arrival)
                preamble.close()
                return
            }
            let bytes = preamble.bytes
            let end = bytes.firstIndex(of: UInt8(ascii: "!"))
            isComplete = preamble.take(upTo: end.map { $0 + 1 } ?? bytes.count) && end != nil
        }

        func send(_ text: String) {
            client.output.append(text)
            client.flush()
        }
    }

    @Test("exactly the preamble is taken; what follows is still in the socket, in whole")
    func exact() throws {
        let scene = try Scene(EventLoop())
        scene.send("hello!GET /")
        try #require(serve(scene.loop) { scene.isComplete })
        let preamble = try #require(scene.preamble)
        #expect(String(decoding: preamble.bytes, as: UTF8.self) == "hello!")
        guard let socket = preamble.release() else { throw SystemError(EBADF, in: .socket) }
        let server = try Bufferevent(loop: scene.loop, socket: socket)
        server.startReading()
        scene.send(" HTTP")
        #expect(serve(scene.loop) { text(of: server.input) == "GET / HTTP" })
        let isGone = preamble.release() == nil
        #expect(isGone)
        #expect(scene.calls == 1)
    }

    @Test("a preamble in pieces is put together, and the loop is not told again of what has been seen")
    func pieces() throws {
        let scene = try Scene(EventLoop())
        for (index, character) in "hello".enumerated() {
            scene.send(String(character))
            try #require(serve(scene.loop) { scene.calls == index + 1 })
            // A level-triggered loop would tell of bytes that were left in the socket in each of these turns.
            settle(scene.loop)
            #expect(scene.calls == index + 1)
        }
        scene.send("!x")
        try #require(serve(scene.loop) { scene.isComplete })
        #expect(scene.preamble.map { String(decoding: $0.bytes, as: UTF8.self) } == "hello!")
    }

    @Test("a long preamble is taken in steps")
    func long() throws {
        let scene = try Scene(EventLoop())
        scene.send(String(repeating: "x", count: 5000) + "!rest")
        try #require(serve(scene.loop) { scene.isComplete })
        #expect(scene.preamble?.bytes.count == 5001)
        #expect(scene.calls == 5001 / SocketPreamble.atOnce + 1)
    }

    @Test("an end in the middle and an end before the first byte are told; nothing is told after the close")
    func ends() throws {
        for text in ["", "hel"] {
            let scene = try Scene(EventLoop())
            scene.send(text)
            scene.client.close()
            try #require(serve(scene.loop) { !scene.ends.isEmpty })
            settle(scene.loop)
            #expect(scene.ends.count == 1)
            guard case .ended = scene.ends[0] else {
                Issue.record("\(scene.ends)")
                continue
            }
            #expect(scene.preamble?.bytes == Array(text.utf8))
        }
    }

    @Test("a reset is told as a failure")
    func reset() throws {
        let scene = try Scene(EventLoop())
        scene.client.close(.reset)
        try #require(serve(scene.loop) { !scene.ends.isEmpty })
        guard case .failed(let error) = scene.ends[0] else {
            Issue.record("\(scene.ends)")
            return
        }
        #expect(error.code == ECONNRESET)
    }

    // MARK: Sent

    /// What somebody who connects sends, as the other side gets it.
    private func received(
        _ loop: EventLoop, upTo count: Int, _ connect: (SocketAddress) throws -> Bufferevent
    ) throws -> [UInt8] {
        let listener = try loopbackListener(loop)
        defer { listener.close() }
        var server: Bufferevent?
        listener.onAccept = { socket, _ in server = try? Bufferevent(loop: loop, socket: socket) }
        let client = try connect(listener.address)
        defer { client.close() }
        try #require(serve(loop) { server != nil })
        let received = try Evbuffer()
        server?.onRead = { server?.input.move(.max, to: received) }
        // Not at once: what does not fit into the socket has to wait.
        settle(loop)
        server?.startReading()
        try #require(serve(loop) { received.length >= count })
        settle(loop)
        server?.close()
        return bytes(of: received)
    }

    @Test("what is to come first waits for the owner's first words, and leaves in front of them")
    func inFront() throws {
        let loop = try EventLoop()
        var lengths: [Int] = []
        let all = try received(loop, upTo: 9) { address in
            let client = try Bufferevent(loop: loop, connectingTo: address)
            client.sendFirst(Array("first".utf8))
            client.onSignal = { [unowned client] _ in
                lengths.append(client.output.length)
                client.send(Array(" then".utf8))
                lengths.append(client.output.length)
            }
            return client
        }
        #expect(String(decoding: all, as: UTF8.self) == "first then")
        #expect(lengths == [5, 0])
    }

    @Test("it leaves by itself if the owner has nothing to say; after the connection is open it is too late for it")
    func alone() throws {
        let loop = try EventLoop()
        let all = try received(loop, upTo: 5) { address in
            let client = try Bufferevent(loop: loop, connectingTo: address)
            client.sendFirst(Array("first".utf8))
            client.onSignal = { [unowned client] _ in client.sendFirst(Array("late".utf8)) }
            return client
        }
        #expect(String(decoding: all, as: UTF8.self) == "first")
    }

    @Test("with a layer it leaves in the clear before the layer begins, however long it is", arguments: [5, 6 << 20])
    func beforeLayer(_ count: Int) throws {
        let loop = try EventLoop()
        let layer = SilentLayer()
        let expected = pattern(count)
        var wasStarted: Bool?
        let all = try received(loop, upTo: count + 4) { address in
            let client = try Bufferevent(loop: loop, connectingTo: address, layer: layer)
            client.sendFirst(Array(expected[..<2]))
            client.sendFirst(Array(expected[2...]))
            client.output.append("then")
            wasStarted = layer.isStarted
            return client
        }
        #expect(wasStarted == false)
        #expect(layer.isStarted)
        #expect(all == expected + Array("then".utf8))
    }

    @Test("a peer that is gone before it has all of it fails the connection, once")
    func failing() throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        var server: Bufferevent?
        listener.onAccept = { socket, _ in server = try? Bufferevent(loop: loop, socket: socket) }
        let layer = SilentLayer()
        let client = try Bufferevent(loop: loop, connectingTo: listener.address, layer: layer)
        client.sendFirst(pattern(6 << 20))
        var signals: [BuffereventSignal] = []
        client.onSignal = { signals.append($0) }
        try #require(serve(loop) { server != nil })
        settle(loop)
        server?.close(.reset)
        try #require(serve(loop) { !signals.isEmpty })
        settle(loop)
        #expect(signals.count == 1)
        #expect(!layer.isStarted)
        guard case .failed = signals[0] else {
            Issue.record("\(signals)")
            return
        }
    }

    @Test("the address of this end is known as soon as a connection is begun")
    func localAddress() throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        var peer: SocketAddress?
        listener.onAccept = { _, address in peer = address }
        let client = try Bufferevent(loop: loop, connectingTo: listener.address)
        let early = client.localAddress
        try #require(serve(loop) { peer != nil })
        #expect(early == peer)
        client.close()
        #expect(client.localAddress == nil)
    }
}
