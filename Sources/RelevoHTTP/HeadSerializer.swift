// Writes outgoing heads: kept lines are copied in runs, the proxy's own fields follow. See HeadSerializer+Classic for
// the mode that changes Connection alone. Not for deciding anything: the rewrites say what is wanted.

/// Appends heads to a reused array of bytes.
package enum HeadSerializer {
    /// Appends a request head, final empty line included.
    ///
    /// Outside the classic mode the result has the version HTTP/1.1, an origin-form target, exactly one Host, at most
    /// one framing field, no field of one hop, and the proxy's own fields at the end.
    package static func append(
        request head: borrowing RequestHead, rewrite: borrowing RequestRewrite, to output: inout [UInt8]
    ) {
        guard !rewrite.isClassic else {
            appendClassic(request: head, to: &output)
            return
        }
        var dropped = HopByHop.always
        dropped.insert(.transferEncoding)
        dropped.insert(replacedFields(rewrite))
        if !rewrite.requestID.isEmpty { dropped.insert(.xRequestID) }
        let ownHost = ownHostRange(head)
        if ownHost != nil { dropped.insert(.host) }
        let ownLength = rewrite.framing == .chunked || !hasExactLength(head.fields, head.framing)
        if ownLength { dropped.insert(.contentLength) }
        let keepsUpgrade = rewrite.connection == .upgrade && HopByHop.hasPassableUpgrade(head.fields)
        if !keepsUpgrade { dropped.insert(.upgrade) }
        // RFC 9110 §10.1.1: an expectation in HTTP/1.0 has no meaning and must not get one by the new version.
        if head.version == .http10 { dropped.insert(.expect) }

        var copier = RunCopier()
        appendRequestLine(head, &copier, to: &output)
        if let ownHost { appendLine("Host: ", head.fields.bytes, ownHost, to: &output) }
        appendKept(head.fields, dropped, head.connectionOptions, &copier, to: &output)

        if rewrite.framing == .chunked || head.framing == .chunked {
            output.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
        } else if ownLength, case .length(let length) = head.framing {
            appendLength(length, to: &output)
        }
        switch rewrite.connection {
        case .close: output.append(contentsOf: "Connection: close\r\n".utf8)
        case .upgrade where keepsUpgrade: output.append(contentsOf: "Connection: Upgrade\r\n".utf8)
        case .upgrade, .keepAlive: break
        }
        appendForwarded(head, rewrite, to: &output)
        if rewrite.via { appendVia(head.version, to: &output) }
        if !rewrite.requestID.isEmpty {
            output.append(contentsOf: "X-Request-ID: ".utf8)
            output.append(contentsOf: rewrite.requestID)
            output.append(contentsOf: "\r\n".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
    }

    /// The request line as received if it may stay, else made anew from method, path and query.
    private static func appendRequestLine(
        _ head: borrowing RequestHead, _ copier: inout RunCopier, to output: inout [UInt8]
    ) {
        let bytes = head.fields.bytes
        if head.version == .http11, head.targetForm != .absolute {
            output.append(contentsOf: bytes[0..<head.fields.start])
            return
        }
        output.append(contentsOf: bytes[head.methodRange])
        output.append(ASCII.space)
        if head.targetForm != .absolute {
            output.append(contentsOf: bytes[head.targetRange])
        } else if head.method == .options, head.path.upperBound < head.authorityRange.lowerBound, !head.hasQuery {
            output.append(0x2A)  // RFC 9112 §3.2.4: OPTIONS for a host without a path is "*" at the last hop.
        } else {
            output.append(contentsOf: bytes[head.path])
            if head.hasQuery { output.append(ASCII.questionMark) }
            output.append(contentsOf: bytes[head.query])
        }
        output.append(contentsOf: " HTTP/1.1\r\n".utf8)
    }

    /// The value for a Host line of the proxy's own, nil if the one received line is right as it is.
    ///
    /// A Host that was appended after parsing wins; then an absolute target wins over Host (RFC 9112 §3.2.2).
    private static func ownHostRange(_ head: borrowing RequestHead) -> Range<Int>? {
        let isRightAlready = head.targetForm != .absolute && head.fields.count(of: .host) == 1
        if isRightAlready { return nil }
        let appended = head.fields.lines.dropFirst(head.fields.receivedCount)
        return appended.last { $0.known == .host && !$0.removed }?.value ?? head.authorityRange
    }

    // MARK: Shared by requests and responses

    /// Copies all lines that are neither removed nor dropped nor nominated, in runs. Only received lines can be
    /// nominated: no client may strip what a hook appended.
    static func appendKept(
        _ fields: borrowing HeaderFields, _ dropped: KnownFieldSet, _ options: ConnectionOptions,
        _ copier: inout RunCopier, to output: inout [UInt8]
    ) {
        let nominates = options.contains(.nominates)
        for (index, line) in fields.lines.enumerated() {
            if line.removed || dropped.contains(line.known) { continue }
            if nominates, index < fields.receivedCount, HopByHop.isNominated(line, in: fields) { continue }
            if line.known == .upgrade, !HopByHop.isPassableUpgrade(line, fields) { continue }
            copier.keep(line.line, of: fields.bytes, to: &output)
        }
        copier.flush(fields.bytes, to: &output)
    }

    /// True if nothing has to be done about Content-Length: one line that says exactly the length, or rightly none.
    static func hasExactLength(_ fields: borrowing HeaderFields, _ framing: BodyFraming?) -> Bool {
        guard case .length(let length)? = framing else { return !fields.mayContain(.contentLength) }
        guard fields.count(of: .contentLength) == 1, let line = fields.first(.contentLength) else { return false }
        let span = fields.bytes.span
        var rest = length
        for index in line.value.reversed() {
            guard rest > 0 || line.value.count == 1, Int(span[index]) - 0x30 == rest % 10 else { return false }
            rest /= 10
        }
        return rest == 0
    }

    static func appendLength(_ length: Int, to output: inout [UInt8]) {
        output.append(contentsOf: "Content-Length: ".utf8)
        ASCII.appendDecimal(length, to: &output)
        output.append(contentsOf: "\r\n".utf8)
    }

    /// Appends this hop to Via, with the version in which the message was received (RFC 9110 §7.6.3).
    static func appendVia(_ version: HTTPVersion, to output: inout [UInt8]) {
        switch version {
        case .http10: output.append(contentsOf: "Via: 1.0 relevo\r\n".utf8)
        case .http11: output.append(contentsOf: "Via: 1.1 relevo\r\n".utf8)
        }
    }

    static func appendLine(_ name: String, _ bytes: [UInt8], _ value: Range<Int>, to output: inout [UInt8]) {
        output.append(contentsOf: name.utf8)
        output.append(contentsOf: bytes[value])
        output.append(contentsOf: "\r\n".utf8)
    }
}

/// Joins adjacent ranges and copies each run at once.
struct RunCopier {
    private var start: Int
    private var end: Int

    /// Starts with a range that is to be copied.
    init(_ range: Range<Int> = 0..<0) {
        start = range.lowerBound
        end = range.upperBound
    }

    /// Adds a range that is to be copied; what was gathered before is copied first unless it ends where this begins.
    @inline(__always)
    mutating func keep(_ range: Range<Int>, of bytes: borrowing [UInt8], to output: inout [UInt8]) {
        if range.lowerBound != end {
            flush(bytes, to: &output)
            start = range.lowerBound
        }
        end = range.upperBound
    }

    /// Copies what was gathered.
    mutating func flush(_ bytes: borrowing [UInt8], to output: inout [UInt8]) {
        if start < end { output.append(contentsOf: bytes[start..<end]) }
        start = end
    }
}
