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
        var filter = LineFilter(head.connectionOptions, claims: replacedClaims(rewrite))
        filter.dropped.insert(replacedFields(rewrite))
        if !rewrite.requestID.isEmpty { filter.dropped.insert(.xRequestID) }
        if let trace = rewrite.trace {
            filter.dropped.insert(trace.isNew ? KnownFieldSet(.traceparent, .tracestate) : KnownFieldSet(.traceparent))
        }
        let ownHost = ownHostRange(head)
        if ownHost != nil { filter.dropped.insert(.host) }
        let ownLength = !hasExactLength(head.fields, head.framing)
        if ownLength { filter.dropped.insert(.contentLength) }
        let keepsUpgrade = rewrite.connection == .upgrade && HopByHop.hasPassableUpgrade(head.fields)
        if !keepsUpgrade { filter.dropped.insert(.upgrade) }
        // RFC 9110 §10.1.1: an expectation in HTTP/1.0 has no meaning and must not get one by the new version.
        if head.version == .http10 { filter.dropped.insert(.expect) }

        var copier = RunCopier()
        appendRequestLine(head, &copier, to: &output)
        if let ownHost {
            copier.flush(head.fields.bytes, to: &output)
            appendLine(HeadText.host, head.fields.bytes, ownHost, to: &output)
        }
        appendKept(head.fields, filter, &copier, to: &output)

        if head.framing == .chunked {
            output.append(contentsOf: HeadText.chunked)
        } else if ownLength, case .length(let length) = head.framing {
            appendLength(length, to: &output)
        }
        switch rewrite.connection {
        case .close: output.append(contentsOf: HeadText.connectionClose)
        case .upgrade where keepsUpgrade: output.append(contentsOf: HeadText.connectionUpgrade)
        case .upgrade, .keepAlive: break
        }
        appendForwarded(head, rewrite, to: &output)
        if let trace = rewrite.trace {
            output.append(contentsOf: HeadText.traceparent)
            trace.parent.append(to: &output)
            output.append(contentsOf: HeadText.lineEnd)
        }
        appendPassage(head.version, rewrite, to: &output)
    }

    /// Appends what says that the request has passed here, and the end of the head.
    private static func appendPassage(
        _ version: HTTPVersion, _ rewrite: borrowing RequestRewrite, to output: inout [UInt8]
    ) {
        guard !rewrite.requestID.isEmpty else {
            if rewrite.via { appendVia(version, to: &output) }
            output.append(contentsOf: HeadText.lineEnd)
            return
        }
        if rewrite.via, case .http11 = version {
            output.append(contentsOf: HeadText.viaAndRequestID)
        } else {
            if rewrite.via { appendVia(version, to: &output) }
            output.append(contentsOf: HeadText.requestID)
        }
        output.append(contentsOf: rewrite.requestID)
        output.append(contentsOf: HeadText.headEnd)
    }

    /// The request line as received if it may stay, else made anew from method, path and query. A sender of HTTP/1.2
    /// speaks 1.1 as well, but the proxy says what it speaks itself (RFC 9110 §2.5).
    private static func appendRequestLine(
        _ head: borrowing RequestHead, _ copier: inout RunCopier, to output: inout [UInt8]
    ) {
        let bytes = head.fields.bytes
        let start = head.fields.start
        if head.version == .http11, head.targetForm != .absolute, start > 3, bytes[start - 3] == 0x31 {
            copier.keep(0..<start, of: bytes, to: &output)
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
        output.append(contentsOf: HeadText.requestLineEnd)
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

    /// Copies all lines that are neither removed nor stopped by the filter, in runs. Of the fields that mean nothing to
    /// the proxy only received ones are stopped: no client may strip what a hook appended.
    static func appendKept(
        _ fields: borrowing HeaderFields, _ filter: LineFilter, _ copier: inout RunCopier, to output: inout [UInt8]
    ) {
        for (index, line) in fields.lines.enumerated() {
            if line.removed || filter.dropped.contains(line.known) { continue }
            if line.known == .other, index < fields.receivedCount, filter.stops(line, of: fields) { continue }
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
        output.append(contentsOf: HeadText.contentLength)
        ASCII.appendDecimal(length, to: &output)
        output.append(contentsOf: HeadText.lineEnd)
    }

    /// Appends this hop to Via, with the version in which the message was received (RFC 9110 §7.6.3).
    static func appendVia(_ version: HTTPVersion, to output: inout [UInt8]) {
        switch version {
        case .http10: output.append(contentsOf: HeadText.via10)
        case .http11: output.append(contentsOf: HeadText.via11)
        }
    }

    /// Appends a line from a name with its colon and a value that stands at a range of `bytes`.
    static func appendLine(_ name: [UInt8], _ bytes: [UInt8], _ value: Range<Int>, to output: inout [UInt8]) {
        output.append(contentsOf: name)
        output.append(contentsOf: bytes[value])
        output.append(contentsOf: HeadText.lineEnd)
    }
}

/// Which received fields of the X-Forwarded family stay behind.
enum DroppedClaims {
    /// None: they pass as they are.
    case none
    /// Those with an underscore in their name, which no proxy writes: an endpoint may take them for the real ones.
    case folded
    /// All of them.
    case all
}

/// Which lines of a head do not go on.
struct LineFilter {
    /// Fields that the proxy writes itself or that end here.
    var dropped = HopByHop.always
    private let claims: DroppedClaims
    private let nominates: Bool

    /// Starts with the fields of one hop and the framing.
    init(_ options: ConnectionOptions, claims: DroppedClaims = .none) {
        self.claims = claims
        nominates = options.contains(.nominates)
        dropped.insert(.transferEncoding)
    }

    /// True if a received line without a meaning to the proxy stays behind.
    @inline(__always)
    func stops(_ line: FieldLine, of fields: borrowing HeaderFields) -> Bool {
        if nominates, HopByHop.isNominated(line, in: fields) { return true }
        switch claims {
        case .none: return false
        case .folded: return HopByHop.isFoldedSpelling(fields.bytes.span, line.name)
        case .all: return HopByHop.isForwardedFamily(fields.bytes.span, line.name)
        }
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
