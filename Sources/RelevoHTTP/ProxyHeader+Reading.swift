// Reads headers of the PROXY protocol: bounded, strict, and the same however the bytes are cut.
// What follows a header is never looked at.

extension ProxyHeader {
    /// A header, and how many bytes it has.
    package struct Reading: Sendable, Hashable {
        /// What it says.
        package let header: ProxyHeader
        /// Its bytes, all that may be taken from the stream.
        package let length: Int
    }

    /// Reads the header with which a stream begins; nil if all of the bytes belong to it and more are needed.
    package static func read(_ bytes: borrowing Span<UInt8>) throws(ProxyHeaderError) -> Reading? {
        guard bytes.count > 0 else { return nil }
        if bytes[0] == word[0] { return try readLine(bytes) }
        return try readBlock(bytes)
    }

    /// Whether a span begins as another does, as far as it goes.
    private static func agrees(_ bytes: borrowing Span<UInt8>, with beginning: [UInt8]) -> Bool {
        for index in 0..<min(bytes.count, beginning.count) where bytes[index] != beginning[index] { return false }
        return true
    }
}

// MARK: - Version 1

extension ProxyHeader {
    private static func readLine(_ bytes: borrowing Span<UInt8>) throws(ProxyHeaderError) -> Reading? {
        guard agrees(bytes, with: word) else { throw .missing }
        guard let end = try lineEnd(bytes) else { return nil }
        return Reading(header: try line(bytes, word.count..<end), length: end + 2)
    }

    /// Where the line's CR stands; nil if it has not come. Neither CR nor LF may stand alone (PROXY §2.1).
    private static func lineEnd(_ bytes: borrowing Span<UInt8>) throws(ProxyHeaderError) -> Int? {
        for index in min(word.count, bytes.count)..<min(maxLineBytes, bytes.count) {
            let followsCR = bytes[index - 1] == ASCII.carriageReturn
            if followsCR != (bytes[index] == ASCII.lineFeed) { throw .bareLineEnd }
            if followsCR { return index - 1 }
        }
        if bytes.count >= maxLineBytes { throw .lineTooLong }
        return nil
    }

    /// Reads what stands between `PROXY ` and the end of the line.
    private static func line(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(ProxyHeaderError) -> ProxyHeader {
        var words = Words(rest: range)
        let kind = words.next(in: bytes) ?? range.upperBound..<range.upperBound
        // Whatever stands behind it means nothing.
        if equals(bytes, kind, "UNKNOWN") { return .unknown }
        let isV4 = equals(bytes, kind, "TCP4")
        guard isV4 || equals(bytes, kind, "TCP6") else { throw .unknownProtocol }
        guard let source = words.next(in: bytes), let destination = words.next(in: bytes),
            let sourcePort = words.next(in: bytes), let destinationPort = words.next(in: bytes), words.isAtEnd,
            let from = address(bytes, source, isV4: isV4), let to = address(bytes, destination, isV4: isV4),
            let fromPort = port(bytes, sourcePort), let toPort = port(bytes, destinationPort)
        else { throw .malformedLine }
        return .client(End(from, port: fromPort), reached: End(to, port: toPort))
    }

    /// The parts of a line between single spaces; two spaces have an empty one between them.
    private struct Words {
        var rest: Range<Int>?

        /// Whether the last part has been taken.
        var isAtEnd: Bool { rest == nil }

        mutating func next(in bytes: borrowing Span<UInt8>) -> Range<Int>? {
            guard let range = rest else { return nil }
            for index in range where bytes[index] == ASCII.space {
                rest = index + 1..<range.upperBound
                return range.lowerBound..<index
            }
            rest = nil
            return range
        }
    }

    private static func equals(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ word: String) -> Bool {
        var index = range.lowerBound
        for byte in word.utf8 {
            guard index < range.upperBound, bytes[index] == byte else { return false }
            index += 1
        }
        return index == range.upperBound
    }

    private static func address(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, isV4: Bool) -> IPAddress? {
        switch IPAddress(bytes: bytes.extracting(range)) {
        case .v4(let number)? where isV4: .v4(number)
        case .v6(let high, let low)? where !isV4: .v6(high, low)
        case .v4, .v6, nil: nil
        }
    }

    /// A port without leading zeros.
    private static func port(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt16? {
        guard (1...5).contains(range.count), range.count == 1 || bytes[range.lowerBound] != 0x30 else { return nil }
        var number = 0
        for index in range {
            guard ASCII.isDigit(bytes[index]) else { return nil }
            number = number * 10 + Int(bytes[index] &- 0x30)
        }
        return UInt16(exactly: number)
    }
}

// MARK: - Version 2

extension ProxyHeader {
    /// Bytes before the addresses.
    static let prefixBytes = 16

    private static func readBlock(_ bytes: borrowing Span<UInt8>) throws(ProxyHeaderError) -> Reading? {
        guard agrees(bytes, with: signature) else { throw .missing }
        guard bytes.count > 12 else { return nil }
        guard bytes[12] >> 4 == 2 else { throw .unknownVersion }
        guard bytes[12] & 0xF <= 1 else { throw .unknownCommand }
        let isLocal = bytes[12] & 0xF == 0
        guard bytes.count > 13 else { return nil }
        // Of LOCAL not even the family counts.
        let room = isLocal ? 0 : addressBytes(bytes[13])
        guard let room else { throw .unknownFamily }
        guard bytes.count >= prefixBytes else { return nil }
        let length = prefixBytes + Int(number(bytes, at: 14, 2))
        guard length <= maxBytes else { throw .tooLong }
        guard length >= prefixBytes + room else { throw .tooShort }
        guard bytes.count >= length else { return nil }
        // What stands behind the addresses (TLV) is passed over.
        return Reading(header: isLocal ? .local : block(bytes), length: length)
    }

    /// Bytes that the addresses of a family and transport have; nil if there is no such thing (PROXY §2.2).
    private static func addressBytes(_ kind: UInt8) -> Int? {
        guard kind & 0xF <= 2 else { return nil }
        switch kind >> 4 {
        case 0: return 0
        case 1: return kind & 0xF == 0 ? 0 : 12
        case 2: return kind & 0xF == 0 ? 0 : 36
        case 3: return kind & 0xF == 0 ? 0 : 216
        default: return nil
        }
    }

    /// The addresses of a complete block. Unix sockets and datagrams have none that would mean anything here.
    private static func block(_ bytes: borrowing Span<UInt8>) -> ProxyHeader {
        switch bytes[13] {
        case 0x11:
            let source = IPAddress.v4(UInt32(truncatingIfNeeded: number(bytes, at: 16, 4)))
            let destination = IPAddress.v4(UInt32(truncatingIfNeeded: number(bytes, at: 20, 4)))
            return .client(
                End(source, port: port(bytes, at: 24)), reached: End(destination, port: port(bytes, at: 26)))
        case 0x21:
            let source = IPAddress.v6(number(bytes, at: 16, 8), number(bytes, at: 24, 8))
            let destination = IPAddress.v6(number(bytes, at: 32, 8), number(bytes, at: 40, 8))
            return .client(
                End(source, port: port(bytes, at: 48)), reached: End(destination, port: port(bytes, at: 50)))
        default: return .unknown
        }
    }

    private static func port(_ bytes: borrowing Span<UInt8>, at index: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: number(bytes, at: index, 2))
    }

    /// Up to eight bytes as a number, the first in the highest place.
    private static func number(_ bytes: borrowing Span<UInt8>, at start: Int, _ count: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in start..<(start + count) { number = number << 8 | UInt64(bytes[index]) }
        return number
    }
}
