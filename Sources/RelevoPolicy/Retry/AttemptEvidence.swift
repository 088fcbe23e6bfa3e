// Everything that the decision about another attempt rests on.
// Facts that the exchange has seen; the decision is RetryPolicy's.

/// What is known about a request when an attempt has failed and nothing of a final response was passed on.
package struct AttemptEvidence: Sendable, Hashable, BitwiseCopyable {
    /// What became of the request's body.
    package enum BodyState: Sendable, Hashable, CaseIterable, BitwiseCopyable {
        /// The request has none.
        case none
        /// Nothing of it was taken from the client yet.
        case untouched
        /// All that was taken from the client is kept.
        case kept
        /// Something that was taken from the client is gone.
        case lost
    }

    /// Where the attempt's connection came from.
    package enum Connection: Sendable, Hashable, CaseIterable, BitwiseCopyable {
        /// It was opened for this attempt.
        case fresh
        /// It was kept from an earlier request, so that the endpoint may have ended it before it saw this one.
        case kept
    }

    /// Why the attempt failed.
    package var failure: AttemptFailure
    /// Whether a byte of the request may have left and been read, in this attempt or in one before.
    package var requestBytesSent = true
    /// Whether a byte of a response was received in this attempt.
    package var responseBytes = false
    /// Where the attempt's connection came from.
    package var connection = Connection.fresh
    /// Whether the request means the same when it is sent twice: by its method (RFC 9110 §9.2.2), or because its
    /// client said so with an `Idempotency-Key`.
    package var isIdempotent = false
    /// What became of the body.
    package var body = BodyState.lost
    /// Attempts made so far, this one included.
    package var attempts = 1
    /// How many of them sent something.
    package var sends = 1
    /// How many of them ran into the connect timeout.
    package var connectTimeouts = 0
    /// Whether there is an endpoint, or an address of this one's name, that was not tried.
    package var hasUntried = false

    /// Creates the evidence of a first attempt. Whatever its maker does not say counts as the worst.
    package init(_ failure: AttemptFailure) { self.failure = failure }
}
