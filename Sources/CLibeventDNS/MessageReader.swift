// Reads a DNS message (RFC 1035 §4.1) from front to back, every step checked.
// Only for what c-ares does not report: the time to live of SRV records. Addresses are read there.

/// A position in the bytes of a message. Anything can be in them; what cannot be read throws `malformed`.
struct MessageReader {
    private let bytes: [UInt8]
    private(set) var position = 0

    /// RFC 1035 §2.3.4.
    private static let maxNameBytes = 255

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() throws(DNSFailure) -> Int {
        guard position < bytes.count else { throw .malformed }
        defer { position += 1 }
        return Int(bytes[position])
    }

    mutating func word() throws(DNSFailure) -> Int {
        let high = try byte()
        return try high << 8 | byte()
    }

    mutating func long() throws(DNSFailure) -> Int {
        let high = try word()
        return try high << 16 | word()
    }

    mutating func skip(_ count: Int) throws(DNSFailure) {
        guard count <= bytes.count - position else { throw .malformed }
        position += count
    }

    /// A name in lower case, without a dot at its end; empty for the root.
    mutating func name() throws(DNSFailure) -> String {
        var text: [UInt8] = []
        // A pointer must lead to before the name that it is in (RFC 1035 §4.1.4), so following them comes to an end.
        var start = position
        var end: Int?
        while true {
            let length = try byte()
            switch length {
            case 0:
                position = end ?? position
                return String(decoding: text, as: UTF8.self)
            case 1...63:
                try appendLabel(length, to: &text)
            case 0xC0...0xFF:
                let target = try (length & 0x3F) << 8 | byte()
                guard target < start else { throw .malformed }
                end = end ?? position
                (start, position) = (target, target)
            default:
                throw .malformed
            }
        }
    }

    /// Letters are made small; what could be taken for something else in a text is refused.
    private mutating func appendLabel(_ length: Int, to text: inout [UInt8]) throws(DNSFailure) {
        guard text.count + 1 + length < Self.maxNameBytes else { throw .malformed }
        if !text.isEmpty { text.append(UInt8(ascii: ".")) }
        for _ in 0..<length {
            let character = UInt8(try byte())
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): text.append(character | 0x20)
            case UInt8(ascii: "."), UInt8(ascii: "\\"): throw .malformed
            case 0x21...0x7E: text.append(character)
            default: throw .malformed
            }
        }
    }
}
