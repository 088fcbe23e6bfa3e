// How a request waits while every endpoint of its cluster refuses connections, as during a restart.
// Nothing was sent anywhere, so this is open to every request; sending again is RetryPolicy's.

/// Paces the rounds of a request that is held.
package enum HoldPolicy {
    /// Nanoseconds between two rounds: random, so that requests that were held together do not come back together.
    private static let pause: ClosedRange<UInt64> = 50_000_000...150_000_000

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
