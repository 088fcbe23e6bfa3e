// What an exchange has to know again and again about the two heads, read off once: the heads themselves are large, and
// whoever looks at one must keep everybody else from it for as long.
// Not for reading heads (RelevoHTTP) and not for decisions.

import CLibevent
import RelevoHTTP

/// Facts of a request's head.
struct RequestTraits {
    /// The method, `.other` for an extension method.
    var method = Method.other
    /// The client's version.
    var version = HTTPVersion.http11
    /// Where the body ends.
    var framing = BodyFraming.none
    /// Whether a body follows.
    var hasBody = false
    /// Whether the client asks for another protocol (RFC 9110 §7.8).
    var wantsUpgrade = false
    /// Whether the client expects to send another request on its connection.
    var wantsKeepAlive = true
    /// Whether the request may be sent twice: by its method (RFC 9110 §9.2.2), or because the client has said with an
    /// Idempotency-Key that the endpoint knows how to tell.
    var isRepeatable = true
    /// Whether the client may wait for a 100 before it sends the body (RFC 9110 §10.1.1).
    var expectsContinue = false

    /// The facts of an empty head.
    init() {}

    /// Reads the facts off a head; of one that was refused, as far as it was read.
    init(_ head: borrowing RequestHead) {
        method = head.method
        version = head.version
        framing = head.framing
        hasBody = head.hasBody
        wantsUpgrade = head.wantsUpgrade
        wantsKeepAlive = Persistence.clientWantsKeepAlive(head)
        isRepeatable = method.isIdempotent || head.fields.contains(.idempotencyKey)
        expectsContinue = version == .http11 && hasBody && head.fields.contains(.expect)
    }
}

/// Facts of a response's head.
struct ResponseTraits {
    /// The status.
    var status = 0
    /// Whether another head follows.
    var isInterim = false
    /// Where the body ends, given the request's method.
    var framing = BodyFraming.none
    /// Whether the endpoint keeps its connection.
    var allowsReuse = false
    /// For how long, in nanoseconds, if it says so.
    var keepAlive: UInt64?
    /// Whether it says when it was made.
    var hasDate = false

    /// The facts of an empty head.
    init() {}

    /// Reads the facts off a head that answers `method`.
    init(_ head: borrowing ResponseHead, answering method: Method) throws(HTTPParseError) {
        status = head.status
        isInterim = head.isInterim
        framing = try head.framing(answering: method)
        allowsReuse = Persistence.upstreamAllowsReuse(head)
        keepAlive = KeepAliveHint.patience(head)
        hasDate = head.fields.contains(.date)
    }

    /// Whether so many bytes behind the head are the whole body.
    func isWhole(with count: Int) -> Bool {
        switch framing {
        case .none: count == 0
        case .length(let length): count == length
        case .chunked, .untilClose: false
        }
    }
}
