// How attempts at an endpoint ended, counted by a worker and sent to the control thread now and then.
// What follows: ServiceRecord.

/// Why an attempt counts against its endpoint.
package enum AttemptFailure: Sendable, Hashable, BitwiseCopyable, CustomStringConvertible {
    /// No usable answer came.
    case fault(Fault)
    /// The answer had this status.
    case status(Int)

    /// For people: `connect.refused`, `status 503`.
    package var description: String {
        switch self {
        case .fault(let fault): fault.rawValue
        case .status(let status): "status \(status)"
        }
    }
}

extension Ejection {
    /// Whether a worker has to count an outcome as a failure: faults that blame the endpoint, and statuses of 500 and
    /// above where these settings say so.
    package func counts(_ outcome: AttemptFailure) -> Bool {
        switch outcome {
        case .fault(let fault): fault.row.blamesEndpoint
        case .status(let status): countsServerErrors && status >= 500
        }
    }
}

/// What a worker saw of an endpoint since it last reported.
package struct OutcomeTally: Sendable, Hashable {
    /// Attempts that ended well.
    package private(set) var successes = 0
    /// Attempts that failed.
    package private(set) var failures = 0
    /// Failures since the last success within this tally; all of them if there was none.
    package private(set) var trailing = 0
    /// Why the last failure was one.
    package private(set) var reason: AttemptFailure?

    /// Creates an empty tally.
    package init() {}

    /// Whether there is nothing to report.
    package var isEmpty: Bool { successes == 0 && failures == 0 }

    /// An attempt ended well, or several did.
    package mutating func succeeded(times: Int = 1) {
        guard times > 0 else { return }
        successes = successes.addingSaturated(times)
        trailing = 0
    }

    /// An attempt failed.
    package mutating func failed(_ reason: AttemptFailure) {
        failures = failures.addingSaturated(1)
        trailing = trailing.addingSaturated(1)
        self.reason = reason
    }

    /// Returns the tally and leaves an empty one.
    ///
    /// ``trailing`` begins at 0 again, too. A streak goes on across reports, and across workers, at the receiver: it
    /// adds the trailing failures of a tally without a success to the streak that it knows, and lets those of a tally
    /// with one replace it. Counting on here would count failures twice.
    package mutating func take() -> OutcomeTally {
        let taken = self
        self = OutcomeTally()
        return taken
    }
}
