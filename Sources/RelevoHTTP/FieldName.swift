// The names that the proxy has to recognise, found without allocation and without regard to case.
// Not a registry: every other name is `.other` and passes unchanged.

/// A field name with a meaning to the proxy (RFC 9110 §16.3.1 and the documents that define each).
package enum KnownField: UInt8, Sendable, Hashable, CaseIterable {
    case other = 0  // tidy: each case is the name of a field
    case connection, keepAlive, proxyConnection, te, trailer, transferEncoding, upgrade, host
    case contentLength, via, forwarded, xForwardedFor, xForwardedProto, xForwardedHost
    case xForwardedPort, xRealIP, expect, date, server, proxyAuthenticate, proxyAuthorization
    case http2Settings, xRequestID, traceparent, tracestate, idempotencyKey, contentType
    case contentEncoding, contentRange, retryAfter, cookie, setCookie, location, authorization
    case authenticationInfo, wwwAuthenticate, cacheControl, maxForwards, range, age, expires, pragma
    case vary, warning, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince, ifRange, userAgent
    case proxyStatus, altSvc, origin, relevoExplain

    /// Recognises a name in any case; a name that means nothing to the proxy is `.other`.
    @inlinable
    package init(name bytes: borrowing Span<UInt8>) {
        self.init(bytes, bytes.indices)
    }

    /// Recognises a name in any case; a name that means nothing to the proxy is `.other`.
    package init(name bytes: ArraySlice<UInt8>) {
        self.init(name: bytes.span)
    }

    /// Recognises the name that stands at a range of a span.
    ///
    /// The last eight bytes and the length choose one candidate, which is then compared with the rest: names of
    /// different lengths can have the same key.
    @usableFromInline
    init(_ span: borrowing Span<UInt8>, _ range: Range<Int>) {
        let count = range.count
        guard count >= 2, count <= 24 else {
            self = .other
            return
        }
        let end = range.upperBound
        guard let tail = Self.tail(span, range) else {
            self = .other
            return
        }
        let candidate = Self.candidate(tail ^ UInt64(truncatingIfNeeded: count) &<< 56)
        guard count > 8 else {
            // A longer name may have the same key, and something before its last eight bytes; a shorter one only if
            // the first byte is a control byte.
            let isSameLength = candidate.head == 0 && (count < 8 || tail &>> 56 > 0x20)
            self = isSameLength ? candidate.field : .other
            return
        }
        let split = min(range.lowerBound + 8, end - 8)
        let head = ASCII.packLower(span, range.lowerBound..<split)
        let middle = ASCII.packLower(span, split..<(end - 8))
        self = (candidate.head, candidate.middle) == (head, middle) ? candidate.field : .other
    }

    /// The last eight bytes, or all of a shorter name, as a big-endian number. Nil if they are not ASCII.
    @inline(__always)
    private static func tail(_ span: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard range.count >= 8 else { return ASCII.packLower(span, range) }
        return ASCII.lowerWord(ASCII.word(span, at: range.upperBound - 8))?.byteSwapped
    }
}
