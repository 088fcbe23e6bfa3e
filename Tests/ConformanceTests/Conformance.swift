// The root of the black-box proof of HTTP/1.1: rows of what a client or an origin sends, and what must cross the proxy.
// Not for limits of resources and lifetimes, which IntegrationTests drives.

import Testing

/// RFC 9110 and RFC 9112 at both sockets of a running proxy.
@Suite("HTTP/1.1 at both sides of the proxy", .serialized, .timeLimit(.minutes(2)))
enum Conformance {}
