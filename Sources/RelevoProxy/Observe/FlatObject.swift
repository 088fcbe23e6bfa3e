// The pairs of a line of JSON as AccessLogLine writes it: one flat object, whose strings have no raw quotes.
// For lines of the access log, not for JSON of others.

/// Finds keys and values in a flat object. What is cut off anywhere ends early and does no harm.
enum FlatObject {
    /// Calls `body` with the key, without its quotes, and the value as it is written, of each pair.
    static func forEachPair(of object: [UInt8], _ body: (_ key: Range<Int>, _ value: Range<Int>) -> Void) {
        var index = 1
        while index < object.count, object[index] == 0x22 {
            let key = string(object, at: index)
            let start = key.upperBound + 2
            guard start < object.count else { return }
            let end = valueEnd(object, at: start)
            body(key, start..<end)
            index = end + 1
        }
    }

    /// What is between the quotes of the string that begins here.
    static func string(_ object: [UInt8], at start: Int) -> Range<Int> {
        var end = start + 1
        while end < object.count, object[end] != 0x22 { end += object[end] == 0x5C ? 2 : 1 }
        return start + 1..<max(start + 1, min(end, object.count))
    }

    private static func valueEnd(_ object: [UInt8], at start: Int) -> Int {
        if object[start] == 0x22 { return min(string(object, at: start).upperBound + 1, object.count) }
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
        return min(end, object.count)
    }
}
