// Writing: at once as far as the socket takes it, the rest by the loop.
// Not for the marks of reading: those are in WatermarkTests.

import CLibevent
import Foundation
import Testing

@Suite struct FlushTests {
    /// More than the system buffers between two ends that do not read.
    private static let muchBytes = 8 << 20

    @Test("a small write is gone when flush returns, without a turn of the loop")
    func smallWrite() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        var written = 0
        client.onWritten = { written += 1 }
        for part in ["a", "b", "c"] {
            client.output.append(part)
            client.flush()
            #expect(client.output.isEmpty)
        }
        server.startReading()
        #expect(serve(loop) { server.input.length == 3 })
        #expect(text(of: server.input) == "abc")
        #expect(written == 0)
    }

    @Test("without flush nothing is sent")
    func noFlush() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        server.startReading()
        client.output.append("waits")
        settle(loop)
        #expect(server.input.isEmpty)
        #expect(client.output.length == 5)
        client.flush()
        #expect(serve(loop) { server.input.length == 5 })
    }

    @Test("a flush of nothing does nothing")
    func emptyFlush() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        var calls = 0
        client.onWritten = { calls += 1 }
        client.onSignal = { _ in calls += 1 }
        server.onSignal = { _ in calls += 1 }
        server.startReading()
        client.flush()
        settle(loop)
        #expect(calls == 0)
    }

    @Test("a big write leaves a rest, which the loop sends when the peer reads, in order and to the last byte")
    func bigWrite() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let expected = pattern(Self.muchBytes)
        client.output.append(expected)
        client.flush()
        let rest = client.output.length
        #expect(rest > 0 && rest < Self.muchBytes)
        let received = try Evbuffer()
        server.onRead = { [unowned server] in server.input.move(.max, to: received) }
        server.startReading()
        try #require(serve(loop) { received.length == Self.muchBytes })
        #expect(client.output.isEmpty)
        #expect(Data(bytes(of: received)) == Data(expected))
    }

    @Test("the rest waits for as long as the peer does not read, and nobody is told of a write")
    func stalledPeer() throws {
        let loop = try EventLoop()
        let (client, _) = try connectedSockets(loop)
        var written = 0
        client.onWritten = { written += 1 }
        client.output.append([UInt8](repeating: 1, count: 2 * Self.muchBytes))
        client.flush()
        settle(loop)
        #expect(!client.output.isEmpty)
        #expect(written == 0)
    }

    @Test("onWritten comes when the output has fallen to the low mark, not before, and at the last at 0")
    func lowMark() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let mark = 1 << 20
        var lengths: [Int] = []
        client.setWriteLowMark(mark)
        client.onWritten = { [unowned client] in lengths.append(client.output.length) }
        client.output.append([UInt8](repeating: 1, count: 2 * Self.muchBytes))
        client.flush()
        try #require(client.output.length > mark)
        server.onRead = { [unowned server] in server.input.drain(.max) }
        server.startReading()
        try #require(serve(loop) { client.output.isEmpty })
        let first = try #require(lengths.first)
        #expect(first <= mark && first > 0)
        #expect(lengths == lengths.sorted(by: >))
        #expect(lengths.last == 0)
    }

    @Test("what is appended while a rest waits comes after it, flushed or not")
    func appendToRest() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let expected = pattern(2 * Self.muchBytes)
        client.output.append(Array(expected[..<Self.muchBytes]))
        client.flush()
        try #require(!client.output.isEmpty)
        client.output.append(Array(expected[Self.muchBytes..<(Self.muchBytes + 1000)]))
        client.flush()
        client.output.append(Array(expected[(Self.muchBytes + 1000)...]))
        let received = try Evbuffer()
        server.onRead = { [unowned server] in server.input.move(.max, to: received) }
        server.startReading()
        try #require(serve(loop) { received.length == expected.count })
        #expect(Data(bytes(of: received)) == Data(expected))
    }

    @Test("onWritten may refill the output again and again, and once all is sent small writes are immediate again")
    func refill() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        let chunk = pattern(Self.muchBytes)
        var chunks = 1
        client.onWritten = { [unowned client] in
            guard client.output.isEmpty, chunks < 3 else { return }
            chunks += 1
            client.output.append(chunk)
            client.flush()
        }
        client.output.append(chunk)
        client.flush()
        let received = try Evbuffer()
        server.onRead = { [unowned server] in server.input.move(.max, to: received) }
        server.startReading()
        try #require(serve(loop) { received.length == 3 * chunk.count })
        #expect(Data(bytes(of: received)) == Data(chunk + chunk + chunk))
        client.output.append("last")
        client.flush()
        #expect(client.output.isEmpty)
    }

    @Test("a write to a peer that is gone fails as a signal in a later turn, never within flush")
    func failingWrite() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        var isFlushing = false
        var reentries = 0
        var failures: [SystemError] = []
        client.onSignal = { signal in
            if isFlushing { reentries += 1 }
            if case .failed(let error) = signal { failures.append(error) }
        }
        server.close(.reset)
        settle(loop)
        #expect(failures == [])
        for _ in 0..<3 {
            isFlushing = true
            client.output.append("to nobody")
            client.flush()
            isFlushing = false
        }
        try #require(serve(loop) { !failures.isEmpty })
        #expect(reentries == 0)
        #expect(failures.first?.call == .write)
        #expect([EPIPE, ECONNRESET].contains(failures.first?.code))
        client.output.append("after the failure")
        client.flush()
        settle(loop)
        #expect(failures.count == 1)
    }

    @Test("a peer that vanishes amid a big write is told as a failure")
    func peerVanishes() throws {
        let loop = try EventLoop()
        let (client, server) = try connectedSockets(loop)
        var failures = 0
        client.onSignal = { if case .failed = $0 { failures += 1 } }
        client.output.append([UInt8](repeating: 1, count: 2 * Self.muchBytes))
        client.flush()
        server.close()
        #expect(serve(loop) { failures > 0 })
    }
}
