// Reads a response head: status line, fields and framing, strictly (RFC 9112 §4, §5, §6).
// Not for finding the end of the head in a stream (HeadScanner).

extension ResponseHead {
    /// Parses `fields.bytes`, which must be exactly one head, and replaces all earlier results.
    ///
    /// Throws the first error that is found, ambiguous framing included whatever the status is.
    package mutating func parse(limits: HeadLimits) throws(HTTPParseError) {
        beginParsing()
        guard fields.bytes.count <= limits.headBytes, fields.bytes.count < 1 << 30 else { throw .headTooLarge }
        let fieldsStart = try parseStatusLine()
        try fields.parseLines(from: fieldsStart, maximum: limits.fields)
        connectionOptions = try ConnectionOptions(&fields)
        declaredFraming = try BodyFraming.declared(by: fields, version: version)
    }

    /// Reads `version SP status [SP reason] CR LF` and returns where the fields begin. The second space may be missing:
    /// some servers leave it out with an empty reason, and nothing can be misread by it.
    private mutating func parseStatusLine() throws(HTTPParseError) -> Int {
        let bytes = fields.bytes
        let span = bytes.span
        let count = span.count
        let end = ASCII.endOfContent(span, from: 0)
        guard end < count else { throw .incompleteHead }
        guard try HeaderFields.isLineEnd(span, at: end) else { throw .stray(span[end], otherwise: .badStatusLine) }
        guard end >= 8 else { throw .badStatusLine }
        version = try HTTPVersion.parse(span, 0..<8)
        guard end >= 12, span[8] == ASCII.space else { throw .badStatusLine }
        guard ASCII.isDigit(span[9]), ASCII.isDigit(span[10]), ASCII.isDigit(span[11]) else { throw .badStatus }
        status = Int(span[9] &- 0x30) * 100 + Int(span[10] &- 0x30) * 10 + Int(span[11] &- 0x30)
        guard status >= 100 else { throw .badStatus }
        guard end > 12 else {
            reason = 12..<12
            return end + 2
        }
        guard span[12] == ASCII.space else { throw ASCII.isDigit(span[12]) ? .badStatus : .badStatusLine }
        reason = 13..<end
        return end + 2
    }
}
