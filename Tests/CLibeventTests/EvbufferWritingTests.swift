// Adding bytes to a buffer and moving them between buffers, those of connections included. Looking at bytes is
// EvbufferReadingTests'.

import CLibevent
import Testing

@Suite struct EvbufferWritingTests {
    @Test("arrays and texts are appended as they are, nothing included")
    func append() throws {
        let buffer = try Evbuffer()
        buffer.append("a\u{E9}")
        buffer.append([0, 255])
        buffer.append("")
        buffer.append([])
        #expect(bytes(of: buffer) == [0x61, 0xC3, 0xA9, 0, 255])
    }

    @Test("of reserved space only what was written is appended", arguments: [0, 1, 99, 100])
    func reserve(_ written: Int) throws {
        let buffer = try Evbuffer()
        buffer.append("before")
        buffer.append(reserving: 100) { output in
            for _ in 0..<written { output.append(0x78) }
        }
        buffer.append("after")
        #expect(text(of: buffer) == "before" + String(repeating: "x", count: written) + "after")
    }

    @Test("what is written to reserved space is there also if the writer has asked the empty buffer before")
    func askedAmidReserve() throws {
        let buffer = try Evbuffer()
        var lengths: [Int] = []
        buffer.append(reserving: 10) { output in
            output.append(0x78)
            lengths.append(buffer.length)
        }
        #expect(lengths == [0])
        #expect(buffer.length == 1)
        #expect(!buffer.isEmpty)
        #expect(text(of: buffer) == "x")
    }

    @Test("reserved space has the capacity that was asked, neither more nor less", arguments: [1, 3, 4096, 1 << 20])
    func reservedCapacity(_ capacity: Int) throws {
        let buffer = try Evbuffer()
        buffer.append("x")
        var offered = 0
        buffer.append(reserving: capacity) { offered = $0.freeCapacity }
        #expect(offered == capacity)
        #expect(buffer.length == 1)
    }

    @Test("a reservation of 0 or below asks nobody", arguments: [0, -1, Int.min])
    func noReservation(_ capacity: Int) throws {
        let buffer = try Evbuffer()
        var calls = 0
        buffer.append(reserving: capacity) { _ in calls += 1 }
        #expect(calls == 0)
        #expect(buffer.isEmpty)
    }

    @Test(
        "a move takes the first bytes to the end of the target",
        arguments: [
            (0, 0, "|"), (-1, 0, "|"), (Int.min, 0, "|"), (2, 2, "|ab"), (3, 3, "|abc"), (4, 4, "|abcd"),
            (9, 9, "|abcdefghi"), (10, 9, "|abcdefghi"), (Int.max, 9, "|abcdefghi"),
        ])
    func move(_ count: Int, _ moved: Int, _ expected: String) throws {
        let source = try segmented("abc", "de", "fghi")
        let target = try segmented("|")
        #expect(source.move(count, to: target) == moved)
        #expect(text(of: target) == expected)
        #expect(text(of: source) == String("abcdefghi".dropFirst(moved)))
    }

    @Test("a move of nothing, or within one buffer, changes nothing", arguments: [0, 2, 9, 10, Int.max])
    func moveWithin(_ count: Int) throws {
        let buffer = try segmented("abc", "de", "fghi")
        buffer.move(count, to: buffer)
        #expect(text(of: buffer) == "abcdefghi")
        let empty = try Evbuffer()
        #expect(empty.move(count, to: buffer) == 0)
        #expect(text(of: buffer) == "abcdefghi")
    }

    @Test("many small moves keep the order")
    func manyMoves() throws {
        let expected = pattern(100_000)
        let source = try Evbuffer()
        let target = try Evbuffer()
        var position = 0
        for round in 0... {
            guard position < expected.count else { break }
            let end = min(expected.count, position + 1 + round * 37 % 4099)
            source.append(Array(expected[position..<end]))
            source.move(round * 53 % 3001, to: target)
            position = end
        }
        source.move(.max, to: target)
        #expect(bytes(of: target) == expected)
    }

    @Test("bytes move from the input of one connection to the output of another, and go on")
    func forward() throws {
        let loop = try EventLoop()
        let (origin, received) = try Bufferevent.pair(loop: loop)
        let (sent, destination) = try Bufferevent.pair(loop: loop)
        received.startReading()
        destination.startReading()
        origin.output.append("abcdefghi")
        try #require(serve(loop) { received.input.length == 9 })
        #expect(received.input.move(4, to: sent.output) == 4)
        try #require(serve(loop) { destination.input.length == 4 })
        #expect(received.input.move(.max, to: sent.output) == 5)
        try #require(serve(loop) { destination.input.length == 9 })
        #expect(text(of: destination.input) == "abcdefghi")
        #expect(received.input.isEmpty)
    }

    @Test("the far ends of a connection's buffers are its own: input takes nothing, output gives nothing away")
    func guardedEnds() throws {
        let loop = try EventLoop()
        let (left, _) = try Bufferevent.pair(loop: loop)
        let other = try segmented("other")
        left.input.append("forged")
        left.input.append(reserving: 10) { $0.append(0x78) }
        #expect(other.move(2, to: left.input) == 0)
        #expect(other.move(.max, to: left.input) == 0)
        #expect(left.input.isEmpty)
        #expect(text(of: other) == "other")
        left.output.append("queued")
        left.output.drain(3)
        #expect(left.output.move(3, to: other) == 0)
        #expect(left.output.move(.max, to: other) == 0)
        #expect(text(of: left.output) == "queued")
        #expect(text(of: other) == "other")
    }

    @Test("the buffers of a closed connection are empty, take nothing and move nothing, also after the object's end")
    func afterClose() throws {
        let loop = try EventLoop()
        var (left, right): (Bufferevent?, Bufferevent) = try Bufferevent.pair(loop: loop)
        left?.startReading()
        right.output.append("abc")
        let input = try #require(left?.input)
        let output = try #require(left?.output)
        output.append("def")
        try #require(serve(loop) { input.length == 3 })
        let own = try segmented("own")
        left?.close()
        for round in 0..<2 {
            var array: [UInt8] = [1]
            var calls = 0
            #expect(own.move(.max, to: output) == 0)
            #expect(input.move(.max, to: own) == 0)
            input.takePrefix(3, into: &array)
            output.append("lost")
            output.append(reserving: 10) { _ in calls += 1 }
            input.forEachSegment { _ in
                calls += 1
                return true
            }
            #expect(array == [])
            #expect(calls == 0)
            #expect(input.firstIndex(of: "a") == nil)
            #expect(input.isEmpty && output.isEmpty)
            #expect(text(of: own) == "own")
            if round == 0 { left = nil }
            settle(loop)
        }
    }
}
