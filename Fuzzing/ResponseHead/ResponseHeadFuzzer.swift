// Fuzzes the way of a response head: found in a stream cut at random places, parsed, written anew for a client.
// Input: one byte of options, one byte that seeds the cuts, then the stream. Bodies are other targets' matter.

import FuzzSupport
import RelevoHTTP

/// libFuzzer's entry point.
@c(LLVMFuzzerTestOneInput) public func fuzzResponseHead(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 2 else { return 0 }
    ResponseHeadFuzzer(Array(UnsafeBufferPointer(start: data, count: count))).run()
    return 0
}

/// One run.
struct ResponseHeadFuzzer {
    private let stream: [UInt8]
    private let limits: HeadLimits
    private let method: Method
    private let seed: UInt64

    init(_ input: [UInt8]) {
        limits = input[0] & 1 == 0 ? HeadLimits() : HeadLimits(headBytes: 300, fields: 8)
        method = [Method.get, .head, .post, .connect][Int(input[0] >> 1 & 3)]
        seed = UInt64(input[1])
        stream = Array(input[2...])
    }

    /// What came of a stream.
    private enum Outcome: Equatable {
        case head(Int)
        case unfinished
        case refused(HTTPParseError)
    }

    func run() {
        let whole = scan(.nowhere)
        for cut in [Cut.everywhere, .somewhere(Dice(seed: seed))] {
            let other = scan(cut)
            require(agree(whole, other), "cuts changed \(whole) to \(other): \(readable(stream))")
        }
        guard case .head(let length) = whole else { return }
        check(Array(stream.prefix(length)))
    }

    private func scan(_ cut: Cut) -> Outcome {
        var cut = cut
        var scanner = HeadScanner()
        var available = 0
        while available < stream.count {
            let begin = available
            available += cut.next(of: stream.count - available)
            let piece = stream[begin..<available]
            do throws(HTTPParseError) {
                if let length = try scanner.scan(piece.span, limit: limits.headBytes) { return .head(length) }
            } catch {
                return .refused(error)
            }
        }
        return .unfinished
    }

    /// Pieces may only decide which of two faults is found first.
    private func agree(_ left: Outcome, _ right: Outcome) -> Bool {
        if left == right { return true }
        guard case .refused(let one) = left, case .refused(let other) = right else { return false }
        return one == .headTooLarge || other == .headTooLarge
    }

    // MARK: The head

    private func check(_ bytes: [UInt8]) {
        var head = ResponseHead()
        head.fields.bytes = bytes
        let framing: BodyFraming
        do throws(HTTPParseError) {
            try head.parse(limits: limits)
            framing = try head.framing(answering: method)
        } catch {
            require(!error.name.isEmpty && !error.explanation.isEmpty, "an error without a name")
            return
        }
        var why = ""
        guard let strict = StrictHead(bytes[...], why: &why) else { violation("took \(why): \(readable(bytes))") }
        require((100...999).contains(head.status), "status \(head.status)")
        require(strict.firstLine.dropFirst(9).prefix(3).elementsEqual("\(head.status)".utf8), "status")
        checkFraming(head, LenientHead(bytes))
        checkSent(head, framing, ResponseRewrite(connection: .keepAlive(announce: true), via: true))
        checkSent(head, framing, ResponseRewrite(connection: .upgrade, addDate: Array("today".utf8)))
        if framing == .untilClose || framing == .chunked {
            checkSent(head, framing, ResponseRewrite(connection: .close, framing: .untilClose))
            checkSent(head, framing, ResponseRewrite(framing: .chunked))
        }
        checkClassic(head, strict)
    }

    private func checkFraming(_ head: borrowing ResponseHead, _ lenient: LenientHead) {
        let codings = lenient.elements("transfer-encoding")
        let lengths = lenient.elements("content-length")
        switch head.declaredFraming {
        case nil: require(codings.isEmpty && lengths.isEmpty, "framing lost: \(readable(stream))")
        case .chunked?: require(codings == ["chunked"] && lengths.isEmpty, "chunked: \(readable(stream))")
        case .length(let length)?:
            require(codings.isEmpty && lengths.allSatisfy { Int($0) == length }, "length: \(readable(stream))")
        case .some(.none), .untilClose?: violation("framing that no field can declare")
        }
    }

    private func sent(
        _ head: borrowing ResponseHead, _ rewrite: ResponseRewrite
    ) -> (bytes: [UInt8], strict: StrictHead) {
        var output: [UInt8] = []
        HeadSerializer.append(response: head, rewrite: rewrite, to: &output)
        var why = ""
        guard let strict = StrictHead(output[...], why: &why) else { violation("sent \(why): \(readable(output))") }
        return (output, strict)
    }

    private func checkSent(_ head: borrowing ResponseHead, _ framing: BodyFraming, _ rewrite: ResponseRewrite) {
        let (output, strict) = sent(head, rewrite)
        guard let declared = strict.framing else { violation("framing fields: \(readable(output))") }
        for name in ["keep-alive", "proxy-connection", "te", "http2-settings"] {
            require(strict.values(name).isEmpty, "\(name) reached the client")
        }
        let options = strict.elements("connection")
        require(options.allSatisfy { ["close", "keep-alive", "upgrade"].contains($0) }, "Connection: \(options)")
        require(strict.firstLine.starts(with: "HTTP/1.1 \(head.status) ".utf8), "status line")
        if head.forbidsFraming { require(declared == .none, "RFC 9110 §8.6: framing with \(head.status)") }
        var again = ResponseHead()
        again.fields.bytes = output
        do throws(HTTPParseError) {
            try again.parse(limits: HeadLimits(headBytes: 1 << 20, fields: 1 << 10))
            let after = try again.framing(answering: method)
            switch rewrite.framing {
            case .asReceived: require(after == framing, "\(framing) became \(after): \(readable(output))")
            case .chunked: require(after == .chunked || after == .none, "not chunked: \(readable(output))")
            case .untilClose: require(after == .untilClose || after == .none, "not until close: \(readable(output))")
            }
        } catch {
            violation("sent what it would refuse (\(error)): \(readable(output))")
        }
    }

    private func checkClassic(_ head: borrowing ResponseHead, _ original: StrictHead) {
        let (output, strict) = sent(head, .classic)
        require(strict.firstLine == original.firstLine, "classic: first line")
        require(strict.texts("connection") == ["close"], "classic: Connection")
        let excepted: Set = ["connection", "content-length"]
        let left = strict.fields.filter { !excepted.contains($0.name) }
        let right = original.fields.filter { !excepted.contains($0.name) }
        require(left.map(\.name) == right.map(\.name) && left.map(\.value) == right.map(\.value), "classic: fields")
        var again = ResponseHead()
        again.fields.bytes = output
        do throws(HTTPParseError) {
            try again.parse(limits: HeadLimits(headBytes: 1 << 20, fields: 1 << 10))
        } catch {
            violation("classic sent what it would refuse (\(error)): \(readable(output))")
        }
        require(again.declaredFraming == head.declaredFraming, "classic: framing")
    }
}
