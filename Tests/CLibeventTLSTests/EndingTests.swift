// How open connections end: in order, cut off, by a reset; and that nothing is told after the end.
// Failing handshakes: RefusalTests.

import CLibevent
import CLibeventTLS
import TestSupport
import Testing

@Suite struct EndingTests {
    private func connection() throws -> Connection {
        let authority = try Authority.shared.get()
        let connection = try Connection(authority.server("a.test"), authority.client())
        try #require(connection.open())
        return connection
    }

    @Test("RFC 8446 §6.1: an orderly end is told as one, behind the last bytes")
    func orderly() throws {
        let connection = try connection()
        connection.client.bufferevent.send(Array("last".utf8), endFollows: true)
        connection.client.bufferevent.close()
        #expect(serve(connection.loop) { connection.server?.signals.count == 2 })
        #expect(connection.server?.text == "last")
        #expect(connection.server?.signals == [.connected, .endOfStream])
    }

    @Test("a side that has ended its output still receives")
    func halfClose() throws {
        let connection = try connection()
        let server = try #require(connection.server)
        connection.client.say("question")
        connection.client.bufferevent.shutdownOutput()
        #expect(serve(connection.loop) { server.hasEnded })
        #expect(server.text == "question")
        server.bufferevent.output.append(pattern(300_000))
        server.bufferevent.flush()
        #expect(serve(connection.loop) { connection.client.received.count == 300_000 })
        server.bufferevent.close()
        #expect(serve(connection.loop) { connection.client.hasEnded })
        #expect(connection.client.failure == nil)
    }

    @Test("an end without close_notify is a failure: what came may not be everything")
    func truncation() throws {
        let connection = try connection()
        // Tickets that are left unread would make the system send a reset.
        settle(connection.loop)
        connection.client.say("half")
        // Bytes that wait keep a connection from taking leave.
        connection.client.bufferevent.awaitWritable()
        connection.client.bufferevent.close()
        #expect(serve(connection.loop) { connection.server?.signals.count == 2 })
        #expect(connection.server?.text == "half")
        #expect(connection.server?.failure == .truncated)
        #expect(connection.server?.hasEnded == false)
    }

    @Test("a reset is a failure of the system")
    func reset() throws {
        let connection = try connection()
        connection.client.bufferevent.close(.reset)
        #expect(serve(connection.loop) { connection.server?.failure != nil })
        #expect(connection.server?.failure?.words == nil)
        #expect(connection.server?.bufferevent.isReset == true)
    }

    @Test("an end that comes while nothing is read is told when reading begins; the connection is not quiet before")
    func lateReading() throws {
        let connection = try connection()
        let server = try #require(connection.server)
        server.bufferevent.stopReading()
        #expect(server.bufferevent.isQuiet)
        connection.client.say("last")
        connection.client.bufferevent.close()
        settle(connection.loop)
        #expect(!server.bufferevent.isQuiet)
        #expect(server.signals == [.connected])
        server.bufferevent.startReading()
        #expect(serve(connection.loop) { server.hasEnded })
        #expect(server.text == "last")
    }

    @Test("an end alone makes a connection not quiet, and is still told")
    func endIsNotQuiet() throws {
        let connection = try connection()
        let server = try #require(connection.server)
        server.bufferevent.stopReading()
        settle(connection.loop)
        connection.client.bufferevent.close()
        settle(connection.loop)
        #expect(!server.bufferevent.isQuiet)
        #expect(!server.bufferevent.isQuiet)
        server.bufferevent.startReading()
        #expect(serve(connection.loop) { server.hasEnded })
    }

    @Test("a failing write is told later, once, and not to the writer")
    func failingWrite() throws {
        let connection = try connection()
        let server = try #require(connection.server)
        server.bufferevent.stopReading()
        connection.client.bufferevent.close(.reset)
        settle(connection.loop)
        server.say("into the void")
        server.say("again")
        #expect(server.bufferevent.hasWriteFailed)
        #expect(server.signals == [.connected])
        settle(connection.loop)
        #expect(server.signals.count == 2)
        #expect(server.failure?.call == .write)
    }

    @Test("damage on the way fails the connection")
    func damage() throws {
        let authority = try Authority.shared.get()
        let raw = try RawConnection(authority.server("a.test"))
        let loop = raw.loop
        let layer = try authority.client().makeConnection(host: "a.test", endpoint: "x")
        let relay = try Relay(loop, layer, to: raw.peer)
        #expect(serve(loop) { relay.client?.isOpen ?? false && raw.server?.isOpen ?? false })
        relay.damages = true
        relay.client?.say("text")
        #expect(serve(loop) { raw.server?.failure != nil })
        #expect(raw.server?.failure?.call == .read)
        #expect(raw.server?.failure?.reason == "decryption failed or bad record mac")
        #expect(raw.server?.received.isEmpty == true)
    }

    /// Carries what a TLS client says to a raw peer, and damages it if told to.
    private final class Relay {
        private let listener: ConnectionListener
        private var middle: Bufferevent?
        private(set) var client: End?
        var damages = false

        init(_ loop: EventLoop, _ layer: TLSConnection, to target: Bufferevent) throws {
            listener = try loopbackListener(loop)
            listener.onAccept = { [unowned self] socket, _ in
                middle = try? Bufferevent(loop: loop, socket: socket)
                middle?.onRead = { [unowned self] in
                    guard let middle else { return }
                    var bytes: [UInt8] = []
                    middle.input.takePrefix(middle.input.length, into: &bytes)
                    if damages { bytes[bytes.count - 1] ^= 1 }
                    target.output.append(bytes)
                    target.flush()
                }
                middle?.startReading()
            }
            target.onRead = { [unowned self, unowned target] in
                guard let middle else { return }
                target.input.move(target.input.length, to: middle.output)
                middle.flush()
            }
            client = End(try Bufferevent(loop: loop, connectingTo: listener.address, layer: layer), layer)
        }
    }
}

// MARK: - Lifetime

@Suite struct TLSLifetimeTests {
    /// Ways to end an object amid its own callbacks.
    enum Way: CaseIterable { case close, closeTwice, reset, retire, release }
    /// Callbacks amid which it ends.
    enum Moment: CaseIterable { case connected, arrival, read, written, ended }

    @Test(
        "an end amid a callback is the last callback, and everything dies",
        arguments: Moment.allCases, Way.allCases)
    func endings(moment: Moment, way: Way) throws {
        let authority = try Authority.shared.get()
        var subject: Bufferevent?
        var (calls, late, isOver) = (0, 0, false)
        let loop = try EventLoop()
        func called(_ found: Moment) {
            // A callback that is running keeps what is only released: the next of the same event still comes.
            if isOver, way != .release { late += 1 }
            guard found == moment, !isOver else { return }
            isOver = true
            calls += 1
            switch way {
            case .close: subject?.close()
            case .closeTwice:
                subject?.close()
                subject?.close(.reset)
            case .reset: subject?.close(.reset)
            case .retire: subject?.retire()
            case .release: break
            }
            subject = nil
        }
        let listener = try loopbackListener(loop)
        let context = try authority.server("a.test")
        var remembered = Remembered<Bufferevent>(nil)
        var layers = Remembered<TLSConnection>(nil)
        listener.onAccept = { socket, _ in
            guard let layer = try? context.makeConnection() else { return }
            subject = try? Bufferevent(loop: loop, socket: socket, layer: layer)
            remembered = Remembered(subject)
            layers = Remembered(layer)
            subject?.onSignal = { signal in
                if signal == .connected {
                    called(.connected)
                    subject?.output.append([UInt8](repeating: 1, count: 8 << 20))
                    subject?.flush()
                } else {
                    called(.ended)
                }
            }
            subject?.onArrival = { _ in
                called(.arrival)
                return false
            }
            subject?.onRead = { called(.read) }
            subject?.onWritten = { called(.written) }
            subject?.startReading()
        }
        let layer = try authority.client().makeConnection(host: "a.test", endpoint: "x")
        let client = End(try Bufferevent(loop: loop, connectingTo: listener.address, layer: layer), layer)
        #expect(serve(loop) { client.isOpen })
        client.say("bytes")
        client.bufferevent.shutdownOutput()
        #expect(serve(loop) { isOver })
        settle(loop)
        #expect((calls, late) == (1, 0))
        #expect(remembered.isGone)
        #expect(layers.isGone)
    }

    @Test("a connection that is released amid its handshake dies")
    func amidHandshake() throws {
        let authority = try Authority.shared.get()
        let connection = try Connection(authority.server("a.test"), authority.client())
        #expect(serve(connection.loop) { connection.server != nil })
        let remembered = Remembered(connection.server?.layer)
        connection.server = nil
        #expect(remembered.isGone)
        #expect(serve(connection.loop) { connection.client.failure != nil })
    }

    @Test("a context may go before its connections")
    func contextGoes() throws {
        let authority = try Authority.shared.get()
        var context: TLSServerContext? = try authority.server("a.test")
        let remembered = Remembered(context)
        let connection = try Connection(try #require(context), authority.client())
        try #require(serve(connection.loop) { connection.server != nil })
        context = nil
        #expect(connection.open())
        connection.client.say("text")
        #expect(serve(connection.loop) { connection.server?.text == "text" })
        #expect(!remembered.isGone)
    }
}
