// Fuzzes chunked bodies: the same bytes whole, byte by byte and cut at random places, then beside a simple reading.
// Input: one byte of options, one byte that seeds the cuts, then the body. Heads are other targets' matter.

import FuzzSupport
import RelevoHTTP

/// libFuzzer's entry point.
@c(LLVMFuzzerTestOneInput) public func fuzzChunkedBody(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 2 else { return 0 }
    ChunkedBodyFuzzer(Array(UnsafeBufferPointer(start: data, count: count))).run()
    return 0
}

/// One run.
struct ChunkedBodyFuzzer {
    private let body: [UInt8]
    private let limits: HeadLimits
    private let seed: UInt64

    init(_ input: [UInt8]) {
        limits = input[0] & 1 == 0 ? HeadLimits() : HeadLimits(headBytes: 64, fields: 3)
        seed = UInt64(input[1])
        body = Array(input[2...])
    }

    /// What the scanner made of a body.
    private struct Result: Equatable {
        var data: [UInt8] = []
        var consumed = 0
        var isFinished = false
        var trailers: [UInt8] = []
        var error: HTTPParseError?
    }

    func run() {
        let whole = scan(.nowhere)
        for cut in [Cut.everywhere, .somewhere(Dice(seed: seed))] {
            let other = scan(cut)
            require(agree(whole, other), "cuts changed \(whole) to \(other): \(readable(body))")
        }
        if whole.error == nil { checkAccepted(whole) }
        checkSize(seed)
    }

    private func scan(_ cut: Cut) -> Result {
        var scanner = ChunkedScanner(limits: limits)
        var cut = cut
        var result = Result()
        var available = 0
        while !scanner.isFinished, available < body.count, result.error == nil {
            available += cut.next(of: body.count - available)
            do throws(HTTPParseError) {
                try follow(&scanner, upTo: available, &result)
            } catch {
                result.error = error
            }
        }
        result.isFinished = scanner.isFinished
        if scanner.isFinished { scanner.appendTrailers(to: &result.trailers) }
        return result
    }

    private func follow(
        _ scanner: inout ChunkedScanner, upTo available: Int, _ result: inout Result
    ) throws(HTTPParseError) {
        while result.consumed < available {
            let rest = body[result.consumed..<available]
            guard let step = try scanner.next(rest.span) else { return }
            switch step {
            case .framing(let count), .end(let count):
                require(count > 0 && count <= rest.count, "a step of \(count) in \(rest.count) bytes")
                result.consumed += count
            case .data(let count):
                require(count > 0 && count == scanner.remainingData, "data of \(count)")
                let here = min(count, rest.count)
                result.data += rest.prefix(here)
                scanner.moved(here)
                result.consumed += here
            }
        }
    }

    /// Pieces may decide only which of two faults in a trailer section is found first.
    private func agree(_ left: Result, _ right: Result) -> Bool {
        guard let one = left.error, let other = right.error else { return left == right }
        guard left.data == right.data else { return false }
        return one == other || [one, other].contains(.trailersTooLarge)
    }

    /// A body that the scanner takes means the same to a simple reader.
    private func checkAccepted(_ result: Result) {
        do throws(NaiveChunks.Failure) {
            let naive = try NaiveChunks(body[...])
            require(result.isFinished, "not finished: \(readable(body))")
            require(naive.data == result.data && naive.length == result.consumed, "misread: \(readable(body))")
            require(naive.extensions.allSatisfy { $0.first.map { [0x3B, 32, 9].contains($0) } ?? true }, "extension")
        } catch {
            require(!result.isFinished, "took what is \(error): \(readable(body))")
            // What the simple reader calls malformed may be a size of more than 63 bits, of which a part is here.
            require(error == .malformed || result.consumed == body.count, "ended early: \(readable(body))")
            return
        }
        checkSentOn(result)
    }

    /// What goes on: the same data in one chunk, and trailers without fields that could change what was decided.
    private func checkSentOn(_ result: Result) {
        var output: [UInt8] = []
        if !result.data.isEmpty {
            ChunkedScanner.appendSize(result.data.count, to: &output)
            output += result.data + [13, 10]
        }
        output += Array("0\r\n".utf8) + result.trailers
        do throws(NaiveChunks.Failure) {
            let again = try NaiveChunks(output[...])
            require(again.data == result.data && again.length == output.count, "sent on: \(readable(output))")
            let forbidden: Set = [
                "content-length", "transfer-encoding", "host", "connection", "authorization", "cookie", "set-cookie",
                "trailer", "te", "upgrade", "x-forwarded-for", "forwarded", "location", "content-type", "expect",
            ]
            require(forbidden.isDisjoint(with: again.trailerNames), "trailers: \(again.trailerNames)")
        } catch {
            violation("sent on what is no body: \(readable(output))")
        }
        var why = ""
        let section = Array("x\r\n".utf8) + result.trailers
        require(StrictHead(section[...], why: &why) != nil, "trailers: \(why): \(readable(section))")
    }

    private func checkSize(_ seed: UInt64) {
        var dice = Dice(seed: seed)
        let size = Int(truncatingIfNeeded: dice.next() >> (1 + dice.next() % 63))
        var line: [UInt8] = []
        ChunkedScanner.appendSize(size, to: &line)
        require(line.elementsEqual((String(size, radix: 16) + "\r\n").utf8), "size \(size): \(readable(line))")
    }
}
