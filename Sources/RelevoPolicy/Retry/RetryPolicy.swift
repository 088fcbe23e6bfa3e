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
    /// Whether the same request can be sent again and do no harm: an idempotent method (RFC 9110 §9.2.2), no body
    /// that has been given away, and no byte of a response.
    package var isRepeatable: Bool

    /// Creates the evidence.
    package init(fault: Fault, attempts: Int, timeouts: Int, isRepeatable: Bool = false) {
        self.fault = fault
        self.attempts = attempts
        self.timeouts = timeouts
        self.isRepeatable = isRepeatable
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
        case .never: false
        // A kept connection that ended says nothing about the endpoint. Other failures after the request was sent do;
        // repeating them is a matter of configuration.
        case .ifIdempotent:
            evidence.fault == .upstreamStale && evidence.isRepeatable && evidence.attempts < maxAttempts
        case .nothingSent: evidence.attempts < maxAttempts && evidence.timeouts < maxTimeouts
        }
    }
}
