// How many requests a cluster can have in flight before they only wait in its endpoints, found out from latency.
// After the gradient limits of Netflix and Envoy; how the workers share one is in SharedGradientLimit.

/// A limit that follows latency: the ratio of the latency without load to that of now says by how much to shrink.
///
/// Time is cut into windows, each long enough to show the effect of the limit set at its beginning: only requests that
/// were sent within it count. At its end
///
///      gradient = tolerance x base / mean, between 0.5 and 1
///      limit    = limit x gradient + square root of limit
///
/// so that the limit grows a little while latency is near its base and settles near `tolerance` times what the
/// endpoints work on at once. The base is the mean latency of windows, not of single requests: the quickest answers of
/// a cluster are seldom typical. Learnt under load, it would contain the queueing that it is to reveal, and more of it
/// each time; so every half minute the limit is halved for one window, in which the base is learnt again. It is also
/// learnt again when the limit stays at its lowest: then the base was too low.
package struct GradientLimit: Sendable {
    /// By how much the mean latency may exceed the base.
    private static let tolerance = 1.5
    /// A window has this many requests at least.
    private static let samples = 20
    /// A window lasts so many nanoseconds at least, and so many at most if it has enough requests.
    private static let span: (least: UInt64, most: UInt64) = (100_000_000, 10_000_000_000)
    /// One request counts at most this many times the base: a long poll is no queue.
    private static let ceiling = 8.0
    /// Nanoseconds after which the base is learnt again.
    private static let memory: UInt64 = 30_000_000_000
    /// Windows at the lowest limit after which it is learnt again before that.
    private static let patience = 5

    private let lowest: Double
    private let highest: Double
    private var estimate: Double
    /// The mean latency without queueing, in nanoseconds; 0 until known.
    private var base = 0.0
    private var learnt: UInt64 = 0
    /// Whether the limit is halved to learn the base.
    private var isProbing = false
    private var windowsAtLowest = 0
    private var window = Window(start: 0)

    /// What was seen since the limit was last set.
    private struct Window {
        let start: UInt64
        var sum = 0.0
        var count = 0
        /// The most requests in flight.
        var peak = 0

        init(start: UInt64) { self.start = start }

        var mean: Double { sum / Double(count) }

        /// Twice the mean latency, since the first requests to end are the quickest.
        func isComplete(at now: UInt64) -> Bool {
            guard count >= GradientLimit.samples, now > start else { return false }
            let time = now - start
            if time >= GradientLimit.span.most { return true }
            return time >= GradientLimit.span.least && Double(time) >= 2 * mean
        }
    }

    /// Creates a limit that begins at its minimum, 1 at least.
    package init(_ settings: AdaptiveLimit) {
        lowest = Double(max(settings.minimum, 1))
        highest = max(lowest, Double(settings.maximum))
        estimate = lowest
    }

    /// Requests in flight allowed now.
    package var limit: Int { Int(isProbing ? max(lowest, estimate / 2) : estimate) }

    /// A request has ended. `rtt` is the time in nanoseconds from its head sent to its response head, or to the
    /// timeout; `inFlight` counts the requests in flight before it ended.
    package mutating func record(rtt: UInt64, inFlight: Int, now: UInt64) {
        let sent = now > rtt ? now - rtt : 0
        guard sent >= window.start else { return }
        let latency = Double(max(rtt, 1))
        window.sum += base > 0 ? min(latency, Self.ceiling * base) : latency
        window.count += 1
        window.peak = max(window.peak, inFlight)
        guard window.isComplete(at: now) else { return }
        let seen = window
        window = Window(start: now)
        close(seen, now)
    }

    private mutating func close(_ seen: Window, _ now: UInt64) {
        // While less than half of the limit is used, latency says nothing about it.
        let isUsed = Double(seen.peak) >= estimate / 2
        if base == 0 {
            learn(seen.mean, now)
        } else if isProbing {
            isProbing = false
            learn(seen.mean, now)
            return
        } else if now > learnt, now - learnt >= Self.memory {
            if isUsed { isProbing = true } else { learn(seen.mean, now) }
            return
        }
        if seen.mean < base { base -= (base - seen.mean) / 4 }
        if isUsed { adjust(seen.mean, now) }
    }

    private mutating func adjust(_ mean: Double, _ now: UInt64) {
        let gradient = min(max(Self.tolerance * base / mean, 0.5), 1)
        let next = estimate * gradient + estimate.squareRoot()
        windowsAtLowest = gradient < 1 && next <= lowest ? windowsAtLowest + 1 : 0
        estimate = min(max(next, lowest), highest)
        if windowsAtLowest >= Self.patience { learn(mean, now) }
    }

    private mutating func learn(_ mean: Double, _ now: UInt64) {
        base = mean
        learnt = now
        windowsAtLowest = 0
    }
}
