// Connections with a layer, as the contract has them: what is on the wire, when the loop is told what.
// The layer here turns bits over and greets; TLS has tests of its own in CLibeventTLSTests.

import Glibc
import Testing

@testable import CLibevent

/// Turns every byte over, after one byte from each side: the least that a layer can be.
private final class TurningLayer: TransportLayer {
    enum Role { case client, server }

    private let role: Role
    private var descriptor: Int32 = -1
    private var hasGreeted = false
    /// Told by the next write instead of writing.
    var nextWrite: TransportWrite?
    /// Told by the next read instead of reading.
    var nextRead: TransportRead.Stop?
    private(set) var reads = 0
    private(set) var endings: [Bufferevent.Ending] = []

    init(_ role: Role) { self.role = role }

    func start(on descriptor: Int32) { self.descriptor = descriptor }

    func handshake() -> TransportStep {
        if role == .client, !hasGreeted {
            hasGreeted = true
            unsafe send(descriptor, [UInt8(ascii: "H")], 1, CInt(MSG_NOSIGNAL))
        }
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, 0)
        guard count != 0 else { return .failed(SystemError(protocol: "nobody greets", in: .handshake)) }
        guard count > 0 else { return .needsReading }
        guard byte == UInt8(ascii: role == .client ? "h" : "H") else {
            return .failed(SystemError(protocol: "no greeting", in: .handshake))
        }
        if role == .server { unsafe send(descriptor, [UInt8(ascii: "h")], 1, CInt(MSG_NOSIGNAL)) }
        return .done
    }

    func read(into memory: UnsafeMutableRawBufferPointer) -> TransportRead {
        reads += 1
        if let stop = nextRead.take() { return TransportRead(count: 0, stop: stop) }
        let count = unsafe recv(descriptor, memory.baseAddress, memory.count, 0)
        guard count > 0 else { return TransportRead(count: 0, stop: count == 0 ? .ended : .drained) }
        for index in 0..<count { unsafe memory[index] ^= 0xFF }
        return TransportRead(count: count, stop: count < memory.count ? .drained : .full)
    }

    func write(_ bytes: UnsafeRawBufferPointer, then following: TransportWrite.Following) -> TransportWrite {
        if let outcome = nextWrite.take() { return outcome }
        let turned = unsafe bytes.map { $0 ^ 0xFF }
        let count = unsafe send(descriptor, turned, turned.count, CInt(MSG_NOSIGNAL))
        return count >= 0 ? .wrote(count) : .needsWriting
    }

    var holdsUnread: Bool { nextRead != nil }
    var isQuiet: Bool { true }
    func endOutput() -> TransportStep { .done }
    func end(_ ending: Bufferevent.Ending) { endings.append(ending) }
}

@Suite struct LayerTests {
    /// A layered end, and the plain socket at its other side, which has greeted.
    private struct Ends {
        let loop: EventLoop
        let layer: TurningLayer
        let layered: Bufferevent
        let plain: Bufferevent
    }

    private func ends(_ loop: EventLoop, greeting: String = "H") throws -> Ends {
        let listener = try loopbackListener(loop)
        defer { listener.close() }
        let layer = TurningLayer(.server)
        var accepted: Bufferevent?
        listener.onAccept = { socket, _ in accepted = try? Bufferevent(loop: loop, socket: socket, layer: layer) }
        let plain = try Bufferevent(loop: loop, connectingTo: listener.address)
        plain.output.append(greeting)
        try #require(serve(loop) { plain.phase == .open && accepted != nil })
        plain.startReading()
        return Ends(loop: loop, layer: layer, layered: try #require(accepted), plain: plain)
    }

    private func openEnds(_ loop: EventLoop) throws -> Ends {
        let ends = try ends(loop)
        ends.layered.output.append("early")
        try #require(serve(loop) { ends.plain.input.length == 6 })
        ends.plain.input.drain(6)
        return ends
    }

    @Test("nothing is on the wire but what the layer has written, whoever appended it and when")
    func wire() throws {
        let ends = try ends(EventLoop())
        ends.layered.output.append("early")
        ends.layered.flush()
        #expect(serve(ends.loop) { ends.plain.input.length == 6 })
        ends.layered.output.append("more")
        settle(ends.loop)
        #expect(ends.plain.input.length == 6)
        ends.layered.send(Array("!".utf8))
        #expect(serve(ends.loop) { ends.plain.input.length == 11 })
        #expect(bytes(of: ends.plain.input) == Array("h".utf8) + "earlymore!".utf8.map { $0 ^ 0xFF })
    }

    @Test("a client connects, greets and is open after both")
    func client() throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        var server: Bufferevent?
        listener.onAccept = { socket, _ in
            server = try? Bufferevent(loop: loop, socket: socket, layer: TurningLayer(.server))
            server?.startReading()
        }
        let client = try Bufferevent(loop: loop, connectingTo: listener.address, layer: TurningLayer(.client))
        var signals: [BuffereventSignal] = []
        client.onSignal = { signals.append($0) }
        client.output.append("text")
        #expect(serve(loop) { server?.input.length == 4 })
        #expect(signals == [.connected])
        #expect(client.phase == .open)
    }

    @Test("a handshake that fails is told once, with the layer's words")
    func refusal() throws {
        let ends = try ends(EventLoop(), greeting: "?")
        var signals: [BuffereventSignal] = []
        ends.layered.onSignal = { signals.append($0) }
        #expect(serve(ends.loop) { !signals.isEmpty })
        settle(ends.loop)
        #expect(signals == [.failed(SystemError(protocol: "no greeting", in: .handshake))])
        #expect(ends.layered.phase == .connecting)
    }

    @Test("a write that fails is told in a later turn, and no layer is asked again")
    func failingWrite() throws {
        let ends = try openEnds(EventLoop())
        var signals: [BuffereventSignal] = []
        ends.layered.onSignal = { signals.append($0) }
        let error = SystemError(EPIPE, in: .write)
        ends.layer.nextWrite = .failed(error)
        ends.layered.send([1])
        ends.layered.send([2])
        #expect(ends.layered.hasWriteFailed)
        #expect(signals.isEmpty)
        settle(ends.loop)
        #expect(signals == [.failed(error)])
        #expect(ends.plain.input.isEmpty)
        ends.layered.close()
        #expect(ends.layer.endings == [.reset])
    }

    @Test("a layer that has to write before it reads is asked again when the socket can be written")
    func readingByWriting() throws {
        let ends = try openEnds(EventLoop())
        ends.layer.nextRead = .needsWriting
        ends.layered.startReading()
        ends.plain.output.append("x")
        ends.plain.flush()
        #expect(serve(ends.loop) { ends.layered.input.length == 1 })
        settle(ends.loop)
        let reads = ends.layer.reads
        settle(ends.loop)
        #expect(ends.layer.reads == reads)
    }

    @Test("an orderly end with everything sent is the layer's, too; one with bytes left is not")
    func endings() throws {
        let one = try openEnds(EventLoop())
        one.layered.close()
        #expect(one.layer.endings == [.orderly])
        let other = try openEnds(EventLoop())
        other.layer.nextWrite = .needsWriting
        other.layered.send([1])
        other.layered.close()
        #expect(other.layer.endings == [.reset])
    }

    @Test("layered connections that are readable and writable count once: a turn that is cut off is known as such")
    func room() throws {
        let loop = try EventLoop()
        let crowd = try (0..<40).map { _ in try openEnds(loop) }
        settle(loop)
        var (arrived, knewAll) = (0, true)
        for ends in crowd {
            ends.layered.onRead = {
                arrived += 1
                knewAll = knewAll && loop.knowsAll
            }
            ends.layered.startReading()
        }
        func turn(_ count: Int) -> Bool {
            (arrived, knewAll) = (0, true)
            for ends in crowd.prefix(count) {
                ends.plain.output.append("x")
                ends.plain.flush()
            }
            loop.runOnce()
            return knewAll
        }
        for ends in crowd.prefix(20) { ends.layered.awaitWritable() }
        _ = turn(20)
        settle(loop)
        #expect(!turn(40))
        #expect(arrived == 32)
    }
}
