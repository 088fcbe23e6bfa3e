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

    private static func removingDotSegments(_ path: [UInt8]) -> [UInt8] {
        let dot = [UInt8(ascii: ".")]
        let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
        var kept: [ArraySlice<UInt8>] = []
        for part in parts {
            if part.elementsEqual(dot + dot) {
                _ = kept.popLast()
            } else if !part.elementsEqual(dot) {
                kept.append(part)
            }
        }
        let endsOpen =
            path.last == UInt8(ascii: "/")
            || parts.last.map { $0.elementsEqual(dot) || $0.elementsEqual(dot + dot) } ?? true
        var result: [UInt8] = []
        for part in kept {
            result.append(UInt8(ascii: "/"))
            result += part
        }
        if endsOpen || kept.isEmpty { result.append(UInt8(ascii: "/")) }
        return result
    }

    /// Appends a byte percent-encoded, in the normal form.
    static func appendEncoded(_ byte: UInt8, to output: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
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
