// IPv4 and IPv6 addresses as numbers, read strictly and written in one form. No names, no zones, no ports.
// Not for socket addresses.

/// An IP address. The order is by family, then by number.
package enum IPAddress: Sendable, Hashable, Comparable {
    /// The address in host byte order.
    case v4(UInt32)
    /// The upper and lower half of the address in host byte order.
    case v6(UInt64, UInt64)

    /// Reads dotted-decimal IPv4 without leading zeros, or IPv6 text (RFC 4291 §2.2) without brackets and zone.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(bytes: bytes.span)
    }

    /// Reads an address that fills the whole span.
    package init?(bytes: borrowing Span<UInt8>) {
        guard bytes.count >= 2, bytes.count <= 45 else { return nil }
        for index in bytes.indices where bytes[index] == ASCII.colon {
            guard let address = Self.readV6(bytes) else { return nil }
            self = address
            return
        }
        guard let number = Self.readV4(bytes, 0..<bytes.count) else { return nil }
        self = .v4(number)
    }

    private static func readV4(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt32? {
        var address: UInt32 = 0
        var parts = 0
        var value: UInt32 = 0
        var digits = 0
        for index in range {
            let byte = bytes[index]
            if byte == 0x2E {
                guard digits > 0, parts < 3 else { return nil }
                address = address &<< 8 | value
                (parts, value, digits) = (parts + 1, 0, 0)
                continue
            }
            guard ASCII.isDigit(byte), digits < 3, digits == 0 || value != 0 else { return nil }
            value = value * 10 + UInt32(byte &- 0x30)
            digits += 1
            guard value <= 255 else { return nil }
        }
        return parts == 3 && digits > 0 ? address &<< 8 | value : nil
    }

    /// The address as its sixteen or four bytes' worth of groups: eight numbers of 16 bits, high first.
    private static func readV6(_ bytes: borrowing Span<UInt8>) -> IPAddress? {
        var reader = V6Reader()
        var index = 0
        while index < bytes.count {
            guard let next = reader.step(bytes, at: index) else { return nil }
            index = next
        }
        return reader.finish()
    }

    /// Reads IPv4 text at a range, for the tail of an IPv6 address.
    fileprivate static func embeddedV4(_ bytes: borrowing Span<UInt8>, from start: Int) -> UInt32? {
        readV4(bytes, start..<bytes.count)
    }
}

/// Collects the groups of an IPv6 address before and after `::`.
private struct V6Reader {
    private var before: (high: UInt64, low: UInt64) = (0, 0)
    private var after: (high: UInt64, low: UInt64) = (0, 0)
    private var beforeCount = 0
    private var afterCount = 0
    private var isCompressed = false
    private var needsGroup = false

    private var count: Int { beforeCount + afterCount }

    /// Reads one group and its separator, or `::`; returns where the next begins.
    mutating func step(_ bytes: borrowing Span<UInt8>, at start: Int) -> Int? {
        if bytes[start] == ASCII.colon {
            guard start + 1 < bytes.count, bytes[start + 1] == ASCII.colon else { return nil }
            guard !isCompressed, !needsGroup else { return nil }
            isCompressed = true
            return start + 2
        }
        var value: UInt64 = 0
        var index = start
        while index < bytes.count, index - start < 4, let digit = ASCII.hexValue(bytes[index]) {
            value = value &<< 4 | UInt64(digit)
            index += 1
        }
        guard index > start else { return nil }
        if index < bytes.count, bytes[index] == 0x2E {
            guard let tail = IPAddress.embeddedV4(bytes, from: start) else { return nil }
            guard push(UInt64(tail &>> 16)), push(UInt64(tail & 0xFFFF)) else { return nil }
            return bytes.count
        }
        guard push(value) else { return nil }
        guard index < bytes.count else { return index }
        guard bytes[index] == ASCII.colon else { return nil }
        if index + 1 < bytes.count, bytes[index + 1] == ASCII.colon { return index }
        needsGroup = true
        return index + 1
    }

    private mutating func push(_ group: UInt64) -> Bool {
        guard count < 8 else { return false }
        needsGroup = false
        if isCompressed {
            after = (after.high &<< 16 | after.low &>> 48, after.low &<< 16 | group)
            afterCount += 1
        } else {
            before = (before.high &<< 16 | before.low &>> 48, before.low &<< 16 | group)
            beforeCount += 1
        }
        return true
    }

    func finish() -> IPAddress? {
        guard !needsGroup, isCompressed ? count < 8 : count == 8 else { return nil }
        guard isCompressed else { return .v6(before.high, before.low) }
        var (high, low) = before
        for _ in beforeCount..<8 { (high, low) = (high &<< 16 | low &>> 48, low &<< 16) }
        return .v6(high | after.high, low | after.low)
    }
}
