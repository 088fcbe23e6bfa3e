// Whether a failed attempt is followed by another.
// Asked with evidence, never with hope.

/// What is known about a request when an attempt has failed.
package struct AttemptEvidence: Sendable {
    /// Why the attempt failed.
    package var fault: Fault
    /// Attempts made so far, this one included.
    package var attempts: Int
    /// How many of them ran into the connect timeout.
    package var timeouts: Int

    /// Creates the evidence.
    package init(fault: Fault, attempts: Int, timeouts: Int) {
        self.fault = fault
        self.attempts = attempts
        self.timeouts = timeouts
    }
}

/// Decides about another attempt.
package enum RetryPolicy {
    /// Attempts for one request at most; each goes to an endpoint that was not tried before.
    package static let maxAttempts = 16
    /// Connect timeouts for one request at most: refusals cost nothing, but each of these costs the client seconds.
    package static let maxTimeouts = 2

    /// Whether the request may go to another endpoint.
    package static func allowsAnother(_ evidence: AttemptEvidence) -> Bool {
        switch evidence.fault.row.retry {
        case .never, .ifIdempotent: false
        case .nothingSent: evidence.attempts < maxAttempts && evidence.timeouts < maxTimeouts
        }
    }
}
