// What balancers are told about one request.
// Where its parts come from (fields, cookies, the client's address) is the matter of who asks.

/// One request, as far as the choice of an endpoint depends on it.
package struct BalanceRequest: Sendable {
    /// Positions that this request has tried already: they are not chosen again. Others than the cluster's are ignored.
    package var tried: [Int] = []
    /// The ``HashKey`` of what ``BalanceMethod/hash(_:)`` goes by; nil if the request has nothing of the kind.
    package var key: UInt64?
    /// The position that a sticky cookie names; any number is safe.
    package var preferred: Int?
    /// Nanoseconds on the monotonic clock.
    package var now: UInt64 = 0

    /// Creates a request.
    package init(tried: [Int] = [], key: UInt64? = nil, preferred: Int? = nil, now: UInt64 = 0) {
        self.tried = tried
        self.key = key
        self.preferred = preferred
        self.now = now
    }
}
