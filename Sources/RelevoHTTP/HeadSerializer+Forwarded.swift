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
        let mark = output.count
        output.append(contentsOf: "X-Forwarded-For: ".utf8)
        let joined = rewrite.trusted && appendEarlier(.xForwardedFor, head.fields, to: &output)
        if rewrite.clientAddress.isEmpty, !joined {
            output.removeSubrange(mark...)
        } else {
            if joined, !rewrite.clientAddress.isEmpty { output.append(contentsOf: ", ".utf8) }
            output.append(contentsOf: rewrite.clientAddress)
            output.append(contentsOf: "\r\n".utf8)
        }
        if !rewrite.trusted || !head.fields.contains(.xForwardedProto) {
            output.append(contentsOf: "X-Forwarded-Proto: ".utf8)
            output.append(contentsOf: rewrite.scheme.name.utf8)
            output.append(contentsOf: "\r\n".utf8)
        }
        if !rewrite.trusted || !head.fields.contains(.xForwardedHost) {
            appendLine("X-Forwarded-Host: ", head.fields.bytes, head.authorityRange, to: &output)
        }
    }

    /// Appends the received values of a field, comma-separated; false if there were none.
    private static func appendEarlier(
        _ field: KnownField, _ fields: borrowing HeaderFields, to output: inout [UInt8]
    ) -> Bool {
        var isAny = false
        for line in fields.lines where line.known == field && !line.removed && !line.value.isEmpty {
            if isAny { output.append(contentsOf: ", ".utf8) }
            output.append(contentsOf: fields.bytes[line.value])
            isAny = true
        }
        return isAny
    }

    private static func appendRFC7239(
        _ head: borrowing RequestHead, _ rewrite: borrowing RequestRewrite, to output: inout [UInt8]
    ) {
        output.append(contentsOf: "Forwarded: ".utf8)
        if rewrite.trusted, appendEarlier(.forwarded, head.fields, to: &output) {
            output.append(contentsOf: ", ".utf8)
        }
        output.append(contentsOf: "for=".utf8)
        appendNode(rewrite.clientAddress, to: &output)
        output.append(contentsOf: ";host=".utf8)
        appendQuoted(head.fields.bytes, head.authorityRange, to: &output)
        output.append(contentsOf: ";proto=".utf8)
        output.append(contentsOf: rewrite.scheme.name.utf8)
        output.append(contentsOf: "\r\n".utf8)
    }

    /// An address as a node identifier: IPv6 in brackets and quotes, an absent one `unknown` (RFC 7239 §6).
    private static func appendNode(_ address: [UInt8], to output: inout [UInt8]) {
        guard !address.isEmpty else {
            output.append(contentsOf: "unknown".utf8)
            return
        }
        guard address.contains(ASCII.colon) else {
            output.append(contentsOf: address)
            return
        }
        output.append(contentsOf: "\"[".utf8)
        output.append(contentsOf: address)
        output.append(contentsOf: "]\"".utf8)
    }

    /// A token as it is, anything else in quotes. A valid host holds neither quotes nor backslashes.
    private static func appendQuoted(_ bytes: [UInt8], _ range: Range<Int>, to output: inout [UInt8]) {
        let isToken = ASCII.isToken(bytes.span, range)
        if !isToken { output.append(0x22) }
        output.append(contentsOf: bytes[range])
        if !isToken { output.append(0x22) }
    }
}
