// Whether a connection may carry another message: the Connection field and the version decide (RFC 9112 §9.3).
// Not for pools, idle times or limits on reuse.

/// What the Connection fields of a head say, gathered once when the head is parsed.
package struct ConnectionOptions: OptionSet, Sendable, Hashable {
    /// One bit for each option.
    package let rawValue: UInt8

    /// Takes a set of options from its bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The sender ends the connection after this message.
    package static let close = ConnectionOptions(rawValue: 1)
    /// An HTTP/1.0 sender asks for persistence.
    package static let keepAlive = ConnectionOptions(rawValue: 2)
    /// The Upgrade field of this message is meant for the next hop.
    package static let upgrade = ConnectionOptions(rawValue: 4)
    /// At least one option names another field, which is then meant for the next hop alone.
    package static let nominates = ConnectionOptions(rawValue: 8)

    /// Options in one head at most: no sender has use for more.
    static let maximum = 64

    /// Reads all Connection lines and leaves the names that they give in the fields. What is no token names no option
    /// and is passed over (RFC 9110 §7.6.1).
    init(_ fields: inout HeaderFields) throws(HTTPParseError) {
        self = []
        var count = 0
        guard fields.mayContain(.connection) else { return }
        let bytes = fields.bytes
        let span = bytes.span
        for line in fields.lines where line.known == .connection {
            var elements = ListElements(line.value)
            while let element = elements.next(in: span) {
                count += 1
                guard count <= Self.maximum else { throw .tooManyFields }
                if ASCII.matches(span, element, lowercase: "keep-alive") {
                    // The most frequent option; the field of that name never passes anyhow.
                    insert(.keepAlive)
                    continue
                }
                guard ASCII.isToken(span, element) else { continue }
                formUnion(Self.option(span, element))
                fields.nominations.insert(element, in: span)
            }
        }
    }

    private static func option(_ span: borrowing Span<UInt8>, _ element: Range<Int>) -> ConnectionOptions {
        if ASCII.matches(span, element, lowercase: "close") { return .close }
        if ASCII.matches(span, element, lowercase: "upgrade") { return .upgrade }
        return .nominates
    }
}

/// The rules of RFC 9112 §9.3: `close` wins, HTTP/1.1 persists by default, HTTP/1.0 only when asked to.
package enum Persistence {
    /// True if the client expects to send another request on the connection.
    package static func clientWantsKeepAlive(_ head: borrowing RequestHead) -> Bool {
        persists(head.version, head.connectionOptions)
    }

    /// True if the endpoint keeps the connection after this response. The end of its content must be known as well,
    /// which `framing(answering:)` tells.
    package static func upstreamAllowsReuse(_ head: borrowing ResponseHead) -> Bool {
        head.status != 101 && persists(head.version, head.connectionOptions)
    }

    private static func persists(_ version: HTTPVersion, _ options: ConnectionOptions) -> Bool {
        if options.contains(.close) { return false }
        switch version {
        case .http11: return true
        case .http10: return options.contains(.keepAlive)
        }
    }
}
