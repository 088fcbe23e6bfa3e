// The grammar of chunk extensions (RFC 9112 §7.1.1), byte by byte. They are recognised only to be passed over.
// Not for limits on their length, which ChunkedScanner counts.

extension ChunkedScanner {
    /// The state after one more byte of `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`.
    static func afterExtensionByte(_ byte: UInt8, in state: State) throws(HTTPParseError) -> State {
        switch state {
        case .afterSize: return try separator(byte, blank: .afterSize, allowsEnd: false)
        case .nameStart:
            if ASCII.isBlank(byte) { return .nameStart }
            if ASCII.isToken(byte) { return .name }
        case .name:
            if ASCII.isToken(byte) { return .name }
            if byte == 0x3D { return .valueStart }
            return try separator(byte, blank: .afterName, allowsEnd: true)
        case .afterName:
            if byte == 0x3D { return .valueStart }
            return try separator(byte, blank: .afterName, allowsEnd: false)
        case .valueStart:
            if ASCII.isBlank(byte) { return .valueStart }
            if byte == 0x22 { return .quoted }
            if ASCII.isToken(byte) { return .value }
        case .value:
            if ASCII.isToken(byte) { return .value }
            return try separator(byte, blank: .afterSize, allowsEnd: true)
        case .quoted:
            if byte == 0x22 { return .afterQuoted }
            if byte == 0x5C { return .quotedPair }
            if ASCII.isFieldContent(byte) { return .quoted }
        case .quotedPair:
            if ASCII.isFieldContent(byte) { return .quoted }
        case .afterQuoted:
            return try separator(byte, blank: .afterSize, allowsEnd: true)
        case .sizeStart, .size, .sizeLF, .data, .dataCR, .dataLF, .trailers, .finished:
            break
        }
        throw misplaced(byte, otherwise: .badChunkExtension)
    }

    /// What may follow a complete part: a semicolon, blanks before one, or, directly, the end of the line.
    private static func separator(
        _ byte: UInt8, blank: State, allowsEnd: Bool
    ) throws(HTTPParseError) -> State {
        if byte == 0x3B { return .nameStart }
        if ASCII.isBlank(byte) { return blank }
        if byte == ASCII.carriageReturn, allowsEnd { return .sizeLF }
        throw misplaced(byte, otherwise: .badChunkExtension)
    }

    /// The error for a byte within a size line. A CR there is part of a whole line end that comes too early, so it is
    /// not called a bare one.
    static func misplaced(_ byte: UInt8, otherwise error: HTTPParseError) -> HTTPParseError {
        byte == ASCII.carriageReturn ? error : .stray(byte, otherwise: error)
    }
}
