// Values as JSON, appended in place to an array that keeps its memory: nothing here allocates unless the array is full.
// Not for keys (LogText).

/// Appends values to a line of JSON.
enum JSONText {
    private static let quote: UInt8 = 0x22
    private static let backslash: UInt8 = 0x5C

    /// Bytes from the wire as the inside of a string. What is no ASCII is written as if each byte were a Latin-1
    /// character, so that the line is valid JSON whatever came.
    static func append(_ value: ArraySlice<UInt8>, to output: inout [UInt8]) {
        guard !isPlain(value.span) else {
            output.append(contentsOf: value)
            return
        }
        for byte in value {
            if isPlain(byte) { output.append(byte) } else { appendEscape(byte, to: &output) }
        }
    }

    /// Text as the inside of a string, by the same rule.
    static func append(_ value: String, to output: inout [UInt8]) {
        if isPlain(value) {
            output.append(contentsOf: value.utf8)
        } else {
            append(Array(value.utf8)[...], to: &output)
        }
    }

    /// Text of the operator's as the inside of a string: what is no ASCII stays as it is.
    static func append(text value: String, to output: inout [UInt8]) {
        for byte in value.utf8 {
            if byte >= 0x80 || isPlain(byte) { output.append(byte) } else { appendEscape(byte, to: &output) }
        }
    }

    /// Text as a whole string, behind a key that ends with the opening quote; nothing for none.
    static func append(_ key: [UInt8], _ value: String?, to output: inout [UInt8]) {
        guard let value else { return }
        output.append(contentsOf: key)
        append(value, to: &output)
        output.append(quote)
    }

    private static func isPlain(_ value: String) -> Bool { isPlain(value.utf8.span) }

    private static func isPlain(_ span: borrowing Span<UInt8>) -> Bool {
        for index in span.indices where !isPlain(span[index]) { return false }
        return true
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != quote && byte != backslash
    }

    private static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
        output.append(backslash)
        guard byte != quote, byte != backslash else {
            output.append(byte)
            return
        }
        output.append(0x75)
        output.append(0x30)
        output.append(0x30)
        output.append(hexDigit(byte >> 4))
        output.append(hexDigit(byte & 15))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    /// A whole number.
    static func append(_ number: Int, to output: inout [UInt8]) {
        if number < 0 { output.append(0x2D) }
        appendDigits(number.magnitude, to: &output)
    }

    /// Room is made once for all digits: that costs more than they do.
    private static func appendDigits(_ number: UInt, to output: inout [UInt8]) {
        output.append(addingCapacity: 20) { write(number, to: &$0) }
    }

    private static func write(_ number: UInt, to output: inout OutputSpan<UInt8>) {
        if number >= 10 { write(number / 10, to: &output) }
        output.append(0x30 + UInt8(truncatingIfNeeded: number % 10))
    }

    private static func write(threeDigits number: Int, to output: inout OutputSpan<UInt8>) {
        output.append(0x30 + UInt8(truncatingIfNeeded: number / 100 % 10))
        output.append(0x30 + UInt8(truncatingIfNeeded: number / 10 % 10))
        output.append(0x30 + UInt8(truncatingIfNeeded: number % 10))
    }

    /// A number below 1000 with three digits.
    static func append(threeDigits number: Int, to output: inout [UInt8]) {
        output.append(addingCapacity: 3) { write(threeDigits: number, to: &$0) }
    }

    /// Nanoseconds as milliseconds with three decimals, behind a key; nothing for none.
    static func append(_ key: [UInt8], milliseconds nanoseconds: UInt64?, to output: inout [UInt8]) {
        guard let nanoseconds else { return }
        let micros = UInt(nanoseconds / 1000)
        output.append(contentsOf: key)
        output.append(addingCapacity: 24) { text in
            write(micros / 1000, to: &text)
            text.append(0x2E)
            write(threeDigits: Int(micros % 1000), to: &text)
        }
    }
}
