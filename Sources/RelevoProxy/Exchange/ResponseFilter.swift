// How a response crosses to the client: framing, persistence, the rewrite of its head.
// Pure.

import RelevoHTTP
import RelevoPolicy

/// What is known about the two sides when a response head has come.
struct ResponseContext {
    /// Whether bytes go on as they came.
    var isClassic: Bool
    /// Whether the client's connection could go on after this exchange.
    var canPersist: Bool
    /// The version that the client speaks.
    var clientVersion: HTTPVersion
    /// Whether the client is told of the proxy (Via).
    var addsFields: Bool
}

/// How a response goes to the client.
struct ResponsePlan {
    /// How its body crosses.
    var lane: LaneFraming
    /// How its head is written.
    var rewrite: ResponseRewrite
    /// Whether the client's connection goes on.
    var persists: Bool

    /// Plans a final response with the framing that RFC 9112 §6.3 gives it.
    init(_ framing: BodyFraming, _ context: ResponseContext, date: [UInt8]?) {
        if context.isClassic {
            rewrite = .classic
            persists = false
            lane =
                switch framing {
                case .none: .none
                case .length(let count): .counted(count)
                case .chunked: .rawChunks
                case .untilClose: .untilEnd
                }
            return
        }
        let outgoing: ResponseFraming
        persists = context.canPersist
        switch framing {
        case .none: (lane, outgoing) = (.none, .asReceived)
        case .length(let count): (lane, outgoing) = (.counted(count), .asReceived)
        case .chunked where context.clientVersion == .http11: (lane, outgoing) = (.reframedChunks, .chunked)
        case .untilClose where context.clientVersion == .http11 && context.canPersist:
            (lane, outgoing) = (.untilEndToChunks, .chunked)
        case .chunked:
            // RFC 9112 §7.1.3: a client of HTTP/1.0 knows no chunks; the end of the connection ends the body.
            (lane, outgoing) = (.unchunked, .untilClose)
            persists = false
        case .untilClose:
            (lane, outgoing) = (.untilEnd, .untilClose)
            persists = false
        }
        rewrite = ResponseRewrite(
            connection: persists ? .keepAlive(announce: context.clientVersion == .http10) : .close,
            framing: outgoing, via: context.addsFields, addDate: date)
        rewrite.clientVersion = context.clientVersion
    }
}
