// The host and port that a request is meant for, in the one form in which domains are looked up.
// Not for resolving names and not for addresses of endpoints.

/// Host and port in normal form: lower case, no trailing dot, IPv6 literals canonical and in brackets.
package struct Authority: Sendable, Hashable {
    /// The host as ASCII bytes, never empty after a successful parse.
    package private(set) var host: [UInt8] = []
    /// The port if one was written.
    package private(set) var port: Int?

    /// The longest host that is accepted, in bytes: the longest DNS name.
    private static let maxHostBytes = 255

    /// Makes an empty authority, to be assigned to.
    package init() {}

    /// The host as text.
    package var hostText: String { String(decoding: host, as: UTF8.self) }

    /// Reads `uri-host [":" port]` (RFC 9110 §7.2, RFC 3986 §3.2.2), all of it.
    ///
    /// Throws `badHost` for an empty host, user information, percent-encoding, a comma, an invalid IPv6 literal, an
    /// empty label, or a port above 65535.
    package static func parse(_ text: ArraySlice<UInt8>) throws(HTTPParseError) -> Authority {
        var authority = Authority()
        let span = text.span
        try authority.assign(span, 0..<span.count)
        return authority
    }

    /// Like `parse`, into the storage that is already there. Empty after an error.
    mutating func assign(_ span: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPParseError) {
        reset()
        do throws(HTTPParseError) {
            try read(span, range)
        } catch {
            reset()
            throw error
        }
    }

    private mutating func read(_ span: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPParseError) {
        guard !range.isEmpty else { throw .badHost }
        let end: Int
        if span[range.lowerBound] == 0x5B {
            end = try assignLiteral(span, range)
        } else {
            end = try assignName(span, range)
        }
        guard end < range.upperBound else { return }
        guard span[end] == ASCII.colon else { throw .badHost }
        port = try Self.parsePort(span, (end + 1)..<range.upperBound)
    }

    /// Empties the value and keeps its memory.
    mutating func reset() {
        if !host.isEmpty { host.removeAll(keepingCapacity: true) }
        port = nil
    }

    /// Reads a registered name or IPv4 address up to a colon; returns where it ended. Nothing is kept of a name that is
    /// too long.
    private mutating func assignName(
        _ span: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(HTTPParseError) -> Int {
        var index = range.lowerBound
        var isLabelEmpty = true
        while index < range.upperBound, span[index] != ASCII.colon {
            let byte = span[index]
            guard Self.isNameByte(byte) else { throw .stray(byte, otherwise: .badHost) }
            if byte == 0x2E {
                guard !isLabelEmpty else { throw .badHost }
                isLabelEmpty = true
            } else {
                isLabelEmpty = false
            }
            index += 1
        }
        let name = range.lowerBound..<(isLabelEmpty && index > range.lowerBound ? index - 1 : index)
        guard !name.isEmpty, name.count <= Self.maxHostBytes else { throw .badHost }
        for index in name { host.append(ASCII.lower(span[index])) }
        return index
    }

    /// Reads `[` IPv6 `]` and stores its canonical text; returns where it ended.
    private mutating func assignLiteral(
        _ span: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(HTTPParseError) -> Int {
        var close = range.lowerBound + 1
        while close < range.upperBound, span[close] != 0x5D { close += 1 }
        guard close < range.upperBound else { throw .badHost }
        let text = span.extracting((range.lowerBound + 1)..<close)
        guard case .some(.v6(let high, let low)) = IPAddress(bytes: text) else { throw .badHost }
        host.append(0x5B)
        IPAddress.v6(high, low).append(to: &host)
        host.append(0x5D)
        return close + 1
    }

    /// Reads `*DIGIT`: nothing means no port (RFC 3986 §3.2.3).
    private static func parsePort(
        _ span: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(HTTPParseError) -> Int? {
        var value = 0
        for index in range {
            guard ASCII.isDigit(span[index]) else { throw .badHost }
            value = value * 10 + Int(span[index] &- 0x30)
            guard value <= 65535 else { throw .badHost }
        }
        return range.isEmpty ? nil : value
    }

    /// Characters of `reg-name` without percent-encoding and comma: a comma would look like a list of hosts.
    @inline(__always)
    private static func isNameByte(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0x2BFF_6FD2_0000_0000
        let high: UInt64 = 0x47FF_FFFE_87FF_FFFE
        let mask = byte < 64 ? low : high
        return byte < 128 && (mask &>> UInt64(byte & 63)) & 1 == 1
    }
}
