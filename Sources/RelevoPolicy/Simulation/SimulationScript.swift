// What a simulation plays: a cluster, the requests that come for it, and how its endpoints fare.
// Reading scripts is done in RelevoConfig, playing them in Simulation.

/// A scripted stretch of a cluster's life.
package struct SimulationScript: Sendable {
    /// Requests that one script may have on average, so that each run has an end that can be waited for.
    package static let maxRequests = 10_000_000
    /// Requests a second that a script may ask for.
    package static let rates = 1...1_000_000

    /// Whose endpoints are chosen.
    package var cluster: Cluster
    /// Time limits of its requests; those of domains and routes do not count.
    package var timeouts: Timeouts
    /// How long requests come.
    package var duration: Duration = .seconds(60)
    /// Requests a second on average; they come at random (Poisson).
    package var rate = 1000
    /// Per cent of the requests that must not be sent twice.
    package var posts = 0
    /// Workers that share the requests.
    package var workers = 2
    /// Clients, which keys of requests and sticky cookies go by.
    package var clients = 1000
    /// Of all dice; equal seeds give equal outcomes.
    package var seed: UInt64 = 1
    /// How each endpoint fares, by position; those that are missing are well.
    package var timelines: [EndpointTimeline] = []

    /// Creates a script in which nothing happens.
    package init(_ cluster: Cluster, timeouts: Timeouts = Timeouts()) {
        self.cluster = cluster
        self.timeouts = timeouts.overridden(by: cluster.timeouts)
    }

    /// The script of those who have written none: a quarter of the way through, the first endpoint that serves begins
    /// to refuse connections, and it recovers at half time.
    package static func outage(of cluster: Cluster, timeouts: Timeouts) -> SimulationScript {
        var script = SimulationScript(cluster, timeouts: timeouts)
        let first = cluster.endpoints.firstIndex { $0.weight > 0 && $0.backup == 0 } ?? 0
        var (outage, recovery) = (EndpointPhase(), EndpointPhase())
        let quarter = script.duration.inNanoseconds / 4
        (outage.begins, outage.refuses, recovery.begins) = (quarter, 100, 2 * quarter)
        script.timelines = cluster.endpoints.indices.map { EndpointTimeline($0 == first ? [outage, recovery] : []) }
        return script
    }
}

/// How long an endpoint takes to answer, in nanoseconds.
package enum SimulatedLatency: Sendable, Hashable, BitwiseCopyable {
    /// Always the same.
    case fixed(UInt64)
    /// Anything between two times.
    case range(UInt64, UInt64)
    /// At random with this mean, most often short: an exponential distribution.
    case exponential(mean: UInt64)

    func draw(using random: inout RandomSource) -> UInt64 {
        switch self {
        case .fixed(let time): time
        case .range(let least, let most): UInt64.random(in: least...max(least, most), using: &random)
        case .exponential(let mean): UInt64(min(random.exponential(mean: Double(mean)), 1e18))
        }
    }
}

extension RandomSource {
    /// A number from an exponential distribution.
    mutating func exponential(mean: Double) -> Double {
        // 53 random bits: between 0, exclusive, and 1.
        -mean * Logarithm.natural((Double(next() >> 11) + 1) / 9_007_199_254_740_992)
    }
}

/// Logarithms without a library, so that they are the same on every machine to the last bit.
enum Logarithm {
    private static let ofTwo = 0.693_147_180_559_945_3

    /// The natural logarithm of a normal number above zero, right to eleven digits.
    static func natural(_ value: Double) -> Double {
        var (mantissa, exponent) = (value.significand, Double(value.exponent))
        // Between the root of a half and the root of two the series needs few terms.
        if mantissa > 1.414_213_562_373_095 { (mantissa, exponent) = (mantissa / 2, exponent + 1) }
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        var sum = 0.0
        for divisor in stride(from: 15, through: 1, by: -2) { sum = sum * square + 1 / Double(divisor) }
        return exponent * ofTwo + 2 * ratio * sum
    }
}
