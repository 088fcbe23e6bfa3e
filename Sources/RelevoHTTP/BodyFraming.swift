// Where the content of a message ends (RFC 9112 §6): read from Content-Length and Transfer-Encoding alone.
// Not for reading chunks (ChunkedScanner).

/// How the end of a message's content is found.
package enum BodyFraming: Sendable, Hashable {
    /// No content follows the head.
    case none
    /// This many bytes follow.
    case length(Int)
    /// Chunks follow (RFC 9112 §7.1).
    case chunked
    /// Everything until the connection ends; responses only.
    case untilClose

    /// What the framing fields say, nil if there are none (RFC 9112 §6.3).
    ///
    /// Throws for everything that two recipients could read differently.
    static func declared(
        by fields: borrowing HeaderFields, version: HTTPVersion
    ) throws(HTTPParseError) -> BodyFraming? {
        let hasCoding = fields.mayContain(.transferEncoding)
        let hasLength = fields.mayContain(.contentLength)
        guard hasCoding || hasLength else { return nil }
        guard hasCoding else { return .length(try contentLength(fields)) }
        guard version != .http10 else { throw .transferEncodingInHTTP10 }
        guard !hasLength else { throw .lengthWithTransferEncoding }
        try checkTransferEncoding(fields)
        return .chunked
    }

    /// The one number that all Content-Length values agree on (RFC 9110 §8.6: a list of equal numbers is one).
    private static func contentLength(_ fields: borrowing HeaderFields) throws(HTTPParseError) -> Int {
        let span = fields.bytes.span
        var agreed: Int?
        for line in fields.lines where line.known == .contentLength {
            var elements = ListElements(line.value)
            while let element = elements.next(in: span) {
                let number = try decimal(span, element)
                guard agreed == nil || agreed == number else { throw .differingContentLengths }
                agreed = number
            }
        }
        guard let agreed else { throw .badContentLength }
        return agreed
    }

    private static func decimal(_ span: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPParseError) -> Int {
        guard !range.isEmpty else { throw .badContentLength }
        var value = 0
        for index in range {
            guard ASCII.isDigit(span[index]) else { throw .badContentLength }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(Int(span[index] &- 0x30))
            guard !overflow, !carry else { throw .badContentLength }
            value = sum
        }
        return value
    }

    /// Accepts exactly one coding, `chunked`. Other codings under a final `chunked` have an error of their own
    /// (RFC 9112 §6.1: 501); every other list leaves the end of the message unknown (§6.3: 400).
    private static func checkTransferEncoding(_ fields: borrowing HeaderFields) throws(HTTPParseError) {
        let span = fields.bytes.span
        var others = 0
        var isLastChunked = false
        for line in fields.lines where line.known == .transferEncoding {
            var elements = ListElements(line.value)
            while let element = elements.next(in: span) {
                guard !isLastChunked else { throw .badTransferEncoding }
                isLastChunked = ASCII.matches(span, element, lowercase: "chunked")
                if isLastChunked { continue }
                guard isCoding(span, element) else { throw .badTransferEncoding }
                others += 1
            }
        }
        guard isLastChunked else { throw .badTransferEncoding }
        guard others == 0 else { throw .unknownTransferCoding }
    }

    /// True for a coding name, with parameters or not, that is neither `identity` nor a second `chunked`.
    private static func isCoding(_ span: borrowing Span<UInt8>, _ element: Range<Int>) -> Bool {
        var end = element.lowerBound
        while end < element.upperBound, ASCII.isToken(span[end]) { end += 1 }
        let name = element.lowerBound..<end
        guard !name.isEmpty, !ASCII.matches(span, name, lowercase: "identity"),
            !ASCII.matches(span, name, lowercase: "chunked")
        else { return false }
        let rest = ASCII.trim(span, end..<element.upperBound)
        return rest.isEmpty || span[rest.lowerBound] == 0x3B
    }
}
