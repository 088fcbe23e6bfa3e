// A request as a line of the access log tells it: what routing looks at, and nothing of what came of it. Reads the JSON
// objects that AccessLogLine writes, in any order of keys. What a line cannot tell: docs/testing-configurations.md.

/// A request of the access log.
package struct LoggedRequest: Sendable, Hashable {
    /// Why a line is none of an access log.
    package enum Failure: String, Error, Sendable {
        /// It is no JSON object.
        case noObject = "no JSON object"
        /// It lacks `method`, `host` or `target`.
        case noRequest = "no `method`, `host` and `target`"
    }

    /// The method as received; empty if there was no valid request line.
    package private(set) var method: [UInt8] = []
    /// The host in normal form; empty if there was none.
    package private(set) var host: [UInt8] = []
    /// The target as received.
    package private(set) var target: [UInt8] = []
    /// Whoever was at the other end of the connection, without its port; empty for a socket's path.
    package private(set) var peer: [UInt8] = []
    /// Whether it came over TLS.
    package private(set) var isSecure = false

    /// Reads one line.
    package init(line: ArraySlice<UInt8>) throws(Failure) {
        var scanner = JSONScanner(line)
        guard scanner.open() else { throw .noObject }
        var found = 0
        while let key = scanner.key() {
            switch key {
            case Self.methodKey: found += scanner.string(into: &method) ? 1 : 0
            case Self.hostKey: found += scanner.string(into: &host) ? 1 : 0
            case Self.targetKey: found += scanner.string(into: &target) ? 1 : 0
            case Self.peerKey: _ = scanner.string(into: &peer)
            case Self.versionKey:
                isSecure = true
                scanner.skipValue()
            default: scanner.skipValue()
            }
        }
        guard scanner.hasEnded else { throw .noObject }
        guard found == 3 else { throw .noRequest }
        peer = Self.address(of: peer)
    }

    private static let methodKey = Array("method".utf8)[...]
    private static let hostKey = Array("host".utf8)[...]
    private static let targetKey = Array("target".utf8)[...]
    private static let peerKey = Array("peer".utf8)[...]
    private static let versionKey = Array("tls_version".utf8)[...]

    /// Whether it was valid enough to have been routed.
    package var isRoutable: Bool { !method.isEmpty && !host.isEmpty && !target.isEmpty }

    /// `192.0.2.1:80` and `[::1]:80` without the port.
    private static func address(of peer: [UInt8]) -> [UInt8] {
        if peer.first == UInt8(ascii: "[") {
            return Array(peer.dropFirst().prefix { $0 != UInt8(ascii: "]") })
        }
        guard let colon = peer.lastIndex(of: UInt8(ascii: ":")), peer.first != UInt8(ascii: "/"),
            !peer.starts(with: Array("unix:".utf8))
        else { return [] }
        return Array(peer[..<colon])
    }
}

/// Goes through one JSON object of which most is not wanted: it makes nothing of what is skipped.
private struct JSONScanner {
    private let bytes: ArraySlice<UInt8>
    private var index: Int
    private var isValid = true
    private var isFirst = true
    private var isClosed = false

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    /// Whether the object was valid and is all that there is.
    var hasEnded: Bool { isValid && isClosed && index == bytes.endIndex }

    /// Goes to the first key.
    mutating func open() -> Bool {
        skipBlanks()
        return take(UInt8(ascii: "{"))
    }

    /// The next key, nil behind the last one. Keys with escapes are not those that are wanted.
    mutating func key() -> ArraySlice<UInt8>? {
        guard isValid, !isClosed else { return nil }
        skipBlanks()
        if take(UInt8(ascii: "}")) {
            isClosed = true
            skipBlanks()
            return nil
        }
        if !isFirst {
            guard expect(UInt8(ascii: ",")) else { return nil }
            skipBlanks()
        }
        isFirst = false
        guard let range = quoted() else { return nil }
        skipBlanks()
        guard expect(UInt8(ascii: ":")) else { return nil }
        skipBlanks()
        return bytes[range]
    }

    /// The text of a string; false, and skipped, if the value is none. Escapes up to U+00FF are the bytes that came.
    mutating func string(into text: inout [UInt8]) -> Bool {
        guard index < bytes.endIndex, bytes[index] == UInt8(ascii: "\"") else {
            skipValue()
            return false
        }
        guard let range = quoted() else { return false }
        guard bytes[range].contains(UInt8(ascii: "\\")) else {
            text = Array(bytes[range])
            return true
        }
        text = Self.unescaped(bytes[range])
        return true
    }

    /// Goes behind a value: a string, an object, a list, or a word.
    mutating func skipValue() {
        var depth = 0
        repeat {
            skipBlanks()
            guard index < bytes.endIndex else { return isValid = false }
            switch bytes[index] {
            case UInt8(ascii: "\""): if quoted() == nil { return }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return isValid = false }
                depth -= 1
                index += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { return isValid = false }
                index += 1
            default: skipWord()
            }
        } while depth > 0 && isValid
    }

    private mutating func skipWord() {
        let start = index
        while index < bytes.endIndex, Self.isWordByte(bytes[index]) { index += 1 }
        if index == start { isValid = false }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
    }

    /// The range between two quotes; the index goes behind the second.
    private mutating func quoted() -> Range<Int>? {
        guard expect(UInt8(ascii: "\"")) else { return nil }
        let start = index
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                return start..<(index - 1)
            case UInt8(ascii: "\\"): index += 2
            case 0..<0x20:
                isValid = false
                return nil
            default: index += 1
            }
        }
        isValid = false
        return nil
    }

    private mutating func skipBlanks() {
        while index < bytes.endIndex, [0x20, 0x09, 0x0D, 0x0A].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.endIndex, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) -> Bool {
        if take(byte) { return true }
        isValid = false
        return false
    }

    /// The access log writes a byte from the wire as the Latin-1 character of the same number.
    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            guard text[index] == UInt8(ascii: "\\"), index + 1 < text.endIndex else {
                result.append(text[index])
                index += 1
                continue
            }
            let letter = text[index + 1]
            index += 2
            switch letter {
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "u"):
                let digits = text[index...].prefix(4)
                let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0x3F
                index += digits.count
                if number <= 0xFF {
                    result.append(UInt8(number))
                } else {
                    result += Array(String(Unicode.Scalar(number) ?? "\u{FFFD}").utf8)
                }
            default: result.append(letter)
            }
        }
        return result
    }
}
