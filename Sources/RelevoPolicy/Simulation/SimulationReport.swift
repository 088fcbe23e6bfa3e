// What a simulation has shown, as values.
// How it is shown to people is the command line's matter.

/// The outcome of a simulation. Times are nanoseconds since its beginning, lengths of time nanoseconds.
package struct SimulationReport: Sendable, Equatable {
    /// What clients were told, and how often.
    package struct Failure: Sendable, Equatable {
        /// A code, or a status of 500 or above that an endpoint answered with.
        package var reason: AttemptFailure
        /// Requests that ended so.
        package var count: Int
    }

    /// What happened in one slice of the time.
    package struct Slice: Sendable, Equatable {
        /// Attempts that began in it.
        package var attempts = 0
        /// How much of it the endpoint was ejected.
        package var ejected: UInt64 = 0
        /// How much of it the endpoint was down.
        package var down: UInt64 = 0
    }

    /// What happened to one endpoint.
    package struct Endpoint: Sendable, Equatable {
        /// Its text.
        package var text: String
        /// Attempts that it was given.
        package var attempts = 0
        /// The most requests that it had at a time.
        package var mostAtOnce = 0
        /// Attempts that counted against it.
        package var failures = 0
        /// How often it was ejected.
        package var ejections = 0
        /// How often checks took it down.
        package var downs = 0
        /// How long it was ejected or down.
        package var absence: UInt64 = 0
        /// By time.
        package var slices: [Slice]
    }

    /// News about an endpoint's health.
    package struct Change: Sendable, Equatable {
        /// When.
        package var time: UInt64
        /// What.
        package var change: HealthChange
    }

    /// Requests that came.
    package var requests = 0
    /// Those that were answered with a status below 500.
    package var answered = 0
    /// What the others ended with, the most frequent first.
    package var failures: [Failure] = []
    /// Attempts after one in which an endpoint had had the request: those that the budget is for.
    package var resent = 0
    /// Attempts after a connection that could not be opened.
    package var redirected = 0
    /// Attempts that the budget did not grant.
    package var budgetRefusals = 0
    /// Requests that waited for any endpoint at all.
    package var held = 0
    /// Requests that waited for a place because endpoints had as many as they may have.
    package var queued = 0
    /// Requests that must not be sent twice and were; always 0.
    package var unsafeRepeats = 0
    /// The time from a request's arrival to its end: of half of them at most this.
    package var median: UInt64 = 0
    /// Of 99 in 100 at most this.
    package var percentile99: UInt64 = 0
    /// The longest.
    package var longest: UInt64 = 0
    /// By position.
    package var endpoints: [Endpoint]
    /// News in their order.
    package var changes: [Change] = []
    /// How long a slice is.
    package var sliceLength: UInt64
    /// Requests by the slice in which they came.
    package var arrivals: [Int]
    /// Those of them that were not answered with a status below 500.
    package var losses: [Int]

    /// The lengths that slices can have, in milliseconds: those that people count in.
    private static let lengths: [UInt64] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000,
        600_000, 1_200_000, 1_800_000,
    ]

    init(_ script: SimulationScript) {
        let duration = script.duration.inNanoseconds
        let length = Self.lengths.lazy.map { $0 * 1_000_000 }.first { duration <= 60 * $0 }
        sliceLength = length ?? max(1, duration / 60)
        let count = Int(max(1, (duration + sliceLength - 1) / sliceLength))
        arrivals = Array(repeating: 0, count: count)
        losses = arrivals
        endpoints = script.cluster.endpoints.map {
            Endpoint(text: $0.text, slices: Array(repeating: Slice(), count: count))
        }
    }
}

extension EndpointCondition {
    /// Whether it is a kind of absence that came by itself: what a simulation has no orders for is left out.
    var isOutage: Bool {
        switch self {
        case .ejected, .down: true
        case .up, .unchecked, .draining, .disabled: false
        }
    }
}
