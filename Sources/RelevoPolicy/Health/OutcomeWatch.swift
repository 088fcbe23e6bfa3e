// What a worker remembers of how an endpoint serves until the control loop has heard of it, and when it may tell.
// What is counted as what: ClusterLedger.

/// Whether the end of an attempt is something that the control loop has to hear of.
package enum OutcomeNews: Sendable, Hashable, BitwiseCopyable {
    /// It is not: the endpoint does well, as before.
    case none
    /// It is, and the endpoint has to be put on the list of those that are to be told of.
    case first
    /// It is, and the endpoint is on that list already.
    case more
}

/// One worker's notes about one endpoint.
struct OutcomeWatch: Sendable {
    /// What was seen since the control loop was told.
    private var tally = OutcomeTally()
    /// Whether the endpoint has failed of late: then its successes count as well.
    private var isWatched = false
    /// Whether it waits to be told of.
    private var isListed = false

    /// It has served a request well.
    mutating func succeeded() -> OutcomeNews {
        guard isWatched else { return .none }
        tally.succeeded()
        return enlist()
    }

    /// It has failed a request.
    mutating func failed(_ failure: AttemptFailure) -> OutcomeNews {
        isWatched = true
        tally.failed(failure)
        return enlist()
    }

    private mutating func enlist() -> OutcomeNews {
        defer { isListed = true }
        return isListed ? .more : .first
    }

    /// What there is to tell, and nothing any more.
    mutating func take() -> OutcomeTally {
        isListed = false
        let taken = tally.take()
        // Nobody has to hear of an endpoint that does well again.
        if taken.failures == 0, taken.successes > 0 { isWatched = false }
        return taken
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
