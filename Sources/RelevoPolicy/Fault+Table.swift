// One row for each fault: the answer, whether another endpoint may be tried, and who is to blame. Nothing else in
// Relevo decides these three.

extension Fault {
    /// Whether a request that failed so may go to another endpoint.
    package enum Retry: Sendable, Hashable {
        /// It never may.
        case never
        /// It always may: not a byte of it was sent.
        case nothingSent
        /// It may if the request is idempotent (RFC 9110 §9.2.2) and nothing of a response was passed on.
        case ifIdempotent
    }

    /// What follows from a fault.
    package struct Row: Sendable, Hashable {
        /// Status of the answer, while one can still be given.
        package var status: Int
        /// Whether another endpoint may be tried.
        package var retry: Retry
        /// Whether the endpoint's health suffers.
        package var blamesEndpoint: Bool
        /// Whether the client's connection ends with the answer.
        package var closesClient: Bool
        /// The error type of RFC 9209 §2.3.
        package var proxyStatus: String
        /// One sentence for the person who reads the answer.
        package var explanation: String
    }

    /// The fault's row of the table.
    package var row: Row {
        switch self {
        case .clientMalformed: Self.client(400, "The request is not valid HTTP.")
        case .clientUnsupportedVersion: Self.client(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
        case .clientUnsupportedCoding: Self.client(501, "The only transfer coding understood here is chunked.")
        case .clientHeadTooLarge: Self.client(431, "The request's header fields are too large.")
        case .clientTargetTooLong: Self.client(414, "The request's target is too long.")
        case .clientBodyTooLarge: Self.client(413, "The request's body is too large.")
        case .clientHeadTimeout: Self.client(408, "The request's head did not arrive in time.")
        case .clientBodyTimeout: Self.client(408, "The request's body did not arrive in time.")
        case .clientRateLimited: Self.client(429, "There are too many connections from this address.")
        case .clientClosed: Self.client(499, "The client left.")
        case .clientMethodRefused: Self.client(501, "This method is not carried by this proxy.")
        case .routeUnknownDomain: Self.route(421, "This server does not serve that domain.")
        case .routeLoop:
            Row(
                status: 508, retry: .never, blamesEndpoint: false, closesClient: false,
                proxyStatus: "proxy_loop_detected", explanation: "The request goes round in circles.")
        case .routeNone: Self.route(404, "No route of this domain takes that path and method.")
        case .endpointNoneHealthy: Self.proxy(503, "destination_unavailable", "No endpoint is available.")
        case .endpointOverloaded:
            Self.proxy(503, "connection_limit_reached", "The endpoints have as many requests as they may have.")
        case .proxyOverloaded:
            // The client's own descriptor is one of those that are missing.
            Row(
                status: 503, retry: .never, blamesEndpoint: false, closesClient: true,
                proxyStatus: "connection_limit_reached", explanation: "The proxy is at its limit.")
        case .proxyDraining:
            Row(
                status: 503, retry: .never, blamesEndpoint: false, closesClient: true,
                proxyStatus: "destination_unavailable", explanation: "The proxy is shutting down.")
        case .connectRefused: Self.connect(502, "connection_refused", "The endpoint refused the connection.")
        case .connectUnreachable: Self.connect(502, "destination_ip_unroutable", "The endpoint cannot be reached.")
        case .connectDNS: Self.connect(502, "dns_error", "The endpoint's name has no address.")
        case .connectTLS: Self.connect(502, "tls_protocol_error", "No secure connection to the endpoint could be made.")
        case .connectTimeout: Self.connect(504, "connection_timeout", "The endpoint did not accept in time.")
        case .upstreamStale: Self.stale
        case .upstreamClosed: Self.upstream(502, "connection_terminated", "The endpoint closed without an answer.")
        case .upstreamMalformed: Self.upstream(502, "http_protocol_error", "The endpoint's answer is not valid HTTP.")
        case .upstreamHeadTooLarge:
            Self.upstream(502, "http_response_header_section_size", "The endpoint's header fields are too large.")
        case .upstreamTimeout: Self.upstream(504, "http_response_timeout", "The endpoint did not answer in time.")
        case .upstreamTruncated: Self.truncated
        }
    }

    private static func client(_ status: Int, _ explanation: String) -> Row {
        Row(
            status: status, retry: .never, blamesEndpoint: false, closesClient: true,
            proxyStatus: "http_request_error", explanation: explanation)
    }

    private static func route(_ status: Int, _ explanation: String) -> Row {
        Row(
            status: status, retry: .never, blamesEndpoint: false, closesClient: false,
            proxyStatus: "destination_not_found", explanation: explanation)
    }

    private static func proxy(_ status: Int, _ proxyStatus: String, _ explanation: String) -> Row {
        Row(
            status: status, retry: .never, blamesEndpoint: false, closesClient: false,
            proxyStatus: proxyStatus, explanation: explanation)
    }

    private static func connect(_ status: Int, _ proxyStatus: String, _ explanation: String) -> Row {
        Row(
            status: status, retry: .nothingSent, blamesEndpoint: true, closesClient: false,
            proxyStatus: proxyStatus, explanation: explanation)
    }

    private static func upstream(_ status: Int, _ proxyStatus: String, _ explanation: String) -> Row {
        Row(
            status: status, retry: .ifIdempotent, blamesEndpoint: true, closesClient: false,
            proxyStatus: proxyStatus, explanation: explanation)
    }

    /// Endpoints may end idle connections whenever they like: no blame.
    private static var stale: Row {
        Row(
            status: 502, retry: .ifIdempotent, blamesEndpoint: false, closesClient: false,
            proxyStatus: "connection_terminated", explanation: "The endpoint ended the connection.")
    }

    private static var truncated: Row {
        Row(
            status: 502, retry: .never, blamesEndpoint: true, closesClient: true,
            proxyStatus: "http_response_incomplete", explanation: "The endpoint's answer ended too early.")
    }
}
