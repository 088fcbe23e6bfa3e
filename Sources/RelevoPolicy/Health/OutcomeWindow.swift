// Successes and failures of the recent past, in a fixed number of counters.
// What they mean is decided in ServiceRecord.

/// Counts outcomes over a time that slides, in steps of a tenth of it: what is counted is between nine tenths of the
/// time and all of it.
struct OutcomeWindow: Sendable, Hashable {
    /// What happened in one step.
    private struct Bucket: Sendable, Hashable {
        var step: UInt64
        var successes = 0
        var failures = 0
    }

    private static let steps: UInt64 = 10

    /// Nanoseconds of one step.
    let width: UInt64
    private var buckets: [Bucket] = []

    /// Creates an empty window of so many nanoseconds.
    init(_ nanoseconds: UInt64) { width = max(1, nanoseconds / Self.steps) }

    /// Counts outcomes that were reported at a time.
    mutating func add(_ tally: OutcomeTally, now: UInt64) {
        let step = now / width
        buckets.removeAll { step.subtractingReportingOverflow($0.step).partialValue >= Self.steps }
        if buckets.last?.step != step { buckets.append(Bucket(step: step)) }
        let last = buckets.count - 1
        buckets[last].successes = buckets[last].successes.addingSaturated(tally.successes)
        buckets[last].failures = buckets[last].failures.addingSaturated(tally.failures)
    }

    /// Outcomes within the time, as of the last that were added.
    var totals: (requests: Int, failures: Int) {
        buckets.reduce(into: (requests: 0, failures: 0)) { sum, bucket in
            sum.failures = sum.failures.addingSaturated(bucket.failures)
            sum.requests = sum.requests.addingSaturated(bucket.failures.addingSaturated(bucket.successes))
        }
    }
}
