// Reads a request head: request line, fields, host and framing, strictly (RFC 9112 §3, §5, §6).
// Not for finding the end of the head in a stream (HeadScanner).

extension RequestHead {
    /// Parses `fields.bytes`, which must be exactly one head, and replaces all earlier results.
    ///
    /// Throws the first error that is found; then only `fields.bytes` and what was read before it are meaningful.
    package mutating func parse(limits: HeadLimits) throws(HTTPParseError) {
        beginParsing()
        guard fields.bytes.count <= limits.headBytes, fields.bytes.count < 1 << 30 else { throw .headTooLarge }
        let bytes = fields.bytes
        let span = bytes.span
        let fieldsStart = try parseRequestLine(span, limits)
        try fields.parseLines(from: fieldsStart, maximum: limits.fields)
        connectionOptions = try ConnectionOptions(&fields)
        try parseTarget(span)
        try checkHost(span)
        framing = try BodyFraming.declared(by: fields, version: version) ?? .none
        // RFC 9110 §9.3.8: a client must not send content with TRACE.
        guard method != .trace || !hasBody else { throw .bodyWithTrace }
    }

    /// Reads `method SP target SP version CR LF` and returns where the fields begin. Single spaces only: lenient white
    /// space is what request smuggling lives on (RFC 9112 §3).
    private mutating func parseRequestLine(
        _ span: borrowing Span<UInt8>, _ limits: HeadLimits
    ) throws(HTTPParseError) -> Int {
        let count = span.count
        var index = 0
        while index < count, ASCII.isToken(span[index]) { index += 1 }
        guard index < count, index > 0, span[index] == ASCII.space else {
            throw Self.methodError(span, at: index)
        }
        methodRange = 0..<index
        let targetStart = index + 1
        index = targetStart
        while index < count, Self.isTargetByte(span[index]) { index += 1 }
        guard index < count else { throw .incompleteHead }
        guard span[index] == ASCII.space, index > targetStart else {
            throw Self.targetError(span, from: targetStart, at: index)
        }
        targetRange = targetStart..<index
        guard targetRange.count <= limits.targetBytes else { throw .targetTooLong }
        let versionStart = index + 1
        index = ASCII.endOfContent(span, from: versionStart)
        guard index < count else { throw .incompleteHead }
        guard try HeaderFields.isLineEnd(span, at: index) else { throw .stray(span[index], otherwise: .badVersion) }
        version = try HTTPVersion.parse(span, versionStart..<index)
        method = Method.known(span.extracting(methodRange))
        return index + 2
    }

    /// Visible ASCII without `#`: a target has no fragment (RFC 9112 §3.2). Characters that RFC 3986 wants encoded
    /// pass as they are, because what the endpoint sees is then exactly what was routed.
    @inline(__always)
    private static func isTargetByte(_ byte: UInt8) -> Bool {
        byte &- 0x21 < 0x5E && byte != 0x23
    }

    private static func methodError(_ span: borrowing Span<UInt8>, at index: Int) -> HTTPParseError {
        guard index < span.count else { return .incompleteHead }
        let byte = span[index]
        if index == 0, ASCII.isBlank(byte) { return .badRequestLine }
        if byte == ASCII.carriageReturn, index + 1 < span.count, span[index + 1] == ASCII.lineFeed {
            return .badRequestLine
        }
        return .stray(byte, otherwise: .badMethod)
    }

    private static func targetError(
        _ span: borrowing Span<UInt8>, from start: Int, at index: Int
    ) -> HTTPParseError {
        let byte = span[index]
        if byte == ASCII.space { return .badRequestLine }
        if byte == ASCII.carriageReturn, index + 1 < span.count, span[index + 1] == ASCII.lineFeed {
            return .badRequestLine
        }
        return .stray(byte, otherwise: .badTarget)
    }

    // MARK: The target

    /// Tells the form of the target and finds path, query and authority in it (RFC 9112 §3.2).
    private mutating func parseTarget(_ span: borrowing Span<UInt8>) throws(HTTPParseError) {
        let first = span[targetRange.lowerBound]
        if method == .connect {
            targetForm = .authority
            authorityRange = targetRange
            try authority.assign(span, targetRange)
            // RFC 9110 §9.3.6: the target of CONNECT is host and port, both.
            guard authority.port != nil else { throw .badTarget }
            path = targetRange.lowerBound..<targetRange.lowerBound
        } else if first == ASCII.slash {
            targetForm = .origin
            splitPath(span, from: targetRange.lowerBound)
        } else if first == 0x2A {
            guard targetRange.count == 1, method == .options else { throw .badTarget }
            targetForm = .asterisk
            path = targetRange
        } else {
            targetForm = .absolute
            try parseAbsolute(span)
        }
    }

    private mutating func splitPath(_ span: borrowing Span<UInt8>, from start: Int) {
        var end = start
        while end < targetRange.upperBound, span[end] != ASCII.questionMark { end += 1 }
        path = start..<end
        hasQuery = end < targetRange.upperBound
        query = (hasQuery ? end + 1 : end)..<targetRange.upperBound
    }

    /// Reads `http://authority path ["?" query]`. Schemes besides http and https are not proxied.
    private mutating func parseAbsolute(_ span: borrowing Span<UInt8>) throws(HTTPParseError) {
        let start = targetRange.lowerBound
        let end = targetRange.upperBound
        var colon = start
        while colon < end, ASCII.isLetter(span[colon]) { colon += 1 }
        let scheme = start..<colon
        guard ASCII.matches(span, scheme, lowercase: "http") || ASCII.matches(span, scheme, lowercase: "https"),
            end - colon > 3, span[colon] == ASCII.colon, span[colon + 1] == ASCII.slash, span[colon + 2] == ASCII.slash
        else { throw .badTarget }
        let authorityStart = colon + 3
        var authorityEnd = authorityStart
        while authorityEnd < end, span[authorityEnd] != ASCII.slash, span[authorityEnd] != ASCII.questionMark {
            authorityEnd += 1
        }
        authorityRange = authorityStart..<authorityEnd
        try authority.assign(span, authorityRange)
        splitPath(span, from: authorityEnd)
        // An empty path means "/" (RFC 9110 §4.2.3): the range then shows one of the slashes before the authority.
        if path.isEmpty { path = (colon + 1)..<(colon + 2) }
    }

    // MARK: The host

    /// Demands exactly one valid Host, which HTTP/1.0 may leave out if the target names a host (RFC 9112 §3.2).
    private mutating func checkHost(_ span: borrowing Span<UInt8>) throws(HTTPParseError) {
        let count = fields.count(of: .host)
        guard count <= 1 else { throw .duplicateHost }
        let isNamedByTarget = targetForm == .absolute || targetForm == .authority
        guard let line = fields.first(.host) else {
            guard version == .http10, isNamedByTarget else { throw .missingHost }
            return
        }
        guard isNamedByTarget else {
            authorityRange = line.value
            try authority.assign(span, line.value)
            return
        }
        var named = Authority()
        try named.assign(span, line.value)
        hostDiffers = named != authority
    }
}
