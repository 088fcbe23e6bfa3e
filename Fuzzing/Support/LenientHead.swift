// What a careless recipient makes of a head: bare line feeds end lines, blanks do not matter, folded lines go on.
// A head that the proxy takes or sends must mean the same to it as to a strict one.

/// A head as a careless recipient reads it.
package struct LenientHead {
    /// Names in lower case without blanks, values without blanks around them.
    package var fields: [(name: String, value: String)] = []

    /// Reads whatever is there.
    package init(_ bytes: some Collection<UInt8>) {
        var lines: [[UInt8]] = []
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false).dropFirst() {
            let isFolded = line.first == 32 || line.first == 9
            let text = line.filter { $0 != 13 && $0 != 0 }
            if isFolded, !lines.isEmpty { lines[lines.count - 1] += text } else { lines.append(text) }
        }
        for line in lines {
            let parts = line.split(separator: 0x3A, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let name = String(decoding: parts[0], as: UTF8.self).lowercased().filter { $0 > " " && $0 != "\u{7F}" }
            let value = String(decoding: parts[1], as: UTF8.self).lowercased().trimmed
            fields.append((name, value))
        }
    }

    /// The elements of all fields of a name.
    package func elements(_ name: String) -> [String] {
        fields.filter { $0.name == name }.flatMap { $0.value.split(separator: ",", omittingEmptySubsequences: false) }
            .map { String($0).trimmed }
    }

    /// How many fields have a name.
    package func count(_ name: String) -> Int { fields.count { $0.name == name } }
}

extension String {
    /// The text without blanks and control characters at its ends.
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character <= " " || character == "\u{7F}" }
        return String(String(drop(while: isBlank).reversed()).drop(while: isBlank).reversed())
    }
}
