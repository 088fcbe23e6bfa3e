// Chunked bodies read the simple way: all at once, sizes with the standard library.
// Not for judging what a size line or a trailer may hold besides: only for where data and body end.

/// A chunked body that is complete.
package struct NaiveChunks {
    /// The data of all chunks.
    package var data: [UInt8] = []
    /// Bytes of the body, its final empty line included.
    package var length = 0
    /// What follows the size of each chunk on its line.
    package var extensions: [[UInt8]] = []
    /// Names of the fields in the trailer section, in lower case.
    package var trailerNames: [String] = []

    /// What can be said about bytes that are no complete body.
    package enum Failure: Error { case incomplete, malformed }

    /// Reads a body from the beginning of `bytes`.
    package init(_ bytes: ArraySlice<UInt8>) throws(Failure) {
        var rest = bytes
        while true {
            let line = try Self.line(&rest)
            let digits = line.prefix { ($0 | 32 >= 97 && $0 | 32 <= 102) || (48...57).contains($0) }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { throw .malformed }
            extensions.append(Array(line.dropFirst(digits.count)))
            if size == 0 { break }
            guard rest.count >= size else { throw .incomplete }
            data += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard try Self.line(&rest).isEmpty else { throw .malformed }
        }
        while true {
            let line = try Self.line(&rest)
            if line.isEmpty { break }
            trailerNames.append(
                String(decoding: line.prefix { $0 != 0x3A }, as: UTF8.self).lowercased().filter { $0 > " " })
        }
        length = rest.startIndex - bytes.startIndex
    }

    /// Takes a line that CR LF ends.
    private static func line(_ rest: inout ArraySlice<UInt8>) throws(Failure) -> ArraySlice<UInt8> {
        guard let end = rest.firstIndex(of: 13) else { throw .incomplete }
        guard end + 1 < rest.endIndex else { throw .incomplete }
        guard rest[end + 1] == 10 else { throw .malformed }
        defer { rest = rest[(end + 2)...] }
        return rest[..<end]
    }
}
