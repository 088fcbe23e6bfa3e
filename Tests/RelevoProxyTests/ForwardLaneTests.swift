// Bodies in every framing through a lane, in one piece and cut at random places. No connections: two buffers are
// enough.

import CLibevent
import RelevoHTTP
import RelevoPolicy
import Testing

@testable import RelevoProxy

@Suite("ForwardLane") struct ForwardLaneTests {
    static let limits = HeadLimits(headBytes: 4096, fields: 16, targetBytes: 1024)

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var framing: LaneFraming
        var input: String
        var output: String
        /// What follows the body in the source and must stay there.
        var rest = ""
    }

    static let chunked = "5;a=\"b;\"\r\nhello\r\n1\r\n \r\n00A\r\n0123456789\r\n0;x\r\nX-Sum: 1\r\nHost: evil\r\n\r\n"
    static let cases: [Case] = [
        Case(testDescription: "counted", framing: .counted(5), input: "hello", output: "hello", rest: "GET / HTTP/1.1"),
        Case(testDescription: "raw chunks", framing: .rawChunks, input: chunked, output: chunked, rest: "GET"),
        Case(
            testDescription: "unchunked", framing: .unchunked, input: chunked, output: "hello 0123456789", rest: "\r\nX"
        ),
        Case(testDescription: "empty chunks", framing: .rawChunks, input: "0\r\n\r\n", output: "0\r\n\r\n", rest: "0"),
        Case(testDescription: "empty, reframed", framing: .reframedChunks, input: "000\r\n\r\n", output: "0\r\n\r\n"),
    ]

    /// Sends pieces through a lane; gives the target's bytes, what stayed in the source, and the last progress.
    private func run(
        _ lane: ForwardLane, _ pieces: [[UInt8]]
    ) throws -> (output: [UInt8], rest: [UInt8], progress: ForwardLane.Progress) {
        let source = try Evbuffer()
        let target = try Evbuffer()
        var progress = ForwardLane.Progress.flowing
        for piece in pieces {
            source.append(piece)
            progress = lane.pump(from: source, to: target)
            if progress != .flowing, progress != .ended { break }
        }
        return (Self.bytes(target), Self.bytes(source), progress)
    }

    static func bytes(_ buffer: Evbuffer) -> [UInt8] {
        var bytes: [UInt8] = []
        buffer.copyPrefix(buffer.length, into: &bytes)
        return bytes
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Cuts bytes at random places.
    static func cut(_ bytes: [UInt8], _ random: inout RandomSource) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...min(rest.count, 7), using: &random)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    @Test("RFC 9112 §6: a body in one piece ends where its framing says, and what follows stays", arguments: cases)
    func onePiece(_ item: Case) throws {
        let lane = ForwardLane()
        lane.start(item.framing, limits: Self.limits)
        let result = try run(lane, [Array((item.input + item.rest).utf8)])
        #expect(Self.text(result.output) == item.output)
        #expect(Self.text(result.rest) == item.rest)
        #expect(result.progress == .ended)
        #expect(lane.hasEnded)
        #expect(lane.bytesTaken == item.input.utf8.count)
    }

    @Test("a body cut at random places comes out the same", arguments: cases)
    func cutAnywhere(_ item: Case) throws {
        var random = RandomSource(seed: 11)
        for _ in 0..<200 {
            let lane = ForwardLane()
            lane.start(item.framing, limits: Self.limits)
            let result = try run(lane, Self.cut(Array(item.input.utf8), &random) + [Array(item.rest.utf8)])
            #expect(Self.text(result.output) == item.output)
            #expect(Self.text(result.rest) == item.rest)
            #expect(lane.hasEnded)
        }
    }

    @Test("RFC 9112 §7.1.1: reframed chunks carry the same data, no extensions, and only the trailers that may pass")
    func reframed() throws {
        var random = RandomSource(seed: 5)
        for _ in 0..<200 {
            let lane = ForwardLane()
            lane.start(.reframedChunks, limits: Self.limits)
            let result = try run(lane, Self.cut(Array(Self.chunked.utf8), &random))
            let check = ForwardLane()
            check.start(.unchunked, limits: Self.limits)
            let content = try run(check, [result.output])
            #expect(Self.text(content.output) == "hello 0123456789")
            #expect(content.progress == .ended)
            let text = Self.text(result.output)
            #expect(text.hasSuffix("0\r\nX-Sum: 1\r\n\r\n"))
            #expect(!text.contains(";"))
        }
    }

    @Test("everything until the end passes as it is, and the source's end is the body's")
    func untilEnd() throws {
        let lane = ForwardLane()
        lane.start(.untilEnd, limits: Self.limits)
        let target = try Evbuffer()
        let source = try Evbuffer()
        source.append("all of it")
        let progress1 = lane.pump(from: source, to: target)
        #expect(progress1 == .flowing)
        #expect(!lane.hasEnded)
        let isWhole1 = lane.sourceEnded(target: target)
        #expect(isWhole1)
        #expect(lane.hasEnded)
        #expect(Self.text(Self.bytes(target)) == "all of it")
    }

    @Test("everything until the end becomes chunks, with a last one only at the end")
    func untilEndToChunks() throws {
        let lane = ForwardLane()
        lane.start(.untilEndToChunks, limits: Self.limits)
        let target = try Evbuffer()
        let source = try Evbuffer()
        for piece in ["all", " of", " it"] {
            source.append(piece)
            let progress2 = lane.pump(from: source, to: target)
            #expect(progress2 == .flowing)
        }
        #expect(Self.text(Self.bytes(target)) == "3\r\nall\r\n3\r\n of\r\n3\r\n it\r\n")
        let isWhole2 = lane.sourceEnded(target: target)
        #expect(isWhole2)
        #expect(Self.text(Self.bytes(target)).hasSuffix(" it\r\n0\r\n\r\n"))
        let isWhole3 = lane.sourceEnded(target: target)
        #expect(isWhole3)
        #expect(Self.text(Self.bytes(target)).components(of: "0\r\n\r\n") == 1)
    }

    @Test(
        "a source that ends early leaves a framed body incomplete",
        arguments: [
            LaneFraming.counted(10), .rawChunks, .reframedChunks, .unchunked,
        ])
    func endsEarly(_ framing: LaneFraming) throws {
        let lane = ForwardLane()
        lane.start(framing, limits: Self.limits)
        let target = try Evbuffer()
        let source = try Evbuffer()
        source.append("5\r\nhel")
        let progress3 = lane.pump(from: source, to: target)
        #expect(progress3 == .flowing)
        let isWhole4 = lane.sourceEnded(target: target)
        #expect(!isWhole4)
        #expect(!lane.hasEnded)
        #expect(!Self.text(Self.bytes(target)).hasSuffix("0\r\n\r\n"))
    }

    @Test("bodies of no bytes have ended before they begin", arguments: [LaneFraming.none, .counted(0)])
    func nothing(_ framing: LaneFraming) throws {
        let lane = ForwardLane()
        lane.start(framing, limits: Self.limits)
        #expect(lane.hasEnded)
        let result = try run(lane, [Array("GET".utf8)])
        #expect(result.output.isEmpty)
        #expect(Self.text(result.rest) == "GET")
        #expect(result.progress == .ended)
    }

    @Test("a lane moves nothing while there is a reason to pause, and everything when the last one is gone")
    func pauses() throws {
        let lane = ForwardLane()
        lane.start(.counted(5), limits: Self.limits)
        lane.paused = [.awaitingConnect, .targetFull]
        let source = try Evbuffer()
        let target = try Evbuffer()
        source.append("hello")
        let progress4 = lane.pump(from: source, to: target)
        #expect(progress4 == .flowing)
        lane.paused.remove(.awaitingConnect)
        let progress5 = lane.pump(from: source, to: target)
        #expect(progress5 == .flowing)
        #expect(target.isEmpty)
        #expect(lane.bytesTaken == 0)
        lane.paused.remove(.targetFull)
        let progress6 = lane.pump(from: source, to: target)
        #expect(progress6 == .ended)
        #expect(target.length == 5)
    }

    @Test(
        "RFC 9112 §7.1: broken chunk framing is told, and nothing behind it passes",
        arguments: [
            "5\r\nhelloX", "zz\r\n", "5\nhello\r\n", "-5\r\nhello\r\n", "5 5\r\n", "0x5\r\nhello\r\n",
            "11111111111111111\r\n",
            "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n", "0\r\nX : y\r\n\r\n", ";\r\n", "\r\n", "5;a=\"\u{1}\"\r\n",
        ])
    func broken(_ input: String) throws {
        for framing in [LaneFraming.rawChunks, .reframedChunks, .unchunked] {
            var random = RandomSource(seed: 3)
            for pieces in [[Array(input.utf8)], Self.cut(Array(input.utf8), &random)] {
                let lane = ForwardLane()
                lane.start(framing, limits: Self.limits)
                let result = try run(lane, pieces)
                guard case .malformed = result.progress else {
                    Issue.record("\(input.debugDescription) as \(framing): \(result.progress)")
                    continue
                }
                #expect(!lane.hasEnded)
                #expect(!Self.text(result.output).hasSuffix("0\r\n\r\n"))
            }
        }
    }

    @Test("data beyond the limit is refused, however it is cut into chunks", arguments: [1, 3, 10, 11])
    func tooLarge(_ size: Int) throws {
        let chunk = String(size, radix: 16) + "\r\n" + String(repeating: "x", count: size) + "\r\n"
        let lane = ForwardLane()
        lane.start(.reframedChunks, limits: Self.limits, limit: 10)
        let result = try run(lane, [Array((String(repeating: chunk, count: 11) + "0\r\n\r\n").utf8)])
        #expect(result.progress == .tooLarge)
        #expect(!lane.hasEnded)
    }

    @Test("data of exactly the limit passes")
    func exactly() throws {
        let lane = ForwardLane()
        lane.start(.reframedChunks, limits: Self.limits, limit: 10)
        let result = try run(lane, [Array("4\r\nabcd\r\n6\r\nefghij\r\n0\r\n\r\n".utf8)])
        #expect(result.progress == .ended)
    }

    @Test(
        "trailers and extensions have bounds",
        arguments: [
            "0\r\n" + String(repeating: "X: y\r\n", count: 5000) + "\r\n",
            "0\r\n" + String(repeating: "X: y\r\n", count: 20) + "\r\n",
            "1;" + String(repeating: "x", count: 100_000) + "\r\n",
        ])
    func bounds(_ input: String) throws {
        let lane = ForwardLane()
        lane.start(.rawChunks, limits: Self.limits)
        guard case .malformed = try run(lane, [Array(input.utf8)]).progress else {
            Issue.record("no bound was reached")
            return
        }
    }

    @Test("a lane that is given up has ended and moves nothing")
    func abandoned() throws {
        let lane = ForwardLane()
        lane.start(.counted(5), limits: Self.limits)
        lane.paused = .targetFull
        lane.abandon()
        let result = try run(lane, [Array("hello".utf8)])
        #expect(result.progress == .ended)
        #expect(result.output.isEmpty)
        #expect(lane.paused.isEmpty)
    }

    @Test("which ends tell what")
    func ends() {
        var ends: [(source: Bool, target: Bool)] = []
        let framings: [LaneFraming] = [
            .none, .counted(1), .rawChunks, .reframedChunks, .unchunked, .untilEnd, .untilEndToChunks,
        ]
        for framing in framings {
            let lane = ForwardLane()
            lane.start(framing, limits: Self.limits)
            ends.append((lane.endsWithSource, lane.endsWithTarget))
        }
        #expect(ends.map(\.source) == [false, false, false, false, false, true, true])
        #expect(ends.map(\.target) == [false, false, false, false, true, true, false])
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        split(separator: part, omittingEmptySubsequences: false).count - 1
    }
}
