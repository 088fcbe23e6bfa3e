// When a request is sent again, as values of a configuration.
// The decision itself: Retry/.

/// Further attempts for requests that have failed. On by default, for requests that can do no harm twice.
///
/// Attempts that failed before a byte of the request was sent do not count: they go on to other endpoints until one
/// takes the request.
public struct RetrySettings: Sendable, Hashable {
    /// When a request that must not be processed twice counts as not processed by the endpoint that had it.
    public enum NonIdempotent: String, Sendable, Hashable, CaseIterable {
        /// Only if that is certain.
        case never
        /// Also if the endpoint has reset the connection and acknowledged nothing of the request: almost certain, for
        /// it can have read all of it only if it ends its connections by force (`SO_LINGER` with 0).
        case unacknowledged
    }

    /// How often a request is sent at most; 1 for never again.
    public var attempts = 3
    /// Statuses of answers after which another endpoint is asked, for requests that can do no harm twice.
    public var statuses: [ClosedRange<Int>] = []
    /// Per cent of the recent requests of a cluster that may be sent again.
    public var budget = 20
    /// Requests a second that may be sent again whatever `budget` says.
    public var reserve = 3
    /// Bytes of a request's body that are kept so that it can be sent again.
    public var bodyBytes = 64 * 1024
    /// Whether what is almost certainly unread may be sent again although it is not idempotent.
    public var nonIdempotent = NonIdempotent.never
    /// The longest wait before the second attempt at sending; it doubles with each further one, to 16 times this
    /// at most. The wait itself is chosen at random.
    public var backoff: Duration = .milliseconds(25)

    /// Creates the defaults.
    public init() {}
}
