// Fuzzes the way of a request head: found in a stream cut at random places, parsed, written anew for an endpoint.
// Input: one byte of options, one byte that seeds the cuts, then the stream. Bodies are other targets' matter.

import FuzzSupport
import RelevoHTTP

/// libFuzzer's entry point.
@c(LLVMFuzzerTestOneInput) public func fuzzRequestHead(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 2 else { return 0 }
    RequestHeadFuzzer(Array(UnsafeBufferPointer(start: data, count: count))).run()
    return 0
}

/// One run.
struct RequestHeadFuzzer {
    private let stream: [UInt8]
    private let limits: HeadLimits
    private let seed: UInt64

    init(_ input: [UInt8]) {
        // Small bounds, so that inputs of a few hundred bytes reach them.
        limits = input[0] & 1 == 0 ? HeadLimits() : HeadLimits(headBytes: 300, fields: 8, targetBytes: 64)
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
        guard case .head(let length) = whole, length > 2 else { return }
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
                if let length = try scanner.scan(piece.span, limits: limits) { return .head(length) }
            } catch {
                return .refused(error)
            }
        }
        return .unfinished
    }

    /// Pieces may only decide which of several faults is found first, and whether a first line that is too long is
    /// refused before it ends or after: then by the parser.
    private func agree(_ left: Outcome, _ right: Outcome) -> Bool {
        if left == right { return true }
        switch (left, right) {
        case (.refused(let one), .refused(let other)): return isBound(one) || isBound(other)
        case (.head(let length), .refused(.targetTooLong)):
            var head = RequestHead()
            head.fields.bytes = Array(stream.prefix(length))
            do throws(HTTPParseError) { try head.parse(limits: limits) } catch { return true }
            return false
        case (.unfinished, .refused(.targetTooLong)): return true
        case (.head, _), (.unfinished, _), (.refused, _): return false
        }
    }

    private func isBound(_ error: HTTPParseError) -> Bool { error == .headTooLarge || error == .targetTooLong }

    // MARK: The head

    private func check(_ bytes: [UInt8]) {
        var head = RequestHead()
        head.fields.bytes = bytes
        do throws(HTTPParseError) {
            try head.parse(limits: limits)
        } catch {
            require(!error.name.isEmpty && !error.explanation.isEmpty, "an error without a name")
            return
        }
        var why = ""
        guard let strict = StrictHead(bytes[...], why: &why) else { violation("took \(why): \(readable(bytes))") }
        checkReading(head, strict, LenientHead(bytes))
        for rewrite in rewrites(head) { checkSent(head, rewrite, bytes) }
    }

    /// What the parser read is what everybody else reads.
    private func checkReading(_ head: borrowing RequestHead, _ strict: StrictHead, _ lenient: LenientHead) {
        let words = strict.words
        require(words.count == 3 && words[2].hasPrefix("HTTP/1."), "first line \(words)")
        require(head.target.elementsEqual(words[1].utf8) && head.methodBytes.elementsEqual(words[0].utf8), "words")
        require(lenient.count("host") <= 1, "hosts")
        let codings = lenient.elements("transfer-encoding")
        let lengths = lenient.elements("content-length")
        switch head.framing {
        case .none: require(codings.isEmpty && lengths.isEmpty, "framing lost: \(readable(stream))")
        case .chunked: require(codings == ["chunked"] && lengths.isEmpty, "chunked: \(readable(stream))")
        case .length(let length):
            let isAgreed = lengths.allSatisfy { Int($0) == length && $0.utf8.allSatisfy { (48...57).contains($0) } }
            require(codings.isEmpty && !lengths.isEmpty && isAgreed, "length: \(readable(stream))")
        case .untilClose: violation("a request until close")
        }
        require(head.pathBytes.count <= max(1, head.target.count), "path")
        require(head.queryBytes.isEmpty || head.hasQuery, "query")
        require(!head.authority.host.isEmpty, "no host")
    }

    private func rewrites(_ head: borrowing RequestHead) -> [RequestRewrite] {
        var plain = RequestRewrite(connection: head.wantsUpgrade ? .upgrade : .keepAlive)
        plain.requestID = Array("0123456789abcdef".utf8)
        var forwarded = RequestRewrite(connection: .keepAlive, forwarded: .xForwarded, via: true)
        forwarded.clientAddress = Array("10.0.0.1".utf8)
        var rfc7239 = RequestRewrite(connection: .close, forwarded: .rfc7239, via: true)
        rfc7239.clientAddress = Array("2001:db8::1".utf8)
        rfc7239.trusted = true
        return [plain, forwarded, rfc7239, .classic]
    }

    private func checkSent(_ head: borrowing RequestHead, _ rewrite: RequestRewrite, _ received: [UInt8]) {
        var output: [UInt8] = []
        HeadSerializer.append(request: head, rewrite: rewrite, to: &output)
        var why = ""
        guard let sent = StrictHead(output[...], why: &why) else { violation("sent \(why): \(readable(output))") }
        require(lenientFraming(output), "ambiguous to some: \(readable(output))")
        var again = RequestHead()
        again.fields.bytes = output
        do throws(HTTPParseError) {
            try again.parse(limits: HeadLimits(headBytes: 1 << 20, fields: 1 << 10, targetBytes: 1 << 18))
        } catch {
            violation("sent what it would refuse (\(error)): \(readable(output))")
        }
        require(again.framing == head.framing, "framing \(head.framing) became \(again.framing): \(readable(output))")
        require(again.methodBytes.elementsEqual(head.methodBytes), "method")
        require(again.authority == head.authority, "host: \(readable(output))")
        if rewrite.isClassic {
            SentRequest(sent).checkClassic(received: received)
        } else {
            require(again.version == .http11, "version")
            SentRequest(sent).check()
            SentRequest(sent).checkNominated(received: received)
            if rewrite.forwarded == .xForwarded { SentRequest(sent).checkForwarded(for: "10.0.0.1") }
        }
    }

    private func lenientFraming(_ bytes: [UInt8]) -> Bool {
        let lenient = LenientHead(bytes)
        let lengths = Set(lenient.elements("content-length"))
        let codings = lenient.elements("transfer-encoding")
        return lenient.count("host") <= 1 && lengths.count + codings.count <= 1
            && codings.allSatisfy { $0 == "chunked" } && lengths.allSatisfy { Int($0) != nil }
    }
}
