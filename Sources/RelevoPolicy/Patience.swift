// Time limits in the form of the request path: whole nanoseconds, converted once instead of at each deadline.
// What each of them means is said in Timeouts.

/// ``Timeouts`` in nanoseconds.
package struct Patience: Sendable, Hashable {
    /// See ``Timeouts/body``.
    package let body: UInt64
    /// See ``Timeouts/connect``.
    package let connect: UInt64
    /// See ``Timeouts/response``.
    package let response: UInt64
    /// See ``Timeouts/stream``.
    package let stream: UInt64
    /// See ``Timeouts/tunnel``.
    package let tunnel: UInt64
    /// See ``Timeouts/halfClose``.
    package let halfClose: UInt64
    /// See ``Timeouts/head``.
    package let head: UInt64
    /// See ``Timeouts/handshake``.
    package let handshake: UInt64
    /// See ``Timeouts/idle``.
    package let idle: UInt64
    /// See ``Timeouts/upstreamIdle``.
    package let upstreamIdle: UInt64

    /// Converts time limits; what is too long for 64 bits becomes the longest.
    package init(_ timeouts: Timeouts) {
        body = Self.nanoseconds(timeouts.body)
        connect = Self.nanoseconds(timeouts.connect)
        response = Self.nanoseconds(timeouts.response)
        stream = Self.nanoseconds(timeouts.stream)
        tunnel = Self.nanoseconds(timeouts.tunnel)
        halfClose = Self.nanoseconds(timeouts.halfClose)
        head = Self.nanoseconds(timeouts.head)
        handshake = Self.nanoseconds(timeouts.handshake)
        idle = Self.nanoseconds(timeouts.idle)
        upstreamIdle = Self.nanoseconds(timeouts.upstreamIdle)
    }

    /// Whole nanoseconds of a duration; none of a negative one, the most of one that is too long for 64 bits.
    package static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return overflow || carry ? .max : sum
    }
}
