// Looking at, searching and taking bytes of a buffer in one or many segments. Adding and moving is the matter of
// EvbufferWritingTests.

import CLibevent
import Testing

@Suite struct EvbufferReadingTests {
    private func segments(_ buffer: Evbuffer, from offset: Int = 0) -> [String] {
        var found: [String] = []
        buffer.forEachSegment(from: offset) { segment in
            found.append(String(decoding: segment.indices.map { segment[$0] }, as: UTF8.self))
            return true
        }
        return found
    }

    @Test("an empty buffer has length 0, no segment, no occurrence and nothing to take")
    func empty() throws {
        let buffer = try Evbuffer()
        var array: [UInt8] = [1]
        buffer.takePrefix(10, into: &array)
        buffer.drain(10)
        #expect(buffer.length == 0)
        #expect(buffer.isEmpty)
        #expect(segments(buffer) == [])
        #expect(buffer.firstIndex(of: "\n") == nil)
        #expect(array == [])
    }

    @Test(
        "segments are handed out from an offset within any of them",
        arguments: [
            (0, ["abc", "de", "fghi"]), (1, ["bc", "de", "fghi"]), (3, ["de", "fghi"]), (4, ["e", "fghi"]),
            (5, ["fghi"]), (8, ["i"]), (9, []), (10, []), (Int.max, []), (-1, []), (Int.min, []),
        ])
    func offsets(_ offset: Int, _ expected: [String]) throws {
        let buffer = try segmented("abc", "de", "fghi")
        #expect(segments(buffer, from: offset) == expected)
        #expect(buffer.length == 9)
    }

    @Test("the walk over segments ends when it is told to, and with the error that its body throws")
    func earlyEnd() throws {
        struct Enough: Error {}
        let buffer = try segmented("abc", "de", "fghi")
        var visits = 0
        buffer.forEachSegment { _ in
            visits += 1
            return visits < 2
        }
        #expect(visits == 2)
        #expect(throws: Enough.self) {
            try buffer.forEachSegment { _ throws(Enough) in throw Enough() }
        }
    }

    @Test("a search finds what lies across the borders of segments")
    func acrossBorders() throws {
        let buffer = try segmented("head\r", "\n", "\r", "\nbody\r\n\r\n")
        #expect(buffer.firstIndex(of: "\r\n\r\n") == 4)
        #expect(buffer.firstIndex(of: "\r\n\r\n", from: 4) == 4)
        #expect(buffer.firstIndex(of: "\r\n\r\n", from: 5) == 12)
        #expect(buffer.firstIndex(of: "\r\n\r\n", from: 13) == nil)
        #expect(buffer.firstIndex(of: "\n") == 5)
        #expect(buffer.firstIndex(of: "h") == 0)
        #expect(buffer.firstIndex(of: "head\r\n\r\nbody\r\n\r\n") == 0)
    }

    @Test("a search begins again after a part that only looked like the beginning")
    func falseStart() throws {
        let buffer = try segmented("\r\n\r", "\r\n", "\r\n\r\n")
        #expect(buffer.firstIndex(of: "\r\n\r\n") == 3)
        #expect(try segmented("aa", "ab").firstIndex(of: "aab") == 1)
    }

    @Test("a search finds nothing in a beginning only, nor from positions outside the buffer")
    func notFound() throws {
        let buffer = try segmented("abc", "\r", "\n\r")
        #expect(buffer.firstIndex(of: "\r\n\r\n") == nil)
        #expect(buffer.firstIndex(of: "a", from: 6) == nil)
        #expect(buffer.firstIndex(of: "a", from: 7) == nil)
        #expect(buffer.firstIndex(of: "a", from: .max) == nil)
        #expect(buffer.firstIndex(of: "a", from: -1) == nil)
        #expect(buffer.firstIndex(of: "abc\r\n\r.") == nil)
    }

    @Test("a search is one of bytes: NUL and bytes beyond ASCII are like others")
    func anyBytes() throws {
        let buffer = try segmented("a\0", "b\u{E9}", "c")
        #expect(buffer.firstIndex(of: "\0b") == 1)
        #expect(buffer.firstIndex(of: "\u{E9}") == 3)
        #expect(buffer.firstIndex(of: "c") == 5)
    }

    @Test("copying leaves the bytes where they are; taking removes exactly those that it copies")
    func copyAndTake() throws {
        let buffer = try segmented("abc", "de", "fghi")
        var array: [UInt8] = [1, 2, 3]
        buffer.copyPrefix(4, into: &array)
        #expect(array == Array("abcd".utf8))
        #expect(buffer.length == 9)
        buffer.takePrefix(4, into: &array)
        #expect(array == Array("abcd".utf8))
        #expect(text(of: buffer) == "efghi")
        buffer.takePrefix(100, into: &array)
        #expect(array == Array("efghi".utf8))
        #expect(buffer.isEmpty)
    }

    @Test("a count of 0 or below empties the array and leaves the buffer alone", arguments: [0, -1, Int.min])
    func noCount(_ count: Int) throws {
        let buffer = try segmented("abc")
        var array: [UInt8] = [1, 2, 3]
        buffer.copyPrefix(count, into: &array)
        #expect(array == [])
        array = [1]
        buffer.takePrefix(count, into: &array)
        buffer.drain(count)
        #expect(array == [])
        #expect(buffer.length == 3)
    }

    @Test("an array keeps its capacity, and a huge count reserves no more than there is")
    func capacity() throws {
        let buffer = try segmented("abc", "de")
        var array: [UInt8] = []
        array.reserveCapacity(100_000)
        let capacity = array.capacity
        buffer.copyPrefix(5, into: &array)
        #expect(array.capacity == capacity)
        buffer.takePrefix(2, into: &array)
        #expect(array.capacity == capacity)
        var fresh: [UInt8] = []
        buffer.copyPrefix(.max, into: &fresh)
        #expect(fresh == Array("cde".utf8))
        #expect(fresh.capacity < 1024)
    }

    @Test("draining removes from the front, across segments, and at most everything")
    func drain() throws {
        let buffer = try segmented("abc", "de", "fghi")
        buffer.drain(4)
        #expect(segments(buffer) == ["e", "fghi"])
        buffer.drain(.max)
        #expect(buffer.isEmpty)
    }
}
