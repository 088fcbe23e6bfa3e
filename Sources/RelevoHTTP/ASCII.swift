// Questions about single bytes and short runs of them: token characters, digits, letters, list elements.
// Knows no field and no message; nothing here allocates or can trap on any input.

/// Character classes of RFC 9110 §5.6 and small comparisons over spans.
package enum ASCII {
    /// HTAB, one of the two blanks.
    package static let tab: UInt8 = 0x09
    /// LF: ends a line, behind CR.
    package static let lineFeed: UInt8 = 0x0A
    /// CR: never stands without LF.
    package static let carriageReturn: UInt8 = 0x0D
    /// SP, one of the two blanks.
    package static let space: UInt8 = 0x20
    /// Separates the elements of a list.
    package static let comma: UInt8 = 0x2C
    /// Stands between the parts of some values.
    package static let dash: UInt8 = 0x2D
    /// Begins a path.
    package static let slash: UInt8 = 0x2F
    /// Ends a field name; separates host and port.
    package static let colon: UInt8 = 0x3A
    /// Begins a query.
    package static let questionMark: UInt8 = 0x3F

    /// True for `tchar` (RFC 9110 §5.6.2). Two bit masks instead of a table: no memory is touched.
    @inlinable @inline(__always)
    package static func isToken(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        let mask = byte < 64 ? low : high
        return byte < 128 && (mask &>> UInt64(byte & 63)) & 1 == 1
    }

    /// True for space and horizontal tab, the only members of `OWS`.
    @inlinable @inline(__always)
    package static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// True for what a field value may hold: HTAB, SP, VCHAR and obs-text (RFC 9110 §5.5).
    @inlinable @inline(__always)
    package static func isFieldContent(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == 0x09
    }

    /// True for `0`…`9`.
    @inlinable @inline(__always)
    package static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// True for `A`…`Z` and `a`…`z`.
    @inlinable @inline(__always)
    package static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    /// The value of a hexadecimal digit of either case, nil for any other byte.
    @inlinable @inline(__always)
    package static func hexValue(_ byte: UInt8) -> Int? {
        if isDigit(byte) { return Int(byte &- 0x30) }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? Int(letter) + 10 : nil
    }

    /// The byte with `A`…`Z` made lower case, all others as they are.
    @inlinable @inline(__always)
    package static func lower(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// The lower-case bytes of a range of at most eight, as one big-endian number.
    @inlinable @inline(__always)
    package static func packLower(_ span: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var word: UInt64 = 0
        for index in range { word = word &<< 8 | UInt64(lower(span[index])) }
        return word
    }

    /// Eight bytes as one number, the first in the lowest place. The compiler makes one load of it.
    @inlinable @inline(__always)
    package static func word(_ span: borrowing Span<UInt8>, at index: Int) -> UInt64 {
        let eight = span.extracting(index..<(index &+ 8))
        let low = UInt64(eight[0]) | UInt64(eight[1]) &<< 8 | UInt64(eight[2]) &<< 16 | UInt64(eight[3]) &<< 24
        let high = UInt64(eight[4]) | UInt64(eight[5]) &<< 8 | UInt64(eight[6]) &<< 16 | UInt64(eight[7]) &<< 24
        return low | high &<< 32
    }

    /// Marks the bytes of a word that are below a limit of at most 128. Only the lowest mark is certain.
    @inlinable @inline(__always)
    package static func marks(_ word: UInt64, below limit: UInt64) -> UInt64 {
        (word &- ones &* limit) & ~word & ones &<< 7
    }

    /// Where field content ends: the first control byte but tab from an index on, or the end of the span.
    @inlinable
    package static func endOfContent(_ span: borrowing Span<UInt8>, from start: Int) -> Int {
        let count = span.count
        var index = start
        while index + 8 <= count {
            let word = word(span, at: index)
            let controls = marks(word, below: 0x20) | marks(word ^ ones &* 0x7F, below: 1)
            index += controls == 0 ? 8 : controls.trailingZeroBitCount &>> 3
            if controls == 0 { continue }
            guard span[index] == tab else { return index }
            index += 1
        }
        while index < count, isFieldContent(span[index]) { index += 1 }
        return index
    }

    /// The eight ASCII bytes of a word with `A`…`Z` made lower case; nil if one of them is not ASCII.
    @inlinable @inline(__always)
    package static func lowerWord(_ word: UInt64) -> UInt64? {
        guard word & ones &<< 7 == 0 else { return nil }
        let capitals = (word &+ ones &* 0x3F) & ~(word &+ ones &* 0x25) & ones &<< 7
        return word | capitals &>> 2
    }

    /// One in each of eight bytes.
    @inlinable @inline(__always)
    package static var ones: UInt64 { 0x0101_0101_0101_0101 }

    /// The range without blanks at either end.
    @inlinable
    package static func trim(_ span: borrowing Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, isBlank(span[start]) { start += 1 }
        while end > start, isBlank(span[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Compares a range with a name that is already lower case, ignoring the case of the range.
    @inlinable
    package static func matches(
        _ span: borrowing Span<UInt8>, _ range: Range<Int>, lowercase name: String
    ) -> Bool {
        guard range.count == name.utf8.count else { return false }
        var index = range.lowerBound
        for byte in name.utf8 {
            guard lower(span[index]) == byte else { return false }
            index += 1
        }
        return true
    }

    /// True if the range holds at least one byte and only token characters.
    @inlinable
    package static func isToken(_ span: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range where !isToken(span[index]) { return false }
        return !range.isEmpty
    }

    /// Appends a number in decimal without making a string.
    package static func appendDecimal(_ number: Int, to output: inout [UInt8]) {
        guard number >= 10 else {
            output.append(0x30 &+ UInt8(truncatingIfNeeded: max(number, 0)))
            return
        }
        appendDecimal(number / 10, to: &output)
        output.append(0x30 &+ UInt8(truncatingIfNeeded: number % 10))
    }

    /// Appends a number as 16 hexadecimal digits.
    package static func append(hexadecimal number: UInt64, to output: inout [UInt8]) {
        output.append(addingCapacity: 16) { digits in
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: number &>> shift) & 15
                digits.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            }
        }
    }
}

/// Walks over the comma-separated elements of one value (RFC 9110 §5.6.1), blanks trimmed. Empty elements are
/// reported: who asks decides whether they are harmless. Knows no quoted strings.
package struct ListElements: Sendable {
    private var position: Int
    private let end: Int
    private var isDone = false

    /// Starts at the beginning of a value.
    package init(_ value: Range<Int>) {
        position = value.lowerBound
        end = value.upperBound
    }

    /// The next element, nil after the last one. A value without a comma has one element, which may be empty.
    package mutating func next(in span: borrowing Span<UInt8>) -> Range<Int>? {
        guard !isDone else { return nil }
        var stop = position
        while stop < end, span[stop] != ASCII.comma { stop += 1 }
        let element = ASCII.trim(span, position..<stop)
        isDone = stop >= end
        position = stop + 1
        return element
    }
}
