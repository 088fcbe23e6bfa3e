// The path that routing compares.
// What is forwarded is always the target as it came.

/// A request path in the form in which an origin would understand it.
///
/// Origins decode `%61`, join `//` and resolve `..` before they look a path up. If routing compared the raw text, a
/// client could reach `/admin` through `/public/%2e%2e/admin`. So unreserved characters are decoded (RFC 3986
/// §6.2.2.2), dot segments removed (§5.2.4) and slashes joined, for the comparison only. `%2F` stays encoded: it is
/// data. What stays encoded has its digits in upper case, so that `%2f` is no other path (§6.2.2.1).
package struct NormalPath: Sendable {
    /// The normal form; the original slice when nothing had to change.
    package let bytes: ArraySlice<UInt8>

    /// Normalises `path`, which begins with `/` or is `*`.
    package init(_ path: ArraySlice<UInt8>) {
        bytes = Self.needsWork(path) ? Self.removingDotSegments(Self.normalisingEncoding(path))[...] : path
    }

    private static func needsWork(_ path: ArraySlice<UInt8>) -> Bool {
        var previous: UInt8 = 0
        for byte in path {
            if byte == UInt8(ascii: "%") { return true }
            if previous == UInt8(ascii: "/"), byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") { return true }
            previous = byte
        }
        return false
    }

    private static func normalisingEncoding(_ path: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        var index = path.startIndex
        while index < path.endIndex {
            if path[index] == UInt8(ascii: "%"), index + 2 < path.endIndex,
                let high = hexDigit(path[index + 1]), let low = hexDigit(path[index + 2])
            {
                let byte = high << 4 | low
                if isUnreserved(byte) { result.append(byte) } else { appendEncoded(byte, to: &result) }
                index += 3
            } else {
                result.append(path[index])
                index += 1
            }
        }
        return result
    }

    /// One pass, one array: `..` cuts off what the last segment has added.
    private static func removingDotSegments(_ path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var result: [UInt8] = []
        result.reserveCapacity(path.count + 1)
        var endsOpen = true
        var start = 0
        while start < path.count {
            guard path[start] != slash else {
                endsOpen = true
                start += 1
                continue
            }
            var end = start + 1
            while end < path.count, path[end] != slash { end += 1 }
            switch dots(path, start..<end) {
            case 1: endsOpen = true
            case 2:
                while let byte = result.popLast(), byte != slash {}
                endsOpen = true
            default:
                result.append(slash)
                result.append(contentsOf: path[start..<end])
                endsOpen = false
            }
            start = end
        }
        if endsOpen { result.append(slash) }
        return result
    }

    /// 1 or 2 for a segment that is `.` or `..`, 0 for any other.
    private static func dots(_ path: [UInt8], _ segment: Range<Int>) -> Int {
        let dot = UInt8(ascii: ".")
        guard segment.count <= 2, path[segment.lowerBound] == dot, path[segment.upperBound - 1] == dot else { return 0 }
        return segment.count
    }

    /// Appends a byte percent-encoded, in the normal form.
    static func appendEncoded(_ byte: UInt8, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "%"))
        output.append(upperHexDigit(byte >> 4))
        output.append(upperHexDigit(byte & 15))
    }

    private static func upperHexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "~")
        }
    }
}
