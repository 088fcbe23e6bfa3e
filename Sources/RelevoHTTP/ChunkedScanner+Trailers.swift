// Which trailer fields may pass, and how chunk framing is written anew.
// Not for reading them.

extension ChunkedScanner {
    /// Fields that a recipient may act on before it has seen the trailer section, or must not take from there
    /// (RFC 9110 §6.5.1): framing, routing, modifiers, authentication, response control, and those of one hop.
    private static var forbidden: KnownFieldSet {
        var set = KnownFieldSet(.transferEncoding, .contentLength, .host, .trailer, .contentType, .contentEncoding)
        set.insert(KnownFieldSet(.contentRange, .cacheControl, .expect, .maxForwards, .pragma, .range, .te))
        set.insert(KnownFieldSet(.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange))
        set.insert(KnownFieldSet(.authorization, .authenticationInfo, .wwwAuthenticate, .proxyAuthenticate))
        set.insert(KnownFieldSet(.proxyAuthorization, .cookie, .setCookie, .age, .expires, .date, .location))
        set.insert(KnownFieldSet(.retryAfter, .vary, .warning, .connection, .keepAlive, .proxyConnection))
        set.insert(KnownFieldSet(.upgrade, .http2Settings, .via, .forwarded, .xForwardedFor, .xForwardedProto))
        set.insert(KnownFieldSet(.xForwardedHost, .xForwardedPort, .xRealIP, .xRequestID, .origin, .altSvc))
        set.insert(KnownFieldSet(.traceparent, .tracestate, .relevoExplain))
        return set
    }

    /// True for a field that must not be passed on from a trailer section.
    package static func isForbiddenTrailer(_ known: KnownField) -> Bool { forbidden.contains(known) }

    /// Appends the trailer fields that may pass and the empty line: what follows the last size line `0 CR LF`.
    package func appendTrailers(to output: inout [UInt8]) {
        for line in trailers.lines where !line.removed && !Self.isForbiddenTrailer(line.known) {
            if line.known == .other, isAboutClient(line) { continue }
            output.append(contentsOf: trailers.bytes[line.line])
        }
        output.append(contentsOf: HeadText.lineEnd)
    }

    /// What is said about the client may not pass here either, in no spelling.
    private func isAboutClient(_ line: FieldLine) -> Bool {
        let span = trailers.bytes.span
        return HopByHop.isForwardedFamily(span, line.name) || ClientCertificateField.isMeant(by: span, line.name)
    }

    /// Appends a size line for a chunk of this many bytes: lower-case hexadecimal, CR LF. Negative counts become 0.
    package static func appendSize(_ count: Int, to output: inout [UInt8]) {
        let count = max(count, 0)
        var shift = 60
        while shift > 0, count >> shift == 0 { shift -= 4 }
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: count >> shift & 0xF)
            output.append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
            shift -= 4
        }
        output.append(contentsOf: HeadText.lineEnd)
    }
}
