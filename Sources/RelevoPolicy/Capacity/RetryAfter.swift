// What a refused client is told about when to come back (RFC 9110 §10.2.3).
// Not whether it is refused.

/// The value of a `Retry-After` field.
package enum RetryAfter {
    /// The longest that a client is told to stay away, in seconds: what was expected may come sooner.
    private static let longest: UInt64 = 3600

    /// Whole seconds after which a wait of so many nanoseconds is over: 1 at least, since 0 asks for a storm.
    package static func seconds(_ nanoseconds: UInt64) -> Int {
        let whole = nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 == 0 ? 0 : 1)
        return Int(min(max(whole, 1), longest))
    }
}
