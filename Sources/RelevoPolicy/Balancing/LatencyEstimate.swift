// How long an endpoint takes to answer, as one number that follows what is seen.
// What is measured, and when, is decided by who records it.

/// The peak-sensitive moving average of a latency (peak EWMA, after Finagle): a slow answer counts at once, fast ones
/// bring the estimate down with a time constant of ten seconds, and so does silence.
package struct LatencyEstimate: Sendable, BitwiseCopyable {
    /// The time, in nanoseconds, in which what was seen loses two thirds of its influence.
    private static let constant = 10e9

    /// Nanoseconds, at `stamp`; 0 if nothing was recorded.
    private var peak = 0.0
    private var stamp: UInt64 = 0

    /// Creates an estimate of something that was never measured.
    package init() {}

    /// Whether anything was recorded.
    package var isMeasured: Bool { peak > 0 }

    /// Takes over how long an answer took.
    ///
    /// - Parameters:
    ///   - nanoseconds: From the request to the first byte of the answer.
    ///   - now: Nanoseconds on the monotonic clock; a time that has passed already counts as that of the last record.
    package mutating func record(_ nanoseconds: UInt64, now: UInt64) {
        let latest = Double(max(nanoseconds, 1))
        let share = share(at: now)
        peak = max(latest, peak * share + latest * (1 - share))
        stamp = max(stamp, now)
    }

    /// The estimate in nanoseconds; 0 if nothing was recorded.
    package func value(now: UInt64) -> Double { peak * share(at: now) }

    /// The influence that the past still has: e to the power of the time passed in constants, off by less than one per
    /// cent of the whole. The sixty-fourth power needs no library, and is the same on every machine.
    private func share(at now: UInt64) -> Double {
        guard now > stamp else { return 1 }
        var power = 1 / (1 + Double(now - stamp) / (64 * Self.constant))
        for _ in 0..<6 { power *= power }
        return power
    }
}
