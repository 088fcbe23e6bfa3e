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
            appendClassic(response: head, to: &output)
            return
        }
        var dropped = HopByHop.always
        dropped.insert(.transferEncoding)
        let keepsLength = !head.forbidsFraming && rewrite.framing == .asReceived
        let ownLength = keepsLength && !hasExactLength(head.fields, head.declaredFraming)
        if !keepsLength || ownLength { dropped.insert(.contentLength) }
        let keepsUpgrade = rewrite.connection == .upgrade && HopByHop.hasPassableUpgrade(head.fields)
        if !keepsUpgrade { dropped.insert(.upgrade) }

        var copier = RunCopier()
        appendStatusLine(head, to: &output)
        appendKept(head.fields, dropped, head.connectionOptions, &copier, to: &output)
        if ownLength, case .length(let length)? = head.declaredFraming { appendLength(length, to: &output) }
        if needsCoding(head, rewrite.framing) { output.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8) }
        if !head.isInterim { appendConnection(rewrite.connection, keepsUpgrade, to: &output) }
        if let date = rewrite.addDate, head.status >= 200, !head.fields.contains(.date) {
            output.append(contentsOf: "Date: ".utf8)
            output.append(contentsOf: date)
            output.append(contentsOf: "\r\n".utf8)
        }
        if rewrite.via { appendVia(head.version, to: &output) }
        output.append(contentsOf: "\r\n".utf8)
    }

    /// The status line as received, with the proxy's own version and with the space that the grammar demands.
    private static func appendStatusLine(_ head: borrowing ResponseHead, to output: inout [UInt8]) {
        output.append(contentsOf: "HTTP/1.1 ".utf8)
        output.append(contentsOf: head.fields.slice(9..<12))
        output.append(ASCII.space)
        output.append(contentsOf: head.fields.slice(head.reason))
        output.append(contentsOf: "\r\n".utf8)
    }

    /// Whether `Transfer-Encoding: chunked` is written. Never with 1xx and 204 (RFC 9112 §6.1).
    private static func needsCoding(_ head: borrowing ResponseHead, _ framing: ResponseFraming) -> Bool {
        guard !head.forbidsFraming else { return false }
        switch framing {
        case .asReceived: return head.declaredFraming == .chunked
        case .chunked: return true
        case .untilClose: return false
        }
    }

    private static func appendConnection(
        _ connection: ResponseConnectionField, _ keepsUpgrade: Bool, to output: inout [UInt8]
    ) {
        switch connection {
        case .close: output.append(contentsOf: "Connection: close\r\n".utf8)
        case .keepAlive(announce: true): output.append(contentsOf: "Connection: keep-alive\r\n".utf8)
        case .keepAlive(announce: false): break
        case .upgrade: if keepsUpgrade { output.append(contentsOf: "Connection: Upgrade\r\n".utf8) }
        }
    }
}
