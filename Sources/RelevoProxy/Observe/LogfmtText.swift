// A line of JSON as `key=value` pairs: what is written is the same, and stands in one place only (AccessLogLine).
// For lines of the access log, not for JSON of others.

/// Turns a flat object into pairs. What is in strings keeps its escapes, which mean the same in both forms.
enum LogfmtText {
    /// Appends the object with its line feed. A list becomes a string.
    static func append(_ object: [UInt8], to output: inout [UInt8]) {
        var index = 1
        var isFirst = true
        while index < object.count, object[index] == 0x22 {
            let key = string(object, at: index)
            if !isFirst { output.append(0x20) }
            isFirst = false
            output += object[key]
            output.append(0x3D)
            index = value(object, at: key.upperBound + 2, to: &output) + 1
        }
        output.append(0x0A)
    }

    /// What is between the quotes of the string that begins here.
    private static func string(_ object: [UInt8], at start: Int) -> Range<Int> {
        var end = start + 1
        while end < object.count, object[end] != 0x22 { end += object[end] == 0x5C ? 2 : 1 }
        return start + 1..<min(end, object.count)
    }

    /// Appends a value; returns the place behind it.
    private static func value(_ object: [UInt8], at start: Int, to output: inout [UInt8]) -> Int {
        guard start < object.count else { return start }
        if object[start] == 0x22 {
            let text = string(object, at: start)
            let isBare = !text.isEmpty && object[text].allSatisfy { $0 > 0x20 && $0 != 0x3D && $0 != 0x5C }
            if isBare { output += object[text] } else { output += [0x22] + object[text] + [0x22] }
            return text.upperBound + 1
        }
        var (end, depth) = (start, 0)
        while end < object.count, depth > 0 || object[end] != 0x2C && object[end] != 0x7D {
            switch object[end] {
            case 0x5B, 0x7B: depth += 1
            case 0x5D, 0x7D: depth -= 1
            case 0x22: end = string(object, at: end).upperBound
            default: break
            }
            end += 1
        }
        let text = object[start..<min(end, object.count)]
        guard text.first == 0x5B else {
            output += text
            return end
        }
        output.append(0x22)
        for byte in text { output += byte == 0x22 || byte == 0x5C ? [0x5C, byte] : [byte] }
        output.append(0x22)
        return end
    }
}
