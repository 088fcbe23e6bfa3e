// What an attempt came to when it did not serve its request.
// Not what follows: that is for RetryPolicy and for those who watch the endpoints' health.

/// Why an attempt failed: for want of an answer, or by what the answer said.
package enum AttemptFailure: Sendable, Hashable, BitwiseCopyable {
    /// No answer came that could be passed on.
    case fault(Fault)
    /// An answer came, with this status.
    case status(Int)
}
