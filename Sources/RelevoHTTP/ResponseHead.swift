// A response head as values over its bytes, and where the content that follows it ends.
// Not for reading it (ResponseParser) and not for sending it on (HeadSerializer).

/// A received response head. Fill `fields.bytes` with exactly one head, then `parse`. Reused from head to head.
package struct ResponseHead: ~Copyable, Sendable {
    /// The text of the head and its field lines.
    package var fields = HeaderFields()
    /// The status, 100…999.
    package internal(set) var status = 0
    /// Where the reason phrase stands; often empty.
    package internal(set) var reason = 0..<0
    /// The protocol version of the sender.
    package internal(set) var version = HTTPVersion.http11
    /// What the framing fields say by themselves, nil if there are none.
    package internal(set) var declaredFraming: BodyFraming?
    /// What the Connection fields say.
    package internal(set) var connectionOptions: ConnectionOptions = []

    /// Whether anything has been read since the last reset.
    private var isUsed = false

    /// Makes an empty head.
    package init() {}

    /// True for 1xx except 101: another head follows (RFC 9110 §15.2).
    package var isInterim: Bool { (100..<200).contains(status) && status != 101 }

    /// True if the status rules out content and framing fields whatever they say: 1xx and 204 (RFC 9110 §8.6).
    package var forbidsFraming: Bool { (100..<200).contains(status) || status == 204 }

    /// Where the content ends that answers a request with this method (RFC 9112 §6.3).
    package func framing(answering method: Method) throws(HTTPParseError) -> BodyFraming {
        if method == .head || forbidsFraming || status == 304 { return .none }
        if method == .connect, (200..<300).contains(status) { return .none }
        return declaredFraming ?? .untilClose
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
        status = 0
        reason = 0..<0
        version = .http11
        declaredFraming = nil
        connectionOptions = []
    }
}
