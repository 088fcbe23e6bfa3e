// Reads the one answer to a request of the proxy's own, as checks of health and reports to collectors are.
// Answers for clients cross by ForwardLane instead.

import CLibevent
import RelevoHTTP

/// The head of an answer, found in what has come so far.
struct AnswerReader: ~Copyable {
    /// The head, once ``takeHead(from:)`` has said so.
    private(set) var head = ResponseHead()
    /// Whether the head is complete.
    private(set) var hasHead = false
    private var scanner = HeadScanner()
    private let method: Method

    /// Of a request with a method, which decides whether there is a body.
    init(answering method: Method) { self.method = method }

    /// Takes the head from what has come, interim answers skipped; false if more bytes are needed.
    mutating func takeHead(from input: Evbuffer) throws(HTTPParseError) -> Bool {
        while !hasHead {
            guard try takeNext(from: input) else { return false }
            hasHead = !head.isInterim
        }
        return true
    }

    private mutating func takeNext(from input: Evbuffer) throws(HTTPParseError) -> Bool {
        let limits = HeadLimits()
        var scanner = scanner
        var found: Int?
        try input.forEachSegment(from: scanner.examined) { (segment) throws(HTTPParseError) in
            found = try scanner.scan(segment, limit: limits.headBytes)
            return found == nil
        }
        self.scanner = found == nil ? scanner : HeadScanner()
        guard let length = found else { return false }
        input.takePrefix(length, into: &head.fields.bytes)
        try head.parse(limits: limits)
        return true
    }

    /// Whether so many bytes are the whole body; false where only the end of the connection tells.
    func isWhole(_ count: Int) -> Bool {
        switch (try? head.framing(answering: method)) ?? .untilClose {
        case .none: true
        case .length(let length): count >= length
        case .chunked, .untilClose: false
        }
    }
}
