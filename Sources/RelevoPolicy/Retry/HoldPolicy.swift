// Which requests wait while endpoints restart, and how: every endpoint refuses, or ends its connections.
// What goes to another endpoint at once is RetryPolicy's.

/// Paces the rounds of a request that is held.
package enum HoldPolicy {
    /// Nanoseconds between two rounds: random, so that requests that were held together do not come back together.
    private static let pause: ClosedRange<UInt64> = 50_000_000...150_000_000

    /// Whether a request that goes nowhere else now may wait for any endpoint after this failure.
    ///
    /// Always, if it was sent nowhere. If it was sent, and means the same when it is sent twice, it may wait as well;
    /// but where a connection has ended without an answer it is sent only once more than `retry` allows, for it may be
    /// what ends them. Each such wait counts against the retry budget.
    package static func takes(_ evidence: AttemptEvidence, _ settings: RetrySettings?) -> Bool {
        guard case .fault(let fault) = evidence.failure, fault.mayBeRestart else { return false }
        if fault.row.retry == .nothingSent || !evidence.requestBytesSent, evidence.body != .lost {
            return evidence.sends == 0 || evidence.isIdempotent
        }
        guard let settings, evidence.isIdempotent, evidence.body != .lost, !evidence.responseBytes else { return false }
        return evidence.sends <= settings.attempts
    }

    /// Nanoseconds to wait before all endpoints are tried again; nil once the request has been held for `hold`
    /// nanoseconds. The last wait ends when the hold time does, however short that makes it.
    package static func next(
        since: UInt64, now: UInt64, hold: UInt64, using random: inout RandomSource
    ) -> UInt64? {
        let held = now > since ? now - since : 0
        guard held < hold else { return nil }
        return min(UInt64.random(in: pause, using: &random), hold - held)
    }
}

extension Fault {
    /// Whether an endpoint that restarts may be the reason: it cannot be reached, or ended a connection.
    package var mayBeRestart: Bool { row.retry == .nothingSent || self == .upstreamStale || self == .upstreamClosed }
}

/// Lets one of the requests that are held look whether endpoints are back, and the others only after it found one: a
/// thousand of them would else knock ten thousand times a second at a host that is starting.
package struct HoldGate: Sendable {
    /// Nanoseconds between two rounds while none has found an endpoint.
    private static let pause: UInt64 = 20_000_000

    /// When a round last began or came to nothing; nil once a connection has opened since.
    private var refused: UInt64?

    /// Creates a gate that is open.
    package init() {}

    /// All endpoints have refused a request.
    package mutating func roundFailed(now: UInt64) { refused = now }

    /// A connection to an endpoint has opened.
    package mutating func connected() { refused = nil }

    /// Whether a request that is held may try all endpoints now. One that gets true is taken to do so.
    package mutating func opens(now: UInt64) -> Bool {
        guard let last = refused else { return true }
        guard now >= last.addingSaturated(Self.pause) else { return false }
        refused = now
        return true
    }
}
