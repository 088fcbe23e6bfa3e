// Requests that go through random attempts as RetryPolicy lets them: what holds for every one of them.
// Single decisions are tested in RetryPolicyTests.

@testable import RelevoPolicy
import Testing

@Suite struct RetrySequenceTests {
    /// A request in a world of endpoints that fail at random.
    private struct Trial {
        var random: RandomSource
        var evidence = AttemptEvidence(.fault(.connectRefused))
        let settings: RetrySettings?
        let endpoints: Int
        /// The endpoint of this attempt, and how many had one.
        var endpoint = 0
        var sends: [Int] = []
        var budgeted = 0

        private static let faults: [Fault] = [
            .connectRefused, .connectTimeout, .connectDNS, .upstreamStale, .upstreamClosed, .upstreamTimeout,
            .upstreamMalformed, .upstreamTruncated, .clientClosed,
        ]

        init(seed: UInt64) {
            var random = RandomSource(seed: seed)
            var settings = RetrySettings()
            settings.attempts = Int.random(in: 1...5, using: &random)
            settings.statuses = [502...503]
            self.settings = Int.random(in: 0..<4, using: &random) == 0 ? nil : settings
            endpoints = Int.random(in: 1...24, using: &random)
            evidence.isIdempotent = Bool.random(using: &random)
            evidence.body = Bool.random(using: &random) ? .none : .untouched
            evidence.requestBytesSent = false
            evidence.sends = 0
            evidence.attempts = 0
            self.random = random
        }

        /// One attempt, of which the evidence tells the truth.
        mutating func attempt(isFresh: Bool) {
            evidence.attempts += 1
            evidence.connection = !isFresh && Bool.random(using: &random) ? .kept : .fresh
            evidence.responseBytes = false
            let fault = Self.faults[Int.random(in: 0..<Self.faults.count, using: &random)]
            evidence.failure = Int.random(in: 0..<6, using: &random) == 0 ? .status(503) : .fault(fault)
            evidence.hasUntried = endpoint + 1 < endpoints
            if case .fault(.connectTimeout) = evidence.failure { evidence.connectTimeouts += 1 }
            if case .fault(let fault) = evidence.failure, fault.row.retry == .nothingSent { return }
            send()
        }

        private mutating func send() {
            // Now and then a connection ends before it takes a byte.
            guard Int.random(in: 0..<8, using: &random) > 0 else { return }
            evidence.sends += 1
            evidence.requestBytesSent = true
            evidence.responseBytes = Int.random(in: 0..<4, using: &random) == 0
            sends.append(endpoint)
            guard evidence.body != .none else { return }
            evidence.body = Int.random(in: 0..<5, using: &random) == 0 ? .lost : .kept
        }

        /// Runs until an attempt is not followed by another.
        mutating func run() {
            var isFresh = false
            while evidence.attempts <= 100 {
                let hadBody = evidence.body != .lost
                attempt(isFresh: isFresh)
                #expect(hadBody, "sent without its body")
                let verdict = RetryPolicy.decide(evidence, settings)
                guard case .another(let place, let isCounted, _) = verdict else { return }
                isFresh = place == .sameEndpoint
                if place == .elsewhere { endpoint += 1 }
                if isCounted { budgeted += 1 }
            }
        }
    }

    @Test("in 100 000 random requests, none is sent twice unless that does no harm, and every bound holds")
    func promises() {
        var resent = 0
        for seed in 0..<UInt64(Effort.cases(100_000)) {
            var trial = Trial(seed: seed)
            trial.run()
            let sends = trial.sends.count
            let allowed = trial.evidence.isIdempotent ? max(trial.settings?.attempts ?? 1, 2) : 1
            if sends > allowed { Issue.record("seed \(seed): sent \(sends) times, allowed \(allowed)") }
            if trial.evidence.attempts > RetryPolicy.maxAttempts { Issue.record("seed \(seed): too many attempts") }
            if trial.evidence.connectTimeouts > RetryPolicy.maxTimeouts { Issue.record("seed \(seed): timeouts") }
            if trial.endpoint >= trial.endpoints { Issue.record("seed \(seed): an endpoint that is not there") }
            // One further send is free: that after a kept connection that ended.
            if sends > trial.budgeted + 2 { Issue.record("seed \(seed): sent past the budget") }
            resent += sends > 1 ? 1 : 0
        }
        // The promises would be kept by never trying again, too.
        #expect(resent > Effort.cases(5_000))
    }
}
