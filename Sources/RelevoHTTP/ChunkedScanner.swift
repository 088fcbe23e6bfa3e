// Follows a chunked body (RFC 9112 §7.1) through bytes that arrive in pieces, strictly, and says what each byte is.
// Not for moving the bytes: the caller does, and tells how much data it moved.
//
//   sizeStart -> size -> (extension …) -> sizeLF -> data -> dataCR -> dataLF -> sizeStart
//                                            `-> trailers -> finished        (size 0)

/// Incremental reader of chunk framing. Keeps at most the trailer section, within limits.
package struct ChunkedScanner: Sendable {
    /// What the next bytes of the span are.
    package enum Step: Sendable, Hashable {
        /// This many bytes are framing, and the scanner has consumed them. One step never spans both a size line and
        /// the trailer section.
        case framing(Int)
        /// This many bytes of chunk data come next, perhaps more than the span holds. Report them with `moved`.
        case data(Int)
        /// This many bytes of the trailer section complete the body.
        case end(Int)
    }

    enum State: Sendable, Hashable {
        case sizeStart, size, sizeLF, data, dataCR, dataLF, trailers, finished
        case afterSize, nameStart, name, afterName, valueStart, value, quoted, quotedPair, afterQuoted
    }

    /// Bytes of one size line's extensions.
    static let maxExtensionBytes = 4096
    /// Bytes of extensions beyond the data that came with them: tiny chunks with long extensions are an attack.
    static let maxExtensionSurplus = 16 * 1024
    /// Hexadecimal digits of a size, leading zeros included.
    static let maxSizeDigits = 16

    /// Bytes of the current chunk that are still to be moved.
    package private(set) var remainingData = 0
    /// The size of the chunk whose data comes next or is being moved.
    package private(set) var currentChunkSize = 0
    /// Fields of the trailer section. Complete when `isFinished`; forbidden ones are among them.
    package private(set) var trailers = HeaderFields()
    private(set) var state = State.sizeStart
    private var digits = 0
    private var extensionBytes = 0
    private var extensionSurplus = 0
    private var trailerEnd = HeadScanner()
    private let limits: HeadLimits

    /// Starts before the first chunk. `headBytes` and `fields` of the limits bound the trailer section.
    package init(limits: HeadLimits) { self.limits = limits }

    /// True when the whole body, trailer section included, has been seen.
    package var isFinished: Bool { state == .finished }

    /// True while chunk data is expected.
    package var isInData: Bool { state == .data }

    /// Says what the bytes at the beginning of the span are; the span begins behind everything consumed and moved.
    ///
    /// Nil asks for more bytes (the span is empty) or says that the body is finished. Throws for every deviation from
    /// the grammar; the bytes reported before are then a prefix of some valid body, never of two different ones.
    package mutating func next(_ span: borrowing Span<UInt8>) throws(HTTPParseError) -> Step? {
        guard !span.isEmpty, state != .finished else { return nil }
        if state == .data { return .data(remainingData) }
        if state == .trailers { return try readTrailers(span) }
        var index = 0
        while index < span.count {
            state = try advance(span[index])
            index += 1
            if state == .data || state == .trailers { break }
        }
        return .framing(index)
    }

    /// Takes note that the caller has moved this many bytes of chunk data; more than remain count as all that remain.
    package mutating func moved(_ count: Int) {
        guard state == .data else { return }
        let count = min(max(count, 0), remainingData)
        remainingData -= count
        extensionSurplus -= min(count, extensionSurplus)
        if remainingData == 0 { state = .dataCR }
    }

    private mutating func advance(_ byte: UInt8) throws(HTTPParseError) -> State {
        switch state {
        case .sizeStart, .size:
            return try readSize(byte)
        case .sizeLF:
            guard byte == ASCII.lineFeed else { throw .bareCR }
            return beginChunk()
        case .dataCR:
            guard byte == ASCII.carriageReturn else { throw .badChunkEnd }
            return .dataLF
        case .dataLF:
            guard byte == ASCII.lineFeed else { throw .badChunkEnd }
            currentChunkSize = 0
            return .sizeStart
        case .afterSize, .nameStart, .name, .afterName, .valueStart, .value, .quoted, .quotedPair, .afterQuoted:
            extensionBytes += 1
            extensionSurplus += 1
            guard extensionBytes <= Self.maxExtensionBytes, extensionSurplus <= Self.maxExtensionSurplus else {
                throw .chunkHeaderTooLong
            }
            return try Self.afterExtensionByte(byte, in: state)
        case .data, .trailers, .finished:
            return state
        }
    }

    private mutating func readSize(_ byte: UInt8) throws(HTTPParseError) -> State {
        if let digit = ASCII.hexValue(byte) {
            digits += 1
            guard digits <= Self.maxSizeDigits, currentChunkSize <= Int.max >> 4 else { throw .chunkSizeOverflow }
            currentChunkSize = currentChunkSize << 4 | digit
            return .size
        }
        guard state == .size else { throw Self.misplaced(byte, otherwise: .badChunkSize) }
        switch byte {
        case ASCII.carriageReturn: return .sizeLF
        case 0x3B: return .nameStart
        case ASCII.space, ASCII.tab: return .afterSize
        default: throw Self.misplaced(byte, otherwise: .badChunkSize)
        }
    }

    private mutating func beginChunk() -> State {
        digits = 0
        extensionBytes = 0
        remainingData = currentChunkSize
        return remainingData == 0 ? .trailers : .data
    }

    private mutating func readTrailers(_ span: borrowing Span<UInt8>) throws(HTTPParseError) -> Step {
        let before = trailerEnd.examined
        let end: Int?
        do {
            end = try trailerEnd.scan(span, limit: limits.headBytes)
        } catch {
            throw error == .headTooLarge ? .trailersTooLarge : error
        }
        let consumed = trailerEnd.examined - before
        if before == 0, end == 2 {
            state = .finished
            return .end(2)
        }
        for index in 0..<consumed { trailers.bytes.append(span[index]) }
        guard end != nil else { return .framing(consumed) }
        try parseTrailers()
        state = .finished
        return .end(consumed)
    }

    private mutating func parseTrailers() throws(HTTPParseError) {
        do {
            try trailers.parseLines(from: 0, maximum: limits.fields)
        } catch {
            throw error == .tooManyFields ? .trailersTooLarge : .badTrailer
        }
    }
}
