// Writes headers of the PROXY protocol, of either version.
// What a header says about whom is decided by who sends it.

extension ProxyHeader {
    /// Appends the line of version 1. It has no word for ``local`` but that for ``unknown``.
    package func appendLine(to output: inout [UInt8]) {
        output += Self.word
        guard case .client(let client, let reached) = ends else {
            output += Array("UNKNOWN\r\n".utf8)
            return
        }
        let isV4 = if case .v4 = client.address { true } else { false }
        output += Array((isV4 ? "TCP4 " : "TCP6 ").utf8)
        client.address.append(to: &output)
        output.append(ASCII.space)
        reached.address.append(to: &output)
        output.append(ASCII.space)
        ASCII.appendDecimal(Int(client.port), to: &output)
        output.append(ASCII.space)
        ASCII.appendDecimal(Int(reached.port), to: &output)
        output += [ASCII.carriageReturn, ASCII.lineFeed]
    }

    /// Appends the block of version 2, without anything behind the addresses.
    package func appendBlock(to output: inout [UInt8]) {
        output += Self.signature
        switch ends {
        case .local: output += [0x20, 0, 0, 0]
        case .unknown: output += [0x21, 0, 0, 0]
        case .client(let client, let reached):
            let isV4 = if case .v4 = client.address { true } else { false }
            output += isV4 ? [0x21, 0x11, 0, 12] : [0x21, 0x21, 0, 36]
            Self.append(client.address, to: &output)
            Self.append(reached.address, to: &output)
            for port in [client.port, reached.port] { Self.append(UInt64(port), 2, to: &output) }
        }
    }

    /// The same with both addresses of one family, as both versions demand.
    private var ends: ProxyHeader {
        guard case .client(let client, let reached) = self else { return self }
        switch (client.address, reached.address) {
        case (.v4, .v4), (.v6, .v6): return self
        case (.v4, .v6), (.v6, .v4):
            return .client(
                End(client.address.mapped, port: client.port), reached: End(reached.address.mapped, port: reached.port))
        }
    }

    private static func append(_ address: IPAddress, to output: inout [UInt8]) {
        switch address {
        case .v4(let number): append(UInt64(number), 4, to: &output)
        case .v6(let high, let low):
            append(high, 8, to: &output)
            append(low, 8, to: &output)
        }
    }

    /// Appends the lowest bytes of a number, the highest of them first.
    private static func append(_ number: UInt64, _ count: Int, to output: inout [UInt8]) {
        for index in (0..<count).reversed() { output.append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8))) }
    }
}

extension IPAddress {
    /// The IPv4 address in `::ffff:a.b.c.d`; any other address itself.
    package var unmapped: IPAddress {
        if case .v6(0, let low) = self, low >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: low)) }
        return self
    }

    /// An IPv4 address as IPv6 has it (RFC 4291 §2.5.5.2); any other address itself.
    fileprivate var mapped: IPAddress {
        if case .v4(let number) = self { return .v6(0, 0xFFFF << 32 | UInt64(number)) }
        return self
    }
}
