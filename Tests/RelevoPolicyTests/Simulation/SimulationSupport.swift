// What the tests of simulations share: clusters and scripts in few words, and what holds of every outcome.
// No tests.

import Testing

@testable import RelevoPolicy

/// A cluster as a configuration would make it, with settings changed before the builder sees it.
func simulated(
    _ weights: [Int] = [1, 1, 1], _ change: (inout ProxyConfiguration.Cluster) -> Void = { _ in }
) -> Cluster {
    var source = ProxyConfiguration.Cluster("origin", endpoints: [])
    change(&source)
    let endpoints = weights.indices.map { position in
        Endpoint(
            .init("10.0.0.\(position + 1)", weight: weights[position]), id: position,
            address: .literal("10.0.0.\(position + 1)", port: 80), of: source)
    }
    return Cluster(source, id: 0, endpoints: endpoints)
}

extension EndpointPhase {
    /// A phase from a second on, with what is wrong in it.
    static func from(_ begin: Int, _ change: (inout EndpointPhase) -> Void = { _ in }) -> EndpointPhase {
        var phase = EndpointPhase()
        phase.begins = UInt64(begin) * second
        change(&phase)
        return phase
    }
}

extension SimulationScript {
    /// A script with the phases of the first endpoints.
    init(_ cluster: Cluster, _ phases: [[EndpointPhase]], change: (inout SimulationScript) -> Void = { _ in }) {
        self.init(cluster)
        timelines = phases.map(EndpointTimeline.init)
        change(&self)
    }
}

extension SimulationReport {
    /// An endpoint's part of the attempts in some slices, in per cent.
    func share(of position: Int, in slices: Range<Int>) -> Double {
        func sum(_ endpoint: Endpoint) -> Int { endpoint.slices[slices].reduce(0) { $0 + $1.attempts } }
        let total = endpoints.reduce(0) { $0 + sum($1) }
        return total > 0 ? 100 * Double(sum(endpoints[position])) / Double(total) : 0
    }

    /// What must hold whatever the script says; what does not, in words.
    func violations(of script: SimulationScript) -> [String] {
        var found: [String] = []
        func check(_ holds: Bool, _ words: String) {
            if !holds { found.append("\(words): \(self)") }
        }
        let failed = failures.reduce(0) { $0 + $1.count }
        let attempts = endpoints.reduce(0) { $0 + $1.attempts }
        check(answered + failed == requests, "each request ends once")
        check(arrivals.reduce(0, +) == requests, "each request comes in a slice")
        check(losses.reduce(0, +) == failed, "each failure is in a slice")
        check(zip(losses, arrivals).allSatisfy { $0 <= $1 }, "no more fail than come")
        check(unsafeRepeats == 0, "nothing unsafe is sent twice")
        check(attempts <= RetryPolicy.maxAttempts * requests || script.cluster.hold != nil, "attempts are bounded")
        check(endpoints.allSatisfy { $0.failures <= $0.attempts }, "failures are attempts")
        if let limit = script.cluster.maxRequests {
            check(endpoints.allSatisfy { $0.mostAtOnce <= limit }, "no endpoint has more than it may have")
        } else if script.cluster.concurrency == nil, script.cluster.adaptiveLimit == nil {
            check(queued == 0, "nobody waits without limits")
        }
        let time = script.duration.inNanoseconds
        check(endpoints.allSatisfy { $0.absence <= time }, "nobody is away longer than the time")
        check(changes.allSatisfy { $0.time < time }, "news come within the time")
        check(zip(changes, changes.dropFirst()).allSatisfy { $0.time <= $1.time }, "news come in order")
        let limits = script.cluster.retry
        if limits == nil { check(resent == 0 && budgetRefusals == 0, "retry is off") }
        if script.posts == 100 { check(resent == 0, "POSTs are not sent again") }
        check(median <= percentile99 && percentile99 <= longest, "quantiles are in order")
        return found
    }
}
