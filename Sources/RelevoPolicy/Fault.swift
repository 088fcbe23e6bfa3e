// The closed list of ways in which a request can fail.
// What follows from each is in Fault+Table.swift.

package import RelevoHTTP

/// Why a request failed: one code, the same in the access log, in `Proxy-Status` and in docs/errors.md.
public enum Fault: String, Error, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// The client broke HTTP; the answer says how.
    case clientMalformed = "client.malformed"
    /// The client speaks an HTTP version other than 1.0 and 1.1.
    case clientUnsupportedVersion = "client.unsupported_version"
    /// The body has a transfer coding other than chunked.
    case clientUnsupportedCoding = "client.unsupported_coding"
    /// The head has more bytes or fields than allowed.
    case clientHeadTooLarge = "client.head_too_large"
    /// The request target is longer than allowed.
    case clientTargetTooLong = "client.target_too_long"
    /// The body is, or says that it will be, larger than allowed.
    case clientBodyTooLarge = "client.body_too_large"
    /// The head was not complete in time.
    case clientHeadTimeout = "client.head_timeout"
    /// The client stopped sending a body that it owes.
    case clientBodyTimeout = "client.body_timeout"
    /// The client's address has as many connections as one may have.
    case clientRateLimited = "client.rate_limited"
    /// The client left before the answer was complete.
    case clientClosed = "client.closed"
    /// The method is one that Relevo does not carry (CONNECT, TRACE).
    case clientMethodRefused = "client.method_refused"

    /// No domain of the configuration has this name.
    case routeUnknownDomain = "route.unknown_domain"
    /// The request has passed here too often already: endpoints lead back to this proxy.
    case routeLoop = "route.loop"
    /// The domain has no route for this path and method.
    case routeNone = "route.none"

    /// The cluster has no endpoint that may be tried.
    case endpointNoneHealthy = "endpoint.none_healthy"
    /// The cluster's endpoints have as many requests as they may have, and the request could not wait for its turn.
    case endpointOverloaded = "endpoint.overloaded"
    /// The proxy is at one of its own bounds.
    case proxyOverloaded = "proxy.overloaded"
    /// The proxy is shutting down.
    case proxyDraining = "proxy.draining"

    /// The endpoint's host answered that nobody listens.
    case connectRefused = "connect.refused"
    /// There is no way to the endpoint.
    case connectUnreachable = "connect.unreachable"
    /// The endpoint's name has no address.
    case connectDNS = "connect.dns"
    /// The endpoint does not speak TLS as it should, its certificate is not believed, or it does not believe ours.
    case connectTLS = "connect.tls"
    /// The endpoint did not accept in time.
    case connectTimeout = "connect.timeout"

    /// A connection that was kept from an earlier request ended before a byte of the response came.
    case upstreamStale = "upstream.stale"
    /// The endpoint ended the connection before it sent a response head.
    case upstreamClosed = "upstream.closed"
    /// The endpoint broke HTTP.
    case upstreamMalformed = "upstream.malformed"
    /// The endpoint's response head has more bytes or fields than allowed.
    case upstreamHeadTooLarge = "upstream.head_too_large"
    /// The endpoint did not send a response head in time.
    case upstreamTimeout = "upstream.timeout"
    /// The response ended too early, after its head had gone to the client.
    case upstreamTruncated = "upstream.truncated"
}

extension Fault {
    /// The fault of a client whose request the parser refuses with an error of this class.
    package init(refusing kind: HTTPParseError.Kind) {
        switch kind {
        case .malformed: self = .clientMalformed
        case .unsupportedVersion: self = .clientUnsupportedVersion
        case .unsupportedCoding: self = .clientUnsupportedCoding
        case .headTooLarge: self = .clientHeadTooLarge
        case .targetTooLong: self = .clientTargetTooLong
        }
    }
}
