// Fields that end at the next hop (RFC 9110 §7.6.1), and how far a sender may nominate others.
// Not for framing fields, which HeadSerializer writes anew.

/// What must not cross the proxy.
package enum HopByHop {
    /// Fields that are always meant for one hop. Proxy-Authenticate and Proxy-Authorization are not among them: a
    /// reverse proxy that does not authenticate passes them (RFC 9110 §11.7).
    static var always: KnownFieldSet {
        KnownFieldSet(.connection, .keepAlive, .proxyConnection, .te, .http2Settings)
    }

    /// True if a received Connection line, removed or not, nominates this line and the nomination is honoured.
    ///
    /// It is honoured only for fields without a meaning to the proxy: nobody may strip Host, framing, authentication,
    /// or what the proxy says about the client by calling it a matter of one hop.
    static func isNominated(_ line: FieldLine, in fields: borrowing HeaderFields) -> Bool {
        guard line.known == .other else { return false }
        let span = fields.bytes.span
        return fields.nominations.contains(line.name, in: span) && !isForwardedFamily(span, line.name)
    }

    /// True for X-Real-IP and every name that begins with `x-forwarded-`, an underscore counting as a hyphen: CGI and
    /// all that descends from it make one variable of both spellings (RFC 3875 §4.1.18).
    static func isForwardedFamily(_ span: borrowing Span<UInt8>, _ name: Range<Int>) -> Bool {
        guard name.count >= 9, ASCII.lower(span[name.lowerBound]) == 0x78 else { return false }
        switch ASCII.lower(span[name.lowerBound + 2]) {
        case 0x66: return begins(span, name, with: "x-forwarded-")
        case 0x72: return name.count == 9 && begins(span, name, with: "x-real-ip")
        default: return false
        }
    }

    /// True if a name begins with a prefix given in lower case, an underscore counting as a hyphen.
    private static func begins(_ span: borrowing Span<UInt8>, _ name: Range<Int>, with prefix: String) -> Bool {
        guard name.count >= prefix.utf8.count else { return false }
        var index = name.lowerBound
        for byte in prefix.utf8 {
            let found = span[index] == underscore ? 0x2D : ASCII.lower(span[index])
            guard found == byte else { return false }
            index += 1
        }
        return true
    }

    private static let underscore: UInt8 = 0x5F

    /// True for a field of that family that is spelled with an underscore.
    static func isFoldedSpelling(_ span: borrowing Span<UInt8>, _ name: Range<Int>) -> Bool {
        guard isForwardedFamily(span, name) else { return false }
        for index in name where span[index] == underscore { return true }
        return false
    }

    /// True if an Upgrade line is there that may go on.
    static func hasPassableUpgrade(_ fields: borrowing HeaderFields) -> Bool {
        guard fields.mayContain(.upgrade) else { return false }
        for line in fields.lines where line.known == .upgrade && !line.removed {
            if isPassableUpgrade(line, fields) { return true }
        }
        return false
    }

    /// False for a line that offers another version of HTTP or TLS: the endpoint would then speak a protocol that the
    /// proxy does not follow, past every rule of the proxy.
    static func isPassableUpgrade(_ line: FieldLine, _ fields: borrowing HeaderFields) -> Bool {
        let span = fields.bytes.span
        var elements = ListElements(line.value)
        var isAny = false
        while let element = elements.next(in: span) {
            var end = element.lowerBound
            while end < element.upperBound, span[end] != ASCII.slash { end += 1 }
            let name = ASCII.trim(span, element.lowerBound..<end)
            if name.isEmpty { continue }
            isAny = true
            for refused in ["h2c", "h2", "http", "tls"] where ASCII.matches(span, name, lowercase: refused) {
                return false
            }
        }
        return isAny
    }
}
