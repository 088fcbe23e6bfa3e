// Request methods that the proxy has to tell apart, and the protocol version. Extension methods are `.other`
// and pass unchanged. Not for parsing the request line.

/// A request method (RFC 9110 §9). Names are case-sensitive.
package enum Method: Sendable, Hashable, CaseIterable {
    /// Every name that the proxy knows, and one case for all others.
    case get, head, post, put, delete, connect, options, trace, patch, other

    /// True if sending the request twice means the same as once (RFC 9110 §9.2.2). Unknown methods are not.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .options, .trace, .put, .delete: true
        case .post, .connect, .patch, .other: false
        }
    }

    /// The registered spelling, nil for an extension method.
    package var name: String? {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .connect: "CONNECT"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .patch: "PATCH"
        case .other: nil
        }
    }

    /// Recognises a method by its exact bytes; anything else is `.other`, also what is no token.
    package static func known(_ bytes: borrowing Span<UInt8>) -> Method {
        guard bytes.count <= 8 else { return .other }
        var word: UInt64 = 0
        for index in bytes.indices { word = word &<< 8 | UInt64(bytes[index]) }
        switch word {  // the ASCII of the name, read as one number
        case 0x47_4554: return .get
        case 0x4845_4144: return .head
        case 0x504F_5354: return .post
        case 0x50_5554: return .put
        case 0x4445_4C45_5445: return .delete
        case 0x43_4F4E_4E45_4354: return .connect
        case 0x4F_5054_494F_4E53: return .options
        case 0x54_5241_4345: return .trace
        case 0x50_4154_4348: return .patch
        default: return .other
        }
    }

    /// Recognises a method by its exact bytes; anything else is `.other`, also what is no token.
    package static func known(_ bytes: ArraySlice<UInt8>) -> Method { known(bytes.span) }
}

/// The versions of HTTP/1 (RFC 9112 §2.3). Every other major version is refused.
package enum HTTPVersion: UInt8, Sendable, Hashable {
    /// The two versions that are spoken.
    case http10, http11

    /// Reads `HTTP/1.d`. A higher minor version counts as the highest that is spoken (RFC 9110 §2.5).
    ///
    /// Throws `unsupportedVersion` for any other `HTTP/d.d`, `badVersion` for everything else.
    static func parse(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPParseError) -> HTTPVersion {
        guard range.count == 8 else { throw .badVersion }
        let start = range.lowerBound
        var word: UInt64 = 0
        for index in start..<(start + 5) { word = word &<< 8 | UInt64(bytes[index]) }
        let major = bytes[start + 5]
        let minor = bytes[start + 7]
        guard word == 0x48_5454_502F, ASCII.isDigit(major), bytes[start + 6] == 0x2E, ASCII.isDigit(minor) else {
            throw .badVersion
        }
        guard major == 0x31 else { throw .unsupportedVersion }
        return minor == 0x30 ? .http10 : .http11
    }
}
