// Whose word about a client is taken. Nobody's by default.
// What trusted peers say is read here; what endpoints are told is written by RelevoHTTP's HeadSerializer.

package import RelevoHTTP

/// A range of IP addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct AddressRange: Sendable, Hashable {
    private let base: IPAddress
    private let prefixLength: Int
    /// Whether it holds every address of its family.
    package var isWhole: Bool { prefixLength == 0 }

    /// Reads an address with or without a prefix length; bits behind the prefix do not matter.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let base = IPAddress(first) else { return nil }
        let width =
            switch base {
            case .v4: 32
            case .v6: 128
            }
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let length = Int(parts[1]), length <= width
            else { return nil }
            prefixLength = length
        } else {
            prefixLength = width
        }
        self.base = base
    }

    /// Whether an address lies in the range. An IPv4 address that arrives mapped into IPv6 counts as IPv4.
    package func contains(_ address: IPAddress) -> Bool {
        switch (base, address.unmapped) {
        case (.v4(let left), .v4(let right)):
            return Self.agree(UInt64(left) << 32, UInt64(right) << 32, prefixLength)
        case (.v6(let leftHigh, let leftLow), .v6(let rightHigh, let rightLow)):
            return Self.agree(leftHigh, rightHigh, min(prefixLength, 64))
                && Self.agree(leftLow, rightLow, max(0, prefixLength - 64))
        case (.v4, .v6), (.v6, .v4):
            return false
        }
    }

    /// Whether the first `bits` bits are the same.
    private static func agree(_ left: UInt64, _ right: UInt64, _ bits: Int) -> Bool {
        bits == 0 || (left ^ right) >> UInt64(64 - bits) == 0
    }
}

extension IPAddress {
    /// Reads an element of `X-Forwarded-For`: an address, IPv6 also in brackets. Some gateways write the client's port
    /// behind it, `192.0.2.1:5678` or `[2001:db8::1]:5678`, which says nothing about who it is.
    fileprivate init?(element: ArraySlice<UInt8>) {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var host = element.drop(while: isBlank)
        while let last = host.last, isBlank(last) { host.removeLast() }
        var port: ArraySlice<UInt8>?
        let isBracketed = host.first == UInt8(ascii: "[")
        let colon = UInt8(ascii: ":")
        if isBracketed {
            guard let end = host.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let rest = host[(end + 1)...]
            host = host[(host.startIndex + 1)..<end]
            guard rest.isEmpty || rest.first == colon, host.contains(colon) else { return nil }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else if let first = host.firstIndex(of: colon), host.lastIndex(of: colon) == first {
            port = host[(first + 1)...]
            host = host[..<first]
        }
        if let port {
            guard (1...5).contains(port.count), let number = Int(String(decoding: port, as: UTF8.self)),
                port.allSatisfy({ (0x30...0x39).contains($0) }), number <= 65_535
            else { return nil }
        }
        self.init(String(decoding: host, as: UTF8.self))
    }
}

/// The peers whose word about a client is taken.
package struct TrustedProxies: Sendable, Hashable {
    private let ranges: [AddressRange]

    /// Creates a list.
    package init(_ ranges: [AddressRange]) { self.ranges = ranges }

    /// Whether nobody is trusted, which is the usual case.
    package var isEmpty: Bool { ranges.isEmpty }

    /// Whether a peer is one of them.
    package func trusts(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// Whether a trusted peer's `X-Forwarded-Proto` says that its client came by TLS: the first word of it, as a tier
    /// that adds to what it gets writes behind it.
    package static func sayTLS(_ fields: borrowing HeaderFields) -> Bool {
        guard let line = fields.first(.xForwardedProto) else { return false }
        let value = fields.value(of: line)
        let end = value.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") } ?? value.endIndex
        return ASCII.matches(value.span, 0..<(end - value.startIndex), lowercase: "https")
    }

    /// Bytes of a request's identifier that is taken over at most.
    package static let maxRequestIDBytes = 128

    /// The identifier that a trusted peer sent, if it is fit to be written into heads and log lines.
    package static func requestID(in fields: borrowing HeaderFields) -> [UInt8]? {
        guard fields.count(of: .xRequestID) == 1, let line = fields.first(.xRequestID) else { return nil }
        let value = fields.value(of: line)
        guard (1...maxRequestIDBytes).contains(value.count), value.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        return Array(value)
    }

    /// The client's address according to a trusted peer's `X-Forwarded-For`: read from the right, the first that is
    /// not itself trusted. What stands left of it was claimed by the client and proves nothing. Nil if the fields
    /// name nobody.
    package func client(in fields: borrowing HeaderFields) -> IPAddress? {
        var last: IPAddress?
        for line in fields.lines.reversed() where line.known == .xForwardedFor && !line.removed {
            for part in fields.value(of: line).split(separator: UInt8(ascii: ",")).reversed() {
                guard let address = IPAddress(element: part) else { return last }
                last = address
                if !trusts(address) { return address }
            }
        }
        return last
    }
}
