// How long a request waits before it is sent again.
// Not for connect failures, which go on at once, and not for HoldPolicy's wait for any endpoint at all.

/// Waits with full jitter: requests that failed together do not come back together.
package enum Backoff {
    /// How often the wait doubles at most: 16 times the first.
    private static let maxDoublings = 4

    /// Nanoseconds to wait before sending once more after `attempt` sends: anything from nothing to
    /// ``RetrySettings/backoff``, twice that after the second send, at most 16 times.
    package static func delay(
        attempt: Int, _ settings: RetrySettings, using random: inout RandomSource
    ) -> UInt64 {
        let doublings = min(max(attempt - 1, 0), maxDoublings)
        let first = Patience.nanoseconds(settings.backoff)
        let (longest, overflow) = first.multipliedReportingOverflow(by: 1 << UInt64(doublings))
        return UInt64.random(in: 0...(overflow ? .max : longest), using: &random)
    }
}
