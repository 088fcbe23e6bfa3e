// Bytes both ways through TLS between two ends on one loop, small and large, with and without room for them.
// How connections are set up and end: HandshakeTests, EndingTests.

import CLibevent
import CLibeventTLS
import TestSupport
import Testing

@Suite struct EchoTests {
    private func connection() throws -> Connection {
        let authority = try Authority.shared.get()
        let connection = try Connection(authority.server("a.test"), authority.client())
        try #require(connection.open())
        return connection
    }

    @Test("a small message arrives whole, without the way through the input")
    func small() throws {
        let connection = try connection()
        let server = try #require(connection.server)
        connection.client.say("ping")
        #expect(serve(connection.loop) { server.text == "ping" })
        #expect(server.arrivals == 1)
        server.say("pong")
        #expect(serve(connection.loop) { connection.client.text == "pong" })
        #expect(connection.client.signals == [.connected])
        #expect(server.signals == [.connected])
    }

    @Test("what is appended before the connection is open leaves when it is")
    func early() throws {
        let authority = try Authority.shared.get()
        let connection = try Connection(authority.server("a.test"), authority.client())
        connection.client.bufferevent.output.append("early")
        connection.client.bufferevent.flush()
        #expect(connection.open())
        #expect(serve(connection.loop) { connection.server?.text == "early" })
    }

    @Test("pieces of an output arrive in order", arguments: [1, 100, 4047, 4048, 4049, 16_384, 16_385, 70_000])
    func pieces(size: Int) throws {
        let connection = try connection()
        let server = try #require(connection.server)
        let bytes = pattern(size)
        for start in stride(from: 0, to: size, by: 1000) {
            connection.client.bufferevent.output.append(Array(bytes[start..<min(size, start + 1000)]))
        }
        connection.client.bufferevent.flush()
        connection.client.bufferevent.send(bytes)
        #expect(serve(connection.loop) { server.received.count == 2 * size })
        #expect(server.received == bytes + bytes)
    }

    @Test("20 MiB go both ways at a time, with little room on both sides")
    func large() throws {
        let connection = try connection()
        let server = try #require(connection.server)
        let bytes = pattern(20 << 20)
        for end in [connection.client, server] {
            end.bufferevent.setReadHighMark(64 * 1024)
            end.bufferevent.output.append(bytes)
            end.bufferevent.flush()
        }
        #expect(serve(connection.loop) { server.received.count == bytes.count })
        #expect(serve(connection.loop) { connection.client.received.count == bytes.count })
        #expect(server.received == bytes)
        #expect(connection.client.received == bytes)
    }

    @Test("a full input is not read, and what TLS holds then is delivered after draining though the socket is silent")
    func fullInput() throws {
        let connection = try connection()
        let server = try #require(connection.server)
        server.leavesInput = true
        server.bufferevent.setReadHighMark(100)
        connection.client.bufferevent.send(pattern(1000))
        settle(connection.loop)
        #expect(server.bufferevent.input.length == 100)
        #expect(!server.bufferevent.isQuiet)
        var turns = 0
        while server.received.count < 1000, turns < 1000 {
            server.take()
            settle(connection.loop)
            #expect(server.bufferevent.input.length <= 100)
            turns += 1
        }
        #expect(server.received == pattern(1000))
        #expect(server.bufferevent.isQuiet)
    }

    @Test("reading that is stopped and started again goes on with what TLS holds")
    func stopAndGo() throws {
        let connection = try connection()
        let server = try #require(connection.server)
        server.bufferevent.onArrival = nil
        server.bufferevent.onRead = { [unowned server] in
            server.take()
            server.bufferevent.stopReading()
        }
        connection.client.bufferevent.send(pattern(16_000))
        var turns = 0
        while server.received.count < 16_000, turns < 100 {
            settle(connection.loop)
            server.bufferevent.startReading()
            turns += 1
        }
        #expect(server.received == pattern(16_000))
        #expect(turns > 1)
    }

    @Test("a writer hears of progress and of an output that has fallen to its mark")
    func marks() throws {
        let connection = try connection()
        let server = try #require(connection.server)
        server.bufferevent.stopReading()
        var progress = 0
        var lengths: [Int] = []
        let writer = connection.client.bufferevent
        writer.setWriteLowMark(100_000)
        writer.onProgress = { progress += 1 }
        writer.onWritten = { [unowned writer] in lengths.append(writer.output.length) }
        writer.output.append(pattern(16 << 20))
        writer.flush()
        settle(connection.loop)
        #expect(!writer.output.isEmpty)
        #expect(lengths.isEmpty)
        server.bufferevent.startReading()
        #expect(serve(connection.loop) { server.received.count == 16 << 20 })
        #expect(progress > 1)
        #expect(lengths.allSatisfy { $0 <= 100_000 })
        #expect(lengths.last == 0)
    }

    @Test("connections under a layer give nobody their descriptor, and are not plain")
    func notPlain() throws {
        let connection = try connection()
        #expect(!connection.client.bufferevent.isPlain)
        #expect(connection.client.bufferevent.fileDescriptor == -1)
        let pipe = try SplicePipe()
        guard case .failed = pipe.fill(from: connection.client.bufferevent, upTo: 10) else {
            Issue.record("bytes of a layer were spliced")
            return
        }
    }
}
