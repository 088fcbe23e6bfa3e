// What a worker remembers of how an endpoint serves until the control loop has heard of it, and when it may tell.
// What is counted as what: ClusterLedger.

/// Whether the end of an attempt is something that the control loop has to hear of.
package enum OutcomeNews: Sendable, Hashable, BitwiseCopyable {
    /// It is not: the endpoint does well, as before; or it is on the list already.
    case none
    /// It is, but there is no hurry: the endpoint has to be put on the list of those that are to be told of.
    case later
    /// It is, soon, and the endpoint has to be put on that list.
    case first
    /// It is, soon, and the endpoint is on that list already.
    case more

    /// Whether the endpoint has to be put on the list.
    package var isNew: Bool { self == .later || self == .first }
    /// Whether the list should be told as soon as that is allowed.
    package var isUrgent: Bool { self == .first || self == .more }
}

/// One worker's notes about one endpoint. Times are nanoseconds and may go back a little.
///
/// What serves well is counted for itself, so that nothing has to be told of endpoints that never fail. With a failure
/// the successes of the last `window`, or of the last half of it at least, are told as well, and all that follow until
/// `window` has passed without another: the share of failures is that of all requests.
struct OutcomeWatch: Sendable {
    private let window: UInt64
    /// What was seen since the control loop was told.
    private var tally = OutcomeTally()
    /// Until when successes are told; nil while there was no failure of late.
    private var watchedUntil: UInt64?
    /// Successes that were not told: in the half of a window that runs, since when, and in the one before.
    private var recent = 0
    private var recentSince: UInt64 = 0
    private var earlier = 0
    /// Whether it waits to be told of.
    private var isListed = false

    /// Begins notes without any entry.
    init(window: UInt64) { self.window = window }

    /// It has served a request well.
    mutating func succeeded(at now: UInt64) -> OutcomeNews {
        if let until = watchedUntil, now > until {
            watchedUntil = nil
            (recent, recentSince, earlier) = (0, now, 0)
        }
        guard watchedUntil != nil else {
            turn(now)
            recent &+= 1
            return .none
        }
        tally.succeeded()
        return enlist() ? .later : .none
    }

    /// It has failed a request.
    mutating func failed(_ failure: AttemptFailure, at now: UInt64) -> OutcomeNews {
        if watchedUntil == nil {
            turn(now)
            tally.succeeded(times: earlier + recent)
        }
        watchedUntil = max(watchedUntil ?? 0, now.addingSaturated(window))
        tally.failed(failure)
        return enlist() ? .first : .more
    }

    /// Forgets successes that are too old.
    private mutating func turn(_ now: UInt64) {
        let age = now > recentSince ? now - recentSince : 0
        guard age >= max(1, window / 2) else { return }
        earlier = age < window ? recent : 0
        (recent, recentSince) = (0, now)
    }

    /// Puts it on the list; false if it is there.
    private mutating func enlist() -> Bool {
        defer { isListed = true }
        return !isListed
    }

    /// What there is to tell, and nothing any more.
    mutating func take() -> OutcomeTally {
        isListed = false
        return tally.take()
    }
}

/// When a worker tells the control loop what it saw: soon, but not for each request.
package struct ReportPacing: Sendable {
    /// Nanoseconds between two reports at least.
    private static let interval: UInt64 = 10_000_000
    /// Nanoseconds between two ticks of a worker, at each of which it reports what there is.
    package static let tick: UInt64 = 100_000_000

    private var silence: UInt64 = 0

    /// Creates the pacing of a worker that has told nothing yet.
    package init() {}

    /// Whether something new may be told at once.
    package func allows(now: UInt64) -> Bool { now >= silence }

    /// Something was told.
    package mutating func reported(now: UInt64) { silence = now.addingSaturated(Self.interval) }
}
