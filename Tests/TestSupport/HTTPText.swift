// Just enough HTTP to see in a test where messages end.
// Deliberately none of the proxy's own parsing.

/// Looks into messages.
package enum HTTPText {
    /// The length of the head at the beginning of `bytes`, with its empty line.
    package static func headLength(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...(bytes.count - 4) where bytes[index] == 13 {
            if bytes[index + 1] == 10, bytes[index + 2] == 13, bytes[index + 3] == 10 { return index + 4 }
        }
        return nil
    }

    /// The lines of a head, without the empty ones at its end.
    package static func lines(_ head: String) -> [String] {
        head.split(separator: "\r\n", omittingEmptySubsequences: true).map(String.init)
    }

    /// The values of all fields of a name, in lower case and without blanks around them.
    package static func values(of name: String, in head: String) -> [String] {
        lines(head).dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else {
                return nil
            }
            return line[line.index(after: colon)...].lowercased().trimmingBlanks()
        }
    }

    /// The value of the first field of a name, as it is spelled.
    package static func value(of name: String, in head: String) -> String? {
        lines(head).dropFirst().lazy.compactMap { line -> String? in
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else {
                return nil
            }
            return String(line[line.index(after: colon)...]).trimmingBlanks()
        }.first
    }

    /// Where a chunked body that begins at `start` ends, trailers included; nil while it is not complete.
    package static func endOfChunks(_ bytes: [UInt8], from start: Int) -> Int? {
        var position = start
        while let line = lineEnd(bytes, from: position) {
            guard let size = size(bytes[position..<line]) else { return nil }
            position = line + 2
            if size == 0 { return endOfTrailers(bytes, from: position) }
            guard size <= bytes.count else { return nil }
            position += size + 2
            if position > bytes.count { return nil }
        }
        return nil
    }

    /// The data of a chunked body, without its framing; nil unless the body is complete and well formed.
    package static func unchunked(_ body: [UInt8]) -> [UInt8]? {
        guard let end = endOfChunks(body, from: 0), end == body.count else { return nil }
        var data: [UInt8] = []
        var position = 0
        while let line = lineEnd(body, from: position), let size = size(body[position..<line]), size > 0 {
            data += body[(line + 2)..<(line + 2 + size)]
            position = line + 2 + size + 2
        }
        return data
    }

    private static func endOfTrailers(_ bytes: [UInt8], from start: Int) -> Int? {
        var position = start
        while let line = lineEnd(bytes, from: position) {
            if line == position { return line + 2 }
            position = line + 2
        }
        return nil
    }

    private static func lineEnd(_ bytes: [UInt8], from start: Int) -> Int? {
        guard start + 1 < bytes.count else { return nil }
        return (start..<(bytes.count - 1)).first { bytes[$0] == 13 && bytes[$0 + 1] == 10 }
    }

    private static func size(_ line: ArraySlice<UInt8>) -> Int? {
        let digits = line.prefix { ($0 >= 48 && $0 <= 57) || ($0 | 32 >= 97 && $0 | 32 <= 102) }
        return Int(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}

extension String {
    /// The text without spaces and tabs at its ends.
    func trimmingBlanks() -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        let rest = drop(while: isBlank)
        return String(rest.reversed().drop(while: isBlank).reversed())
    }
}
