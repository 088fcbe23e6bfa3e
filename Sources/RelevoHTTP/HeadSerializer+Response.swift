// Writes outgoing response heads.
// Not for responses that the proxy makes itself.

extension HeadSerializer {
    /// Appends a response head, final empty line included.
    ///
    /// Outside the classic mode the result has the version HTTP/1.1, at most one framing field, no field of one hop,
    /// and the proxy's own fields at the end.
    package static func append(
        response head: borrowing ResponseHead, rewrite: borrowing ResponseRewrite, to output: inout [UInt8]
    ) {
        guard !rewrite.isClassic else {
            appendClassic(response: head, adding: rewrite.extraLines, to: &output)
            return
        }
        var filter = LineFilter(head.connectionOptions)
        let keepsLength = !head.forbidsFraming && rewrite.framing == .asReceived
        let ownLength = keepsLength && !hasExactLength(head.fields, head.declaredFraming)
        if !keepsLength || ownLength { filter.dropped.insert(.contentLength) }
        let keepsUpgrade = rewrite.connection == .upgrade && HopByHop.hasPassableUpgrade(head.fields)
        if !keepsUpgrade { filter.dropped.insert(.upgrade) }

        var copier = RunCopier()
        appendStatusLine(head, &copier, to: &output)
        appendKept(head.fields, filter, &copier, to: &output)
        if ownLength, case .length(let length)? = head.declaredFraming { appendLength(length, to: &output) }
        if needsCoding(head, rewrite) { output.append(contentsOf: HeadText.chunked) }
        if !head.isInterim { appendConnection(rewrite.connection, keepsUpgrade, to: &output) }
        if let date = rewrite.addDate, head.status >= 200, !head.fields.contains(.date) {
            output.append(contentsOf: HeadText.date)
            output.append(contentsOf: date)
            output.append(contentsOf: HeadText.lineEnd)
        }
        if rewrite.via { appendVia(head.version, to: &output) }
        if !rewrite.extraLines.isEmpty { output.append(contentsOf: rewrite.extraLines) }
        output.append(contentsOf: HeadText.lineEnd)
    }

    /// The status line as received, with the proxy's own version and with the space that the grammar demands.
    private static func appendStatusLine(
        _ head: borrowing ResponseHead, _ copier: inout RunCopier, to output: inout [UInt8]
    ) {
        let bytes = head.fields.bytes
        if head.version == .http11, head.reason.lowerBound == 13, bytes[7] == 0x31 {
            copier.keep(0..<head.fields.start, of: bytes, to: &output)
            return
        }
        output.append(contentsOf: HeadText.statusLineStart)
        output.append(contentsOf: head.fields.slice(9..<12))
        output.append(ASCII.space)
        output.append(contentsOf: head.fields.slice(head.reason))
        output.append(contentsOf: HeadText.lineEnd)
    }

    /// Whether `Transfer-Encoding: chunked` is written. Never with 1xx and 204, and not to clients of HTTP/1.0, which
    /// would otherwise get it with an answer to HEAD or a 304 (RFC 9112 §6.1).
    private static func needsCoding(_ head: borrowing ResponseHead, _ rewrite: borrowing ResponseRewrite) -> Bool {
        guard !head.forbidsFraming, rewrite.clientVersion == .http11 else { return false }
        switch rewrite.framing {
        case .asReceived: return head.declaredFraming == .chunked
        case .chunked: return true
        case .untilClose: return false
        }
    }

    private static func appendConnection(
        _ connection: ResponseConnectionField, _ keepsUpgrade: Bool, to output: inout [UInt8]
    ) {
        switch connection {
        case .close: output.append(contentsOf: HeadText.connectionClose)
        case .keepAlive(announce: true): output.append(contentsOf: HeadText.connectionKeepAlive)
        case .keepAlive(announce: false): break
        case .upgrade: if keepsUpgrade { output.append(contentsOf: HeadText.connectionUpgrade) }
        }
    }
}
