// The one text form of each IP address (RFC 5952).
// Not for reading addresses.

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal for IPv4; for IPv6 the form of RFC 5952, IPv4-mapped addresses with their dotted tail (§5).
    package var description: String {
        var output: [UInt8] = []
        append(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends the text form to an array.
    package func append(to output: inout [UInt8]) {
        switch self {
        case .v4(let number):
            Self.appendDotted(number, to: &output)
        case .v6(0, let low) where low &>> 32 == 0xFFFF:
            output.append(contentsOf: "::ffff:".utf8)
            Self.appendDotted(UInt32(truncatingIfNeeded: low), to: &output)
        case .v6(let high, let low):
            Self.appendGroups(high, low, to: &output)
        }
    }

    private static func appendDotted(_ number: UInt32, to output: inout [UInt8]) {
        for shift in [24, 16, 8, 0] as [UInt32] {
            ASCII.appendDecimal(Int((number &>> shift) & 0xFF), to: &output)
            if shift > 0 { output.append(0x2E) }
        }
    }

    private static func group(_ index: Int, _ high: UInt64, _ low: UInt64) -> UInt64 {
        let word = index < 4 ? high : low
        return word &>> UInt64(48 - 16 * (index & 3)) & 0xFFFF
    }

    /// The longest run of at least two zero groups, the first of equal ones (RFC 5952 §4.2).
    private static func zeroRun(_ high: UInt64, _ low: UInt64) -> Range<Int> {
        var best = 8..<8
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, group(end, high, low) == 0 { end += 1 }
            if end - start >= 2, end - start > best.count { best = start..<end }
            start = end + 1
        }
        return best
    }

    private static func appendGroups(_ high: UInt64, _ low: UInt64, to output: inout [UInt8]) {
        let zeros = zeroRun(high, low)
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound {
                output.append(contentsOf: "::".utf8)
                index = zeros.upperBound
                continue
            }
            if index > 0, index != zeros.upperBound { output.append(ASCII.colon) }
            appendHex(group(index, high, low), to: &output)
            index += 1
        }
    }

    private static func appendHex(_ group: UInt64, to output: inout [UInt8]) {
        var isLeading = true
        for shift in [12, 8, 4, 0] as [UInt64] {
            let digit = UInt8(truncatingIfNeeded: group &>> shift & 0xF)
            if isLeading, digit == 0, shift > 0 { continue }
            isLeading = false
            output.append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
        }
    }
}
