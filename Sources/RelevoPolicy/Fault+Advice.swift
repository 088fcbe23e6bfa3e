// What an operator looks at after a failure. The sentence for clients is the explanation in Fault+Table; the page with
// all of it is docs/errors.md.

extension Fault {
    /// Where to look, in one or two sentences for the operator.
    package var advice: String {
        switch self {
        case .clientMalformed: "The rule is named above. It is the client's HTTP library, or an attack."
        case .clientUnsupportedVersion: "The client speaks HTTP/2 without TLS, or no HTTP."
        case .clientUnsupportedCoding: "The client should use Content-Encoding instead of a transfer coding."
        case .clientHeadTooLarge: "Cookies that grow are the usual cause; `limits.head_bytes` and `limits.fields`."
        case .clientTargetTooLong: "Forms that are sent with GET are the usual cause; `limits.target_bytes`."
        case .clientBodyTooLarge: "`limits.body_bytes` is the limit."
        case .clientHeadTimeout: "The network is slow, or many of these are an attack; `timeouts.head`."
        case .clientBodyTimeout:
            "The network is slow or the Content-Length wrong; `timeouts.body` and `limits.body_rate`."
        case .clientRateLimited:
            "`limits.client_connections` is the limit. A proxy in front belongs into `trusted_proxies`."
        case .clientClosed: "The client had no more patience, or its person has gone on; see below what it waited for."
        case .clientCertificateRefused:
            "The reason is named above; `client` of the listener's `tls` says whom it believes."
        case .clientMethodRefused: "CONNECT and TRACE are not carried: mostly scanners ask for them."
        case .routeUnknownDomain:
            "Add the name to `domains`, or `*` for all names. `relevo explain FILE URL` shows what is matched."
        case .routeLoop: "One of the endpoints leads back to a listener of this proxy."
        case .routeNone: "`relevo explain FILE URL -X METHOD` shows each route and why it does not match."
        case .endpointNoneHealthy:
            "`relevo status` shows each endpoint: drained or disabled by order, of weight 0, or a name without address."
        case .endpointOverloaded:
            "Are the endpoints slow? Else `max_requests`, `concurrency` and `queue` are too small."
        case .proxyOverloaded:
            "Too few descriptors (`LimitNOFILE`) or ports (`net.ipv4.ip_local_port_range`), or `limits.connections`."
        case .proxyDraining: "The proxy ended while this ran; `timeouts.shutdown` and `timeouts.drain` give more time."
        case .connectRefused: "Nothing listens on that address: is the server there running, and on that port?"
        case .connectUnreachable: "The route, the firewall, or the address itself is wrong."
        case .connectDNS: "The name does not resolve from this machine; the log has what the nameserver said."
        case .connectTLS:
            "The endpoint's certificate, its name (`tls.name`) or its authority (`tls.ca`); see the reason."
        case .connectTimeout:
            "A firewall or a dead machine drops packets, or the server's queue is full; `timeouts.connect`."
        case .upstreamStale:
            "The endpoint ends idle connections sooner than `timeouts.upstream_idle`: make that shorter than its limit."
        case .upstreamClosed: "The server there crashed, was restarted or gave up: its own log tells."
        case .upstreamMalformed: "The rule is named above: is that port HTTP at all, or does it want `https://`?"
        case .upstreamHeadTooLarge: "Cookies that grow are the usual cause; `limits.head_bytes` and `limits.fields`."
        case .upstreamTimeout: "The server there is slow or hangs; `timeouts.response` is how long it is waited for."
        case .upstreamTruncated: "The server there crashed or was restarted amid its answer: its own log tells."
        }
    }

    /// Whether the request was at fault, as far as anybody knows: nothing that an operator's machines have done.
    package var isOfRequest: Bool {
        switch self {
        case .clientMalformed, .clientUnsupportedVersion, .clientUnsupportedCoding, .clientHeadTooLarge,
            .clientTargetTooLong, .clientBodyTooLarge, .clientHeadTimeout, .clientBodyTimeout, .clientRateLimited,
            .clientClosed, .clientCertificateRefused, .clientMethodRefused, .routeUnknownDomain, .routeNone:
            true
        case .routeLoop, .endpointNoneHealthy, .endpointOverloaded, .proxyOverloaded, .proxyDraining, .connectRefused,
            .connectUnreachable, .connectDNS, .connectTLS, .connectTimeout, .upstreamStale, .upstreamClosed,
            .upstreamMalformed, .upstreamHeadTooLarge, .upstreamTimeout, .upstreamTruncated:
            false
        }
    }
}
