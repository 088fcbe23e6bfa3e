// How a simulated endpoint fares over time, and what that means for a request or a check that reaches it.
// What the proxy makes of it is the policies' matter.

/// How an endpoint treats what reaches it, until the next phase of its timeline.
package struct EndpointPhase: Sendable, Hashable {
    /// What active checks find.
    package enum Checks: String, Sendable, CaseIterable {
        /// The same as requests.
        case likeRequests = "like-requests"
        /// That it is well.
        case pass
        /// That it is not.
        case fail
    }

    /// When it begins, in nanoseconds.
    package var begins: UInt64 = 0
    /// How long answers take.
    package var latency = SimulatedLatency.fixed(10_000_000)
    /// Per cent that find nobody listening.
    package var refuses = 0
    /// Per cent whose connection is never answered.
    package var ignores = 0
    /// Per cent that get the end of their connection instead of an answer.
    package var drops = 0
    /// Per cent that get no answer.
    package var hangs = 0
    /// Per cent that are answered with ``status``.
    package var errors = 0
    /// The status of errors.
    package var status = 503
    /// What active checks find.
    package var checks = Checks.likeRequests

    /// Creates the phase of an endpoint that is well.
    package init() {}

    /// Per cent that are not answered well; more than 100 makes no sense.
    package var trouble: Int { refuses + ignores + drops + hangs + errors }

    /// What happens to one who comes.
    fileprivate enum Manner { case answers(Int), refuses, ignores, drops, hangs }

    fileprivate func manner(using random: inout RandomSource) -> Manner {
        guard trouble > 0 else { return .answers(200) }
        var roll = random.below(100)
        for (share, manner) in [(refuses, Manner.refuses), (ignores, .ignores), (drops, .drops), (hangs, .hangs)] {
            if roll < share { return manner }
            roll -= share
        }
        return .answers(roll < errors ? status : 200)
    }
}

/// The phases of one endpoint.
package struct EndpointTimeline: Sendable {
    /// How long the network takes to say that nobody listens.
    private static let roundTrip: UInt64 = 200_000

    private var phases: [EndpointPhase]
    private var current = 0

    /// Creates a timeline; before its first phase the endpoint is well and as quick as in that phase.
    package init(_ phases: [EndpointPhase] = []) {
        var first = EndpointPhase()
        let ordered = phases.sorted { $0.begins < $1.begins }
        if let next = ordered.first { first.latency = next.latency }
        self.phases = [first] + ordered
    }

    /// The phase at a time that is no earlier than those asked for before.
    private mutating func phase(at now: UInt64) -> EndpointPhase {
        while current + 1 < phases.count, phases[current + 1].begins <= now { current += 1 }
        return phases[current]
    }
}

// MARK: - Requests

/// What becomes of one attempt, and after how many nanoseconds.
struct AttemptFate: Sendable, BitwiseCopyable {
    /// What comes of it: a status or a fault.
    enum End: Sendable, BitwiseCopyable {
        case answered(Int)
        case failed(Fault)
    }

    var end: End
    var after: UInt64

    /// Whether a byte of the request reached the endpoint.
    var wasSent: Bool {
        switch end {
        case .answered: true
        case .failed(let fault): fault.row.retry != .nothingSent
        }
    }
}

extension EndpointTimeline {
    /// What becomes of a request that reaches the endpoint now.
    mutating func fate(at now: UInt64, _ patience: Patience, using random: inout RandomSource) -> AttemptFate {
        let phase = phase(at: now)
        let manner = phase.manner(using: &random)
        switch manner {
        case .refuses: return AttemptFate(end: .failed(.connectRefused), after: Self.roundTrip)
        case .ignores: return AttemptFate(end: .failed(.connectTimeout), after: patience.connect)
        case .hangs: return AttemptFate(end: .failed(.upstreamTimeout), after: patience.response)
        case .drops, .answers: break
        }
        let time = phase.latency.draw(using: &random)
        guard time < patience.response else {
            return AttemptFate(end: .failed(.upstreamTimeout), after: patience.response)
        }
        if case .answers(let status) = manner { return AttemptFate(end: .answered(status), after: time) }
        return AttemptFate(end: .failed(.upstreamClosed), after: time)
    }

    /// What a check that begins now will find, in the words of the log, and after how many nanoseconds.
    mutating func finding(
        at now: UInt64, _ check: HealthCheck, using random: inout RandomSource
    ) -> (result: CheckResult, after: UInt64) {
        let phase = phase(at: now)
        var manner = phase.manner(using: &random)
        if phase.checks == .pass { manner = .answers(200) }
        if phase.checks == .fail { manner = .refuses }
        let silence = CheckResult.failed("nothing within \(DurationText.write(check.timeout))")
        switch (manner, check.probe) {
        case (.refuses, _): return (.failed("connection refused"), Self.roundTrip)
        case (.ignores, _), (.hangs, .http): return (silence, check.timeout.inNanoseconds)
        // A connection that opens says nothing of requests and answers.
        case (.hangs, .tcp), (.drops, .tcp), (.answers, .tcp): return (.passed, Self.roundTrip)
        case (.drops, .http), (.answers, .http): break
        }
        let time = phase.latency.draw(using: &random)
        guard time < check.timeout.inNanoseconds else { return (silence, check.timeout.inNanoseconds) }
        guard case .answers(let status) = manner, case .http(let probe) = check.probe else {
            return (.failed("no answer"), time)
        }
        if phase.checks == .pass || probe.statuses.contains(where: { $0.contains(status) }) { return (.passed, time) }
        return (.failed("status \(status) instead of \(StatusText.write(probe.statuses))"), time)
    }
}
