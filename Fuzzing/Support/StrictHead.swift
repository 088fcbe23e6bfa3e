// A second reading of heads, written independently of the proxy's own: whatever the proxy sends on has to satisfy it.
// Deliberately simple and slow: whole arrays, no increments, no memory kept.

/// A head as a strict recipient reads it.
package struct StrictHead {
    /// One field, its name in lower case, its value without blanks around it.
    package struct Field {
        /// In lower case.
        package var name: String
        /// Without blanks around it.
        package var value: [UInt8]
    }

    /// The first line without its line end.
    package var firstLine: [UInt8]
    /// The fields in order.
    package var fields: [Field] = []

    /// Reads exactly one head. Nil says that it breaks RFC 9112 §2, §3, §4 or §5, with the reason in `why`.
    package init?(_ bytes: ArraySlice<UInt8>, why: inout String) {
        guard let lines = Self.lines(bytes) else {
            why = "line ends"
            return nil
        }
        guard let first = lines.first, !first.isEmpty else {
            why = "first line"
            return nil
        }
        firstLine = Array(first)
        for line in lines.dropFirst() {
            guard let field = Self.field(line) else {
                why = "field line \(readable(line))"
                return nil
            }
            fields.append(field)
        }
    }

    /// The values of all fields of a name.
    package func values(_ name: String) -> [[UInt8]] { fields.filter { $0.name == name }.map(\.value) }

    /// The values of all fields of a name, as texts in lower case.
    package func texts(_ name: String) -> [String] {
        values(name).map { String(decoding: $0, as: UTF8.self).lowercased() }
    }

    /// The elements of all fields of a name, in lower case and without blanks, empty ones left out.
    package func elements(_ name: String) -> [String] {
        texts(name).flatMap { $0.split(separator: ",") }.map(Self.withoutBlanks).filter { !$0.isEmpty }
    }

    private static func withoutBlanks(_ text: Substring) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        return String(String(text.drop(while: isBlank).reversed()).drop(while: isBlank).reversed())
    }

    /// The words of the first line; single spaces part them.
    package var words: [String] {
        firstLine.split(separator: 0x20, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The lines of a head that ends with an empty one; nil if a control byte stands anywhere else.
    private static func lines(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var lines: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var index = start
        while index < bytes.endIndex {
            if bytes[index] == 13 {
                guard index + 1 < bytes.endIndex, bytes[index + 1] == 10 else { return nil }
                if index == start { return index + 2 == bytes.endIndex ? lines : nil }
                lines.append(bytes[start..<index])
                index += 2
                start = index
                continue
            }
            guard bytes[index] >= 32 && bytes[index] != 127 || bytes[index] == 9 else { return nil }
            index += 1
        }
        return nil
    }

    private static func field(_ line: ArraySlice<UInt8>) -> Field? {
        guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex else { return nil }
        let name = line[..<colon]
        guard name.allSatisfy(isToken) else { return nil }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 32 || first == 9 { value.removeFirst() }
        while let last = value.last, last == 32 || last == 9 { value.removeLast() }
        return Field(name: String(decoding: name, as: UTF8.self).lowercased(), value: Array(value))
    }

    /// True for `tchar` (RFC 9110 §5.6.2).
    package static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension StrictHead {
    /// Where the content ends, by the fields alone.
    package enum Framing: Equatable {
        /// There is none.
        case none
        /// After so many bytes.
        case length(Int)
        /// With the last chunk.
        case chunked
    }

    /// The framing, nil if there is more than one statement about it or one that is not exact.
    package var framing: Framing? {
        let lengths = values("content-length")
        let codings = texts("transfer-encoding")
        guard lengths.count + codings.count <= 1 else { return nil }
        if let coding = codings.first { return coding == "chunked" ? .chunked : nil }
        guard let length = lengths.first else { return Framing.none }
        guard !length.isEmpty, length.count < 20, length.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(String(decoding: length, as: UTF8.self)).map(Framing.length)
    }

    /// The length of the first head in a stream, with its empty line; nil while it is not complete.
    package static func length(in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in bytes.startIndex...(bytes.endIndex - 4) where bytes[index] == 13 {
            if bytes[index + 1] == 10, bytes[index + 2] == 13, bytes[index + 3] == 10 {
                return index + 4 - bytes.startIndex
            }
        }
        return nil
    }
}
