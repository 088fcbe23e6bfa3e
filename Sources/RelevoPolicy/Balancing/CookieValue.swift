// Finding one cookie in a Cookie field.
// What its value means is the matter of who looks for it.

import RelevoHTTP

/// The value of a cookie in a request.
package enum CookieValue {
    private static let semicolon: UInt8 = 0x3B
    private static let equals: UInt8 = 0x3D
    private static let quote: UInt8 = 0x22

    /// The value of the first cookie of a name: `a=1; b=2` as user agents write it (RFC 6265 §5.4), blanks around names
    /// and values passed over, and without the quotes that a value may stand in (§4.1.1). A semicolon ends a value even
    /// in quotes, as it does for user agents. Names are compared with regard to case.
    ///
    /// - Returns: A slice with the indices of the field's; nil if there is no such cookie, or if the name is empty.
    package static func find(_ name: String, in field: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let range = range(of: name, in: field.span) else { return nil }
        return field[(field.startIndex + range.lowerBound)..<(field.startIndex + range.upperBound)]
    }

    /// Where the value of the first cookie of a name stands.
    package static func range(of name: String, in span: borrowing Span<UInt8>) -> Range<Int>? {
        guard !name.isEmpty else { return nil }
        var begin = 0
        while begin < span.count {
            let end = index(of: semicolon, in: span, begin..<span.count)
            let middle = index(of: equals, in: span, begin..<end)
            if middle < end, isSame(name, span, ASCII.trim(span, begin..<middle)) {
                return withoutQuotes(span, ASCII.trim(span, (middle + 1)..<end))
            }
            begin = end + 1
        }
        return nil
    }

    /// Where a byte stands first, or the end.
    private static func index(of byte: UInt8, in span: borrowing Span<UInt8>, _ range: Range<Int>) -> Int {
        var index = range.lowerBound
        while index < range.upperBound, span[index] != byte { index += 1 }
        return index
    }

    private static func isSame(_ name: String, _ span: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count == name.utf8.count else { return false }
        var index = range.lowerBound
        for byte in name.utf8 {
            guard span[index] == byte else { return false }
            index += 1
        }
        return true
    }

    private static func withoutQuotes(_ span: borrowing Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        guard range.count >= 2, span[range.lowerBound] == quote, span[range.upperBound - 1] == quote else {
            return range
        }
        return (range.lowerBound + 1)..<(range.upperBound - 1)
    }
}
