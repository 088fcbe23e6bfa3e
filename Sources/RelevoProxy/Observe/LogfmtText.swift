// A line of JSON as `key=value` pairs: what is written is the same, and stands in one place only (AccessLogLine).
// For lines of the access log, not for JSON of others.

/// Turns a flat object into pairs. What is in strings keeps its escapes, which mean the same in both forms.
enum LogfmtText {
    /// Appends the object with its line feed. A list becomes a string.
    static func append(_ object: [UInt8], to output: inout [UInt8]) {
        var isFirst = true
        FlatObject.forEachPair(of: object) { key, value in
            if !isFirst { output.append(0x20) }
            isFirst = false
            output += object[key]
            output.append(0x3D)
            append(object, value, to: &output)
        }
        output.append(0x0A)
    }

    private static func append(_ object: [UInt8], _ value: Range<Int>, to output: inout [UInt8]) {
        switch object[value].first {
        case 0x22:
            let text = FlatObject.string(object, at: value.lowerBound)
            let isBare = !text.isEmpty && object[text].allSatisfy { $0 > 0x20 && $0 != 0x3D && $0 != 0x5C }
            if isBare { output += object[text] } else { output += [0x22] + object[text] + [0x22] }
        case 0x5B:
            output.append(0x22)
            for byte in object[value] { output += byte == 0x22 || byte == 0x5C ? [0x5C, byte] : [byte] }
            output.append(0x22)
        default: output += object[value]
        }
    }
}
