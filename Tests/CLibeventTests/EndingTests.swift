// How connections end for their peers: half-close, orderly close, reset. What happens to the closed object itself is in
// LifetimeTests.

import CLibevent
import Foundation
import Testing

@Suite struct EndingTests {
    /// Collects what one end is told.
    private final class Witness {
        var signals: [BuffereventSignal] = []

        init(_ end: Bufferevent) {
            end.onSignal = { [unowned self] in signals.append($0) }
            end.startReading()
        }

        var failure: SystemError? {
            for case .failed(let error) in signals { return error }
            return nil
        }
    }

    @Test("a half-close is the end of the stream for the peer, while the other direction goes on")
    func halfClose() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let witness = Witness(server)
        client.startReading()
        client.output.append("question")
        client.flush()
        client.shutdownOutput()
        try #require(serve(loop) { !witness.signals.isEmpty })
        #expect(witness.signals == [.endOfStream])
        #expect(text(of: server.input) == "question")
        for part in ["ans", "wer"] {
            server.output.append(part)
            server.flush()
            settle(loop)
        }
        #expect(text(of: client.input) == "answer")
        #expect(witness.signals == [.endOfStream])
        #expect(client.phase == .open)
    }

    @Test("a half-close of one end of a pair is the end of the stream for the other, which can still send")
    func halfClosePair() throws {
        let loop = try EventLoop()
        let (left, right) = try Bufferevent.pair(loop: loop)
        let witness = Witness(right)
        left.startReading()
        left.output.append("question")
        left.shutdownOutput()
        try #require(serve(loop) { !witness.signals.isEmpty })
        #expect(witness.signals == [.endOfStream])
        #expect(text(of: right.input) == "question")
        right.output.append("answer")
        #expect(serve(loop) { left.input.length == 6 })
    }

    @Test("both ends may half-close; each is told once")
    func bothHalves() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let witnesses = [Witness(client), Witness(server)]
        client.shutdownOutput()
        server.shutdownOutput()
        client.shutdownOutput()
        try #require(serve(loop) { witnesses.allSatisfy { !$0.signals.isEmpty } })
        settle(loop)
        for witness in witnesses { #expect(witness.signals == [.endOfStream]) }
    }

    @Test("an orderly close is an end of the stream after all bytes")
    func orderly() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let witness = Witness(server)
        client.output.append("everything")
        client.flush()
        client.close()
        try #require(serve(loop) { !witness.signals.isEmpty })
        #expect(witness.signals == [.endOfStream])
        #expect(text(of: server.input) == "everything")
    }

    @Test("a reset is a failure for the peer, never an end of the stream")
    func reset() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let witness = Witness(server)
        client.output.append("a part")
        client.flush()
        client.close(.reset)
        try #require(serve(loop) { !witness.signals.isEmpty })
        settle(loop)
        #expect(witness.failure?.code == ECONNRESET)
        #expect(witness.failure?.call == .read)
        #expect(!witness.signals.contains(.endOfStream))
    }

    @Test("a reset is a failure for the peer also with output unsent, by retire, and within a callback")
    func resetAmidOutput() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let witness = Witness(server)
        server.onRead = { [unowned server] in server.input.drain(.max) }
        client.output.append([UInt8](repeating: 1, count: 8 << 20))
        client.onRead = { [unowned client] in client.retire(.reset) }
        client.startReading()
        client.flush()
        server.output.append("stop")
        server.flush()
        try #require(serve(loop) { !witness.signals.isEmpty })
        settle(loop)
        #expect(witness.failure != nil)
        #expect(!witness.signals.contains(.endOfStream))
        #expect(client.phase == .closed)
    }

    @Test("an orderly close with input unread is a reset, as the system makes it")
    func unreadInput() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let witness = Witness(server)
        server.output.append("unread")
        server.flush()
        settle(loop)
        client.close()
        try #require(serve(loop) { !witness.signals.isEmpty })
        #expect(witness.failure?.code == ECONNRESET)
    }

    @Test("a signal's decoded error names the cause in the system's words")
    func words() {
        let error = SystemError(ECONNREFUSED, in: .connect)
        #expect(error.description == "Connection refused (connect)")
        #expect(SystemError(EMFILE, in: .accept).description == "Too many open files (accept)")
        #expect(!SystemError(99_999, in: .read).description.isEmpty)
        #expect(!SystemError(-1, in: .eventBase).reason.isEmpty)
    }

    @Test("each class of errors has its codes, and none has more than one")
    func classes() {
        let table: [(Int32, (refused: Bool, ports: Bool, exhaustion: Bool, timeout: Bool))] = [
            (ECONNREFUSED, (true, false, false, false)), (ENOENT, (true, false, false, false)),
            (EADDRNOTAVAIL, (false, true, false, false)), (EMFILE, (false, false, true, false)),
            (ENFILE, (false, false, true, false)), (ENOBUFS, (false, false, true, false)),
            (ENOMEM, (false, false, true, false)), (ETIMEDOUT, (false, false, false, true)),
            (EPIPE, (false, false, false, false)), (0, (false, false, false, false)),
        ]
        for (code, row) in table {
            let error = SystemError(code, in: .connect)
            #expect(error.isRefused == row.refused)
            #expect(error.isOutOfPorts == row.ports)
            #expect(error.isExhaustion == row.exhaustion)
            #expect(error.isTimeout == row.timeout)
        }
    }
}
