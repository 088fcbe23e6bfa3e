// The two answers to the question whether a failed attempt is followed by another.
// The question is answered in RetryPolicy.

/// Whether there is another attempt.
package enum RetryVerdict: Sendable, Hashable, BitwiseCopyable {
    /// Where the next attempt goes.
    package enum Where: Sendable, Hashable, BitwiseCopyable {
        /// To an endpoint, or an address, that was not tried.
        case elsewhere
        /// To the same endpoint, by a connection opened for it.
        case sameEndpoint
    }

    /// There is none.
    case no(RetryRefusal)
    /// There is one. If it `countsAgainstBudget`, then only if `RetryBudget.take` grants it; if it `waits`, then after
    /// `Backoff.delay`.
    case another(Where, countsAgainstBudget: Bool, waits: Bool)
}

/// Why a request is not sent again.
package enum RetryRefusal: Sendable, Hashable, BitwiseCopyable {
    /// The failure lies with the client, the proxy or a response that has begun.
    case isFinal
    /// The cluster has `retry: off`.
    case isOff
    /// The answer's status is none of those after which another endpoint is asked.
    case statusNotListed(Int)
    /// An endpoint may have processed a request that must not be processed twice.
    case mayBeProcessed
    /// It must not be processed twice, and the failure is none in which that could be ruled out.
    case notIdempotent
    /// The body is not there any more.
    case bodyLost
    /// It was sent as often as allowed.
    case sentOften(Int)
    /// As many attempts were made as one request may have.
    case triedOften(Int)
    /// As many attempts ran into the connect timeout as one request may have.
    case timedOutOften(Int)
    /// Every endpoint was tried.
    case noneLeft
    /// `RetryBudget.take` did not grant it.
    case budgetSpent

    /// The reason in words that follow "not sent again:".
    package var text: String {
        switch self {
        case .isFinal: "no endpoint could mend this failure"
        case .isOff: "retry is off"
        case .statusNotListed(let status): "status \(status) is not listed under retry"
        case .mayBeProcessed: "it is not idempotent and may have been processed"
        case .notIdempotent: "it is not idempotent"
        case .bodyLost: "its body was not kept"
        case .sentOften(let count): "sent \(Self.times(count)) already"
        case .triedOften(let count): "tried \(Self.times(count)) already"
        case .timedOutOften(let count): "ran into the connect timeout \(Self.times(count)) already"
        case .noneLeft: "no endpoint is left to try"
        case .budgetSpent: "the retry budget is spent"
        }
    }

    private static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }
}
