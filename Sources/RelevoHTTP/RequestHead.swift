// A request head as values over its bytes: what was asked, of whom, and where the content ends.
// Not for reading it (RequestParser) and not for sending it on (HeadSerializer).

/// The four forms of a request target (RFC 9112 §3.2).
package enum TargetForm: Sendable, Hashable {
    /// `/path`, `http://host/path`, `host:port`, `*`.
    case origin, absolute, authority, asterisk
}

/// A received request head. Fill `fields.bytes` with exactly one head, then `parse`. Reused from head to head.
package struct RequestHead: ~Copyable, Sendable {
    /// The text of the head and its field lines.
    package var fields = HeaderFields()
    /// The method, `.other` for an extension method.
    package internal(set) var method = Method.other
    /// Where the method stands.
    package internal(set) var methodRange = 0..<0
    /// Where the request target stands.
    package internal(set) var targetRange = 0..<0
    /// The protocol version of the sender.
    package internal(set) var version = HTTPVersion.http11
    /// The form of the target.
    package internal(set) var targetForm = TargetForm.origin
    /// The path of the target; `/` for an empty one (RFC 9110 §4.2.3), `*` in asterisk form, empty in authority form.
    package internal(set) var path = 0..<0
    /// What follows the first `?` of the target, empty if there is none.
    package internal(set) var query = 0..<0
    /// True if the target has a `?`, also one with nothing behind it.
    package internal(set) var hasQuery = false
    /// The host that the request is for: from an absolute target if there is one, else from Host (RFC 9112 §3.2.2).
    package internal(set) var authority = Authority()
    /// Where that host stands, as it was spelled: in the target or in the Host field.
    package internal(set) var authorityRange = 0..<0
    /// True if an absolute target and the Host field name different hosts; the target wins.
    package internal(set) var hostDiffers = false
    /// Where the content ends. Never `untilClose`.
    package internal(set) var framing = BodyFraming.none
    /// What the Connection fields say.
    package internal(set) var connectionOptions: ConnectionOptions = []

    /// Whether anything has been read since the last reset.
    private var isUsed = false

    /// Makes an empty head.
    package init() {}

    /// The request target as it was sent.
    package var target: ArraySlice<UInt8> { fields.slice(targetRange) }

    /// The method as it was sent.
    package var methodBytes: ArraySlice<UInt8> { fields.slice(methodRange) }

    /// The bytes of `path`.
    package var pathBytes: ArraySlice<UInt8> { fields.slice(path) }

    /// The bytes of `query`.
    package var queryBytes: ArraySlice<UInt8> { fields.slice(query) }

    /// True if at least one byte of content framing follows the head.
    package var hasBody: Bool {
        switch framing {
        case .none, .length(0): false
        case .length, .chunked, .untilClose: true
        }
    }

    /// True for a request to switch to a protocol that may pass the proxy (RFC 9110 §7.8): HTTP/1.1, with both
    /// fields, without content, and not to another version of HTTP or to TLS, which are matters of the next hop.
    package var wantsUpgrade: Bool {
        guard version == .http11, connectionOptions.contains(.upgrade), !hasBody else { return false }
        return HopByHop.hasPassableUpgrade(fields)
    }

    /// Forgets everything and keeps the memory.
    package mutating func reset() {
        fields.removeAll()
        if isUsed { resetValues() }
    }

    /// Makes sure that nothing is left of an earlier head but the bytes, which are about to be read.
    mutating func beginParsing() {
        fields.resetLines()
        if isUsed { resetValues() }
        isUsed = true
    }

    /// Forgets what was parsed beside the lines.
    private mutating func resetValues() {
        isUsed = false
        method = .other
        methodRange = 0..<0
        targetRange = 0..<0
        version = .http11
        targetForm = .origin
        path = 0..<0
        query = 0..<0
        hasQuery = false
        authority.reset()
        authorityRange = 0..<0
        hostDiffers = false
        framing = .none
        connectionOptions = []
    }
}
