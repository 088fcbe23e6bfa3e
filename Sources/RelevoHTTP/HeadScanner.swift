// Finds the end of a head in bytes that arrive in pieces, and refuses what can never become a head as soon as the
// bytes prove it. Not for the meaning of the head: the parsers read it once it is complete.

/// Looks for the empty line that ends a head and remembers how far it has looked.
package struct HeadScanner: Sendable {
    /// Bytes looked at so far; the next piece begins at this offset.
    package private(set) var examined = 0
    private var lineStart = 0
    private var isAfterCR = false
    private var isFirstLine = true
    private var firstLineEnd = 0

    /// Room beside the target in a request line: a long method, two spaces, the version and CR LF.
    private static let requestLineSlack = 80

    /// Starts at the beginning of a head.
    package init() {}

    /// Starts over, for the next head.
    package mutating func reset() { self = HeadScanner() }

    /// Looks at the next piece and returns the length of the head, final CR LF included, once its end is seen.
    ///
    /// A result of 2 is an empty line: before a request line it may be dropped (RFC 9112 §2.2). Nil asks for more.
    /// Throws `bareLF`, `bareCR`, `nul`, or `headTooLarge` once more than `limit` bytes are no head.
    package mutating func scan(_ piece: borrowing Span<UInt8>, limit: Int) throws(HTTPParseError) -> Int? {
        let end = try search(piece)
        guard end ?? examined <= limit else { throw .headTooLarge }
        return end
    }

    /// Looks at the next piece of a request head; also throws `targetTooLong` for a first line that is too long,
    /// complete or not.
    package mutating func scan(_ piece: borrowing Span<UInt8>, limits: HeadLimits) throws(HTTPParseError) -> Int? {
        let end = try search(piece)
        let longest = limits.targetBytes.addingReportingOverflow(Self.requestLineSlack)
        let line = isFirstLine ? examined : firstLineEnd
        guard longest.overflow || line <= longest.partialValue else { throw .targetTooLong }
        guard end ?? examined <= limits.headBytes else { throw isFirstLine ? .targetTooLong : .headTooLarge }
        return end
    }

    private mutating func search(_ piece: borrowing Span<UInt8>) throws(HTTPParseError) -> Int? {
        let base = examined
        let count = piece.count
        var index = 0
        if isAfterCR, count > 0 {
            guard piece[0] == ASCII.lineFeed else { throw .bareCR }
            isAfterCR = false
            index = 1
            if endLine(crAt: base - 1) { return stop(base + 1) }
        }
        while index < count {
            if index + 8 <= count {
                let controls = ASCII.marks(ASCII.word(piece, at: index), below: 0x0E)
                index += controls == 0 ? 8 : controls.trailingZeroBitCount &>> 3
                if controls == 0 { continue }
            }
            let byte = piece[index]
            index += 1
            guard byte <= ASCII.carriageReturn, byte != ASCII.tab else { continue }
            if byte == ASCII.carriageReturn {
                guard index < count else {
                    isAfterCR = true
                    break
                }
                guard piece[index] == ASCII.lineFeed else { throw .bareCR }
                index += 1
                if endLine(crAt: base + index - 2) { return stop(base + index) }
            } else if byte == ASCII.lineFeed || byte == 0 {
                throw .stray(byte, otherwise: .bareLF)
            }
        }
        examined = base + count
        return nil
    }

    private mutating func stop(_ end: Int) -> Int {
        examined = end
        return end
    }

    /// Takes note of a line end; true if the line was empty.
    private mutating func endLine(crAt position: Int) -> Bool {
        let isEmpty = position == lineStart
        lineStart = position + 2
        if isFirstLine { firstLineEnd = lineStart }
        isFirstLine = false
        return isEmpty
    }
}
