// Field lines of a head or a trailer section, read strictly (RFC 9112 §5): every byte is looked at once.
// Not for first lines (RequestParser, ResponseParser) and not for what the fields mean.

/// Bounds of a head.
package struct HeadLimits: Sendable, Hashable {
    /// Bytes of a whole head, final empty line included.
    package var headBytes: Int
    /// Number of field lines.
    package var fields: Int
    /// Bytes of a request target.
    package var targetBytes: Int

    /// Sets all bounds.
    package init(headBytes: Int = 32 * 1024, fields: Int = 128, targetBytes: Int = 16 * 1024) {
        self.headBytes = headBytes
        self.fields = fields
        self.targetBytes = targetBytes
    }
}

extension HeaderFields {
    /// Reads field lines from an offset to the empty line, which must be the end of the bytes.
    mutating func parseLines(from offset: Int, maximum: Int) throws(HTTPParseError) {
        start = offset
        let bytes = bytes
        var position = offset
        while let line = try Self.parseLine(bytes.span, at: position) {
            guard lines.count < maximum else { throw .tooManyFields }
            add(line)
            position = line.line.upperBound
        }
        guard position + 2 == bytes.count else { throw .incompleteHead }
        receivedCount = lines.count
    }

    /// Reads one field line. Nil for the empty line that ends a section.
    static func parseLine(_ span: borrowing Span<UInt8>, at start: Int) throws(HTTPParseError) -> FieldLine? {
        let count = span.count
        var index = start
        while index < count, ASCII.isToken(span[index]) { index += 1 }
        guard index < count else { throw .incompleteHead }
        guard span[index] == ASCII.colon, index > start else {
            if index == start, try isLineEnd(span, at: start) { return nil }
            throw nameError(span, from: start, at: index)
        }
        let name = start..<index
        index += 1
        while index < count, ASCII.isBlank(span[index]) { index += 1 }
        let valueStart = index
        index = ASCII.endOfContent(span, from: index)
        guard index < count else { throw .incompleteHead }
        guard try isLineEnd(span, at: index) else { throw .stray(span[index], otherwise: .badFieldValue) }
        var valueEnd = index
        while valueEnd > valueStart, ASCII.isBlank(span[valueEnd - 1]) { valueEnd -= 1 }
        return FieldLine(
            name: name, value: valueStart..<valueEnd, end: index + 2, known: KnownField(span, name))
    }

    /// True if CR LF stands at the index; a CR without LF is an error wherever it stands.
    @inline(__always)
    static func isLineEnd(_ span: borrowing Span<UInt8>, at index: Int) throws(HTTPParseError) -> Bool {
        guard span[index] == ASCII.carriageReturn else { return false }
        guard index + 1 < span.count else { throw .incompleteHead }
        guard span[index + 1] == ASCII.lineFeed else { throw .bareCR }
        return true
    }

    /// Names what is wrong where a field name ended with anything but a colon (RFC 9112 §5.1, §5.2).
    private static func nameError(
        _ span: borrowing Span<UInt8>, from start: Int, at index: Int
    ) -> HTTPParseError {
        let byte = span[index]
        if index == start {
            if byte == ASCII.colon { return .emptyFieldName }
            return ASCII.isBlank(byte) ? .obsFold : .stray(byte, otherwise: .badFieldName)
        }
        if byte == ASCII.carriageReturn, index + 1 < span.count, span[index + 1] == ASCII.lineFeed {
            return .badFieldName
        }
        guard ASCII.isBlank(byte) else { return .stray(byte, otherwise: .badFieldName) }
        var next = index
        while next < span.count, ASCII.isBlank(span[next]) { next += 1 }
        return next < span.count && span[next] == ASCII.colon ? .spaceBeforeColon : .badFieldName
    }
}
