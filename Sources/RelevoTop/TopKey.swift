// Keys from the bytes that a terminal sends.
// What they do is TopScreen's matter.

/// A key that was pressed.
package enum TopKey: Sendable, Hashable {
    /// A character.
    case character(Character)
    /// A key without a character.
    case up, down, pageUp, pageDown, home, end, tab, backTab, enter, escape, backspace
    /// Ctrl-C, or the end of the input.
    case interrupt

    /// The keys in what was read at once: an escape at the end is the key itself, as sequences arrive whole.
    package static func keys(in bytes: [UInt8]) -> [TopKey] {
        var keys: [TopKey] = []
        var rest = bytes[...]
        while let first = rest.first {
            if first == 0x1B, let (key, length) = sequence(rest.dropFirst()) {
                if let key { keys.append(key) }
                rest = rest.dropFirst(1 + length)
                continue
            }
            if let (key, length) = single(rest) {
                if let key { keys.append(key) }
                rest = rest.dropFirst(length)
            }
        }
        return keys
    }

    private static func single(_ bytes: ArraySlice<UInt8>) -> (TopKey?, Int)? {
        guard let first = bytes.first else { return nil }
        switch first {
        case 0x03, 0x04: return (.interrupt, 1)
        case 0x08, 0x7F: return (.backspace, 1)
        case 0x09: return (.tab, 1)
        case 0x0A, 0x0D: return (.enter, 1)
        case 0x1B: return (.escape, 1)
        case ..<0x20: return (nil, 1)
        case ..<0x80: return (.character(Character(Unicode.Scalar(first))), 1)
        default:
            let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
            let text = String(validating: Array(bytes.prefix(length)), as: UTF8.self)
            return text?.first.map { (.character($0), length) } ?? (nil, 1)
        }
    }

    /// What stands behind an escape (ECMA-48 §5.4): nil if it is no sequence, a sequence without a key if it means
    /// nothing here.
    private static func sequence(_ bytes: ArraySlice<UInt8>) -> (TopKey?, Int)? {
        guard let kind = bytes.first, kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else { return nil }
        let body = bytes.dropFirst()
        guard let end = body.firstIndex(where: { (0x40...0x7E).contains($0) }) else { return (nil, bytes.count) }
        let numbers = String(decoding: body[..<end], as: UTF8.self)
        let key: TopKey? =
            switch (Character(Unicode.Scalar(body[end])), numbers) {
            case ("A", _): .up
            case ("B", _): .down
            case ("H", _), ("~", "1"), ("~", "7"): .home
            case ("F", _), ("~", "4"), ("~", "8"): .end
            case ("~", "5"): .pageUp
            case ("~", "6"): .pageDown
            case ("Z", _): .backTab
            default: nil
            }
        return (key, bytes.distance(from: bytes.startIndex, to: end) + 1)
    }
}
