// What the endpoint is told about the client: X-Forwarded-* or Forwarded (RFC 7239), one line of each.
// Not for deciding which clients are trusted.

extension HeadSerializer {
    /// Received fields that the proxy's own statements take the place of.
    ///
    /// Of an untrusted client nothing in either vocabulary passes, or the endpoint could read a forged address in the
    /// one that the proxy does not write.
    static func replacedFields(_ rewrite: borrowing RequestRewrite) -> KnownFieldSet {
        switch (rewrite.forwarded, rewrite.trusted) {
        case (.none, _): .none
        case (.xForwarded, true): KnownFieldSet(.xForwardedFor)
        case (.rfc7239, true): KnownFieldSet(.forwarded)
        case (.xForwarded, false), (.rfc7239, false):
            KnownFieldSet(.xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .xRealIP, .forwarded)
        }
    }

    /// Received fields of the X-Forwarded family, beside those, that do not go on.
    static func replacedClaims(_ rewrite: borrowing RequestRewrite) -> DroppedClaims {
        rewrite.forwarded == .none ? .none : rewrite.trusted ? .folded : .all
    }

    /// Appends the statements about the client.
    static func appendForwarded(
        _ head: borrowing RequestHead, _ rewrite: borrowing RequestRewrite, to output: inout [UInt8]
    ) {
        switch rewrite.forwarded {
        case .none: break
        case .xForwarded: appendXForwarded(head, rewrite, to: &output)
        case .rfc7239: appendRFC7239(head, rewrite, to: &output)
        }
    }

    private static func appendXForwarded(
        _ head: borrowing RequestHead, _ rewrite: borrowing RequestRewrite, to output: inout [UInt8]
    ) {
        guard rewrite.trusted else { return appendOwnXForwarded(head, rewrite, to: &output) }
        let hasAddress = !rewrite.clientAddress.isEmpty
        let mark = output.count
        output.append(contentsOf: HeadText.xForwardedFor)
        let joined = appendEarlier(.xForwardedFor, head.fields, to: &output)
        if joined, hasAddress { output.append(contentsOf: HeadText.comma) }
        output.append(contentsOf: rewrite.clientAddress)
        if joined || hasAddress {
            output.append(contentsOf: HeadText.lineEnd)
        } else {
            output.removeSubrange(mark...)
        }
        if !head.fields.contains(.xForwardedProto) {
            output.append(contentsOf: protoLine(rewrite.scheme))
        }
        if !head.fields.contains(.xForwardedHost) {
            appendLine(HeadText.xForwardedHost, head.fields.bytes, head.authorityRange, to: &output)
        }
    }

    /// Appends what the proxy itself knows of a client whose own statements do not count.
    private static func appendOwnXForwarded(
        _ head: borrowing RequestHead, _ rewrite: borrowing RequestRewrite, to output: inout [UInt8]
    ) {
        let rest =
            switch rewrite.scheme {
            case .http: HeadText.protoAndHostHTTP
            case .https: HeadText.protoAndHostHTTPS
            }
        if rewrite.clientAddress.isEmpty {
            output.append(contentsOf: rest.dropFirst(HeadText.lineEnd.count))
        } else {
            output.append(contentsOf: HeadText.xForwardedFor)
            output.append(contentsOf: rewrite.clientAddress)
            output.append(contentsOf: rest)
        }
        output.append(contentsOf: head.fields.bytes[head.authorityRange])
        output.append(contentsOf: HeadText.lineEnd)
    }

    private static func protoLine(_ scheme: ForwardedScheme) -> [UInt8] {
        switch scheme {
        case .http: HeadText.xForwardedProtoHTTP
        case .https: HeadText.xForwardedProtoHTTPS
        }
    }

    /// Appends the received values of a field, comma-separated; false if there were none.
    private static func appendEarlier(
        _ field: KnownField, _ fields: borrowing HeaderFields, to output: inout [UInt8]
    ) -> Bool {
        var isAny = false
        for line in fields.lines where line.known == field && !line.removed && !line.value.isEmpty {
            if isAny { output.append(contentsOf: HeadText.comma) }
            output.append(contentsOf: fields.bytes[line.value])
            isAny = true
        }
        return isAny
    }

    private static func appendRFC7239(
        _ head: borrowing RequestHead, _ rewrite: borrowing RequestRewrite, to output: inout [UInt8]
    ) {
        output.append(contentsOf: HeadText.forwarded)
        if rewrite.trusted, areElements(.forwarded, head.fields), appendEarlier(.forwarded, head.fields, to: &output) {
            output.append(contentsOf: HeadText.comma)
        }
        output.append(contentsOf: HeadText.nodeFor)
        appendNode(rewrite.clientAddress, to: &output)
        output.append(contentsOf: HeadText.nodeHost)
        appendQuoted(head.fields.bytes, head.authorityRange, to: &output)
        output.append(contentsOf: HeadText.nodeProto)
        output.append(contentsOf: rewrite.scheme.name.utf8)
        output.append(contentsOf: HeadText.lineEnd)
    }

    /// True if nothing in the received values can swallow or change an element that is put behind them.
    private static func areElements(_ field: KnownField, _ fields: borrowing HeaderFields) -> Bool {
        let span = fields.bytes.span
        for line in fields.lines where line.known == field && !line.removed {
            guard isQuotedWell(span, line.value) else { return false }
        }
        return true
    }

    /// True if each quoted string is a whole value (RFC 7239 §4): begins behind `=`, is closed, and is followed by a
    /// separator or the end. Elsewhere neither quotes nor backslashes occur, which recipients could read differently.
    private static func isQuotedWell(_ span: borrowing Span<UInt8>, _ value: Range<Int>) -> Bool {
        var index = value.lowerBound
        while index < value.upperBound {
            switch span[index] {
            case 0x5C: return false
            case 0x22:
                guard index > value.lowerBound, span[index - 1] == 0x3D else { return false }
                guard let end = endOfQuoted(span, index + 1..<value.upperBound) else { return false }
                index = end
            default: index += 1
            }
        }
        return true
    }

    /// Where a quoted string ends whose text begins with the range; nil if it is not closed or something else than a
    /// separator follows it.
    private static func endOfQuoted(_ span: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        var index = range.lowerBound
        while index < range.upperBound, span[index] != 0x22 { index += span[index] == 0x5C ? 2 : 1 }
        guard index < range.upperBound else { return nil }
        let end = index + 1
        guard end < range.upperBound else { return end }
        let next = span[end]
        return next == ASCII.comma || next == 0x3B || ASCII.isBlank(next) ? end : nil
    }

    /// An address as a node identifier: IPv6 in brackets and quotes, an absent one `unknown` (RFC 7239 §6).
    private static func appendNode(_ address: [UInt8], to output: inout [UInt8]) {
        guard !address.isEmpty else {
            output.append(contentsOf: HeadText.unknown)
            return
        }
        guard address.contains(ASCII.colon) else {
            output.append(contentsOf: address)
            return
        }
        output.append(contentsOf: HeadText.literalStart)
        output.append(contentsOf: address)
        output.append(contentsOf: HeadText.literalEnd)
    }

    /// A token as it is, anything else in quotes. A valid host holds neither quotes nor backslashes.
    private static func appendQuoted(_ bytes: [UInt8], _ range: Range<Int>, to output: inout [UInt8]) {
        let isToken = ASCII.isToken(bytes.span, range)
        if !isToken { output.append(0x22) }
        output.append(contentsOf: bytes[range])
        if !isToken { output.append(0x22) }
    }
}
