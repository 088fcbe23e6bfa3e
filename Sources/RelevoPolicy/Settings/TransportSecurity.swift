// What browsers are told about TLS: to come back with it only (HSTS), and to come with it at all (redirects).
// Who says it, and to whom, is decided in RelevoProxy.

package import RelevoHTTP

/// Strict-Transport-Security (RFC 6797): a browser that has seen it over TLS uses nothing else for the domain.
public struct StrictTransport: Sendable, Hashable {
    /// For how long, in whole seconds; none makes browsers forget what they were told.
    public var maxAge: Duration
    /// Whether it holds for all names below the domain too.
    public var includesSubdomains: Bool
    /// Whether makers of browsers may build the domain into them (hstspreload.org).
    public var preload: Bool

    /// For a year, for the domain alone, unless something else is said.
    public init(
        maxAge: Duration = .seconds(31_536_000), includesSubdomains: Bool = false, preload: Bool = false
    ) {
        self.maxAge = maxAge
        self.includesSubdomains = includesSubdomains
        self.preload = preload
    }

    /// The longest time: ten years.
    package static let longest: Duration = .seconds(315_360_000)
    /// The shortest time with which a domain is built into browsers.
    package static let leastForPreload: Duration = .seconds(31_536_000)

    /// The name of the field in lower case.
    package static let lowercaseName = "strict-transport-security"

    /// What is wrong with the settings, and the cure; nil if nothing is.
    package var problem: (message: String, suggestion: String)? {
        let (seconds, fraction) = maxAge.components
        if maxAge < .zero || maxAge > Self.longest {
            return ("`max_age` of `hsts` is \(DurationText.write(maxAge))", "0s to \(DurationText.write(Self.longest))")
        }
        if fraction != 0 { return ("`max_age` of `hsts` is no whole number of seconds", "write `\(seconds)s`") }
        guard preload, !includesSubdomains || maxAge < Self.leastForPreload else { return nil }
        return (
            "`preload` of `hsts` has no effect so (hstspreload.org)",
            "it needs `include_subdomains: true` and a `max_age` of 365d or more"
        )
    }

    /// The whole line, with its end.
    package var line: [UInt8] {
        var text = "Strict-Transport-Security: max-age=\(maxAge.components.seconds)"
        if includesSubdomains { text += "; includeSubDomains" }
        if preload { text += "; preload" }
        return Array((text + "\r\n").utf8)
    }
}

/// What a domain says about Strict-Transport-Security.
public enum StrictTransportChoice: Sendable, Hashable {
    /// What the whole proxy says.
    case inherited
    /// Nothing; what endpoints say passes.
    case off
    /// This.
    case on(StrictTransport)
}

/// A listener that serves nothing but sends its clients to TLS.
public struct RedirectToTLS: Sendable, Hashable {
    /// The port that they are sent to; nil for 443.
    public var port: Int?
    /// The status; nil for 301 as the answer to GET and HEAD, and 308, which keeps the method, to anything else.
    public var status: Int?

    /// Sends clients to a port.
    public init(port: Int? = nil, status: Int? = nil) {
        self.port = port
        self.status = status
    }

    /// The status of the answer. Who asks with GET or HEAD understands 301 however old it is; anything else has to stay
    /// what it is (RFC 9110 §15.4.9).
    package func status(answering method: Method) -> Int {
        status ?? (method == .get || method == .head ? 301 : 308)
    }

    /// The URL to which a request is sent: its host, path and query.
    package func location(of head: borrowing RequestHead) -> [UInt8] {
        var url = Array("https://".utf8) + head.authority.host
        if let port, port != 443 { url += Array(":\(port)".utf8) }
        // `OPTIONS *` is about the host: its URL has no path (RFC 9112 §3.2.4).
        guard head.targetForm != .asterisk else { return url }
        url += head.pathBytes
        if head.hasQuery { url += [UInt8(ascii: "?")] + head.queryBytes }
        return url
    }
}
