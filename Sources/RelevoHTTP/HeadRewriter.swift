// What the filters decided about a head that goes on, as values.
// Not for doing it: HeadSerializer writes the head.

/// What the outgoing request says about its connection.
package enum ConnectionField: Sendable, Hashable {
    /// `Connection: close`.
    case close
    /// Persistent: HTTP/1.1 needs no field for it.
    case keepAlive
    /// `Connection: Upgrade`, and the Upgrade field goes on.
    case upgrade
}

/// How the endpoint learns about the client.
package enum Forwarded: Sendable, Hashable {
    /// Not at all; what the client says passes unchanged.
    case none
    /// X-Forwarded-For, -Proto and -Host.
    case xForwarded
    /// Forwarded (RFC 7239).
    case rfc7239
}

/// The scheme that the client used.
package enum ForwardedScheme: Sendable, Hashable {
    /// Plain, or over TLS.
    case http, https

    /// The scheme in lower case.
    package var name: String {
        switch self {
        case .http: "http"
        case .https: "https"
        }
    }
}

/// What the request filter decided.
package struct RequestRewrite: Sendable, Hashable {
    /// What to say about the connection.
    package var connection: ConnectionField
    /// How to tell of the client.
    package var forwarded: Forwarded
    /// The client's IP address as text without brackets and port, empty if it has none. The caller vouches for that.
    package var clientAddress: [UInt8] = []
    /// The scheme that the client used.
    package var scheme = ForwardedScheme.http
    /// True if the client is a proxy whose own statements are kept and added to; false replaces them.
    package var trusted = false
    /// True to append this hop to Via (RFC 9110 §7.6.3).
    package var via: Bool
    /// The value for X-Request-ID, which takes the place of received ones; empty to leave those as they are. The
    /// caller vouches that it is fit for a field.
    package var requestID: [UInt8] = []
    /// The request's place in a trace, which takes the place of a received one; nil to leave what was received.
    package var trace: TracePassage?

    /// Decides the three things that make the mode; the rest has defaults.
    package init(connection: ConnectionField = .keepAlive, forwarded: Forwarded = .none, via: Bool = false) {
        self.connection = connection
        self.forwarded = forwarded
        self.via = via
    }

    /// The classic mode: the received bytes go on with Connection set to close.
    package static let classic = RequestRewrite(connection: .close)

    /// True if nothing but Connection is to be changed.
    package var isClassic: Bool { connection == .close && forwarded == .none && !via }
}

/// What the outgoing response says about its connection.
package enum ResponseConnectionField: Sendable, Hashable {
    /// `Connection: close`.
    case close
    /// Persistent; announced with `Connection: keep-alive` to HTTP/1.0 clients that asked for it.
    case keepAlive(announce: Bool)
    /// `Connection: Upgrade`, and the Upgrade field goes on.
    case upgrade
}

/// How the content of the outgoing response is framed.
package enum ResponseFraming: Sendable, Hashable {
    /// As it was received.
    case asReceived
    /// One `Transfer-Encoding: chunked`.
    case chunked
    /// Neither length nor coding: the end of the connection ends the content.
    case untilClose
}

/// What the response filter decided.
package struct ResponseRewrite: Sendable, Hashable {
    /// What to say about the connection.
    package var connection: ResponseConnectionField
    /// How the content is framed.
    package var framing: ResponseFraming
    /// True to append this hop to Via (RFC 9110 §7.6.3).
    package var via: Bool
    /// The version of the client: HTTP/1.0 never gets a transfer coding (RFC 9112 §6.1).
    package var clientVersion = HTTPVersion.http11
    /// The value for a Date field if the response has none (RFC 9110 §6.6.1).
    package var addDate: [UInt8]?
    /// Whole lines that are added, each with its CR LF.
    package var extraLines: [UInt8] = []
    /// True for the classic mode: the received bytes go on with Connection set to close and nothing else changed, but
    /// for what `extraLines` adds.
    package var isClassic = false

    /// Decides everything but the classic mode.
    package init(
        connection: ResponseConnectionField = .keepAlive(announce: false), framing: ResponseFraming = .asReceived,
        via: Bool = false, addDate: [UInt8]? = nil
    ) {
        self.connection = connection
        self.framing = framing
        self.via = via
        self.addDate = addDate
    }

    /// The classic mode.
    package static var classic: ResponseRewrite {
        var rewrite = ResponseRewrite(connection: .close)
        rewrite.isClassic = true
        return rewrite
    }
}
