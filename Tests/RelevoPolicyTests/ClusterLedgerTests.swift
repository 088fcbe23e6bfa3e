// A worker's accounts of a cluster: weights from standings, what is told of whom and when, what is sent again.
// What the balancer, the budget and the retry policy do by themselves is tested elsewhere.

import Testing

@testable import RelevoPolicy

@Suite("A worker's accounts")
struct ClusterLedgerTests {
    private static let refused = AttemptOutcome.failed(.fault(.connectRefused))

    /// What a ledger says is compared here: accounts cannot be copied, so the macro cannot take their calls apart.
    private func expect<Value: Equatable>(
        _ seen: Value, _ expected: Value, sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) {
        #expect(seen == expected, sourceLocation: sourceLocation)
    }

    private static func counts(_ ledger: inout ClusterLedger, _ turns: Int = 4000) -> [Double] {
        var random = RandomSource(seed: 5)
        var counts = [0.0, 0.0, 0.0]
        for _ in 0..<turns {
            guard let choice = ledger.choose(BalanceRequest(), using: &random) else { return [] }
            counts[choice] += 1
        }
        return counts.map { $0 / Double(turns) }
    }

    @Test("Failures after the first are news as well: an ejection need not wait for the next tick")
    func news() {
        var ledger = ClusterLedger(simulated(), workers: 1)
        expect(ledger.attemptEnded(0, .answered(200), since: 0), .none)
        expect(ledger.attemptEnded(0, Self.refused, since: 0), .first)
        expect(ledger.attemptEnded(0, Self.refused, since: 0), .more)
        expect(ledger.attemptEnded(1, .answered(503), since: 0), .first)
        expect(ledger.attemptEnded(1, .neutral, since: 0), .none)
        expect(ledger.takeTally(0).failures, 2)
        // Successes count as well from now on, but there is no hurry.
        expect(ledger.attemptEnded(0, .answered(200), since: 0), .later)
        expect(ledger.attemptEnded(0, .answered(200), since: 0), .none)
        expect(ledger.takeTally(0).successes, 2)
        // It is watched until a window has passed without a failure.
        expect(ledger.attemptEnded(0, .answered(200), since: 10 * second), .later)
        expect(ledger.attemptEnded(0, .answered(200), since: 10 * second + 1), .none)
        expect(ledger.takeTally(0).successes, 1)
        expect(ledger.attemptEnded(0, .answered(200), since: 30 * second), .none)
        expect(ledger.takeTally(0).isEmpty, true)
    }

    @Test("Errors of servers count against an endpoint only where they are to")
    func serverErrors() {
        var ledger = ClusterLedger(simulated { $0.ejection?.countsServerErrors = false }, workers: 1)
        expect(ledger.attemptEnded(0, .answered(503), since: 0), .none)
        var without = ClusterLedger(simulated { $0.ejection = nil }, workers: 1)
        expect(without.attemptEnded(0, .answered(503), since: 0), .none)
    }

    @Test("Reports have ten milliseconds between them")
    func pacing() {
        var pacing = ReportPacing()
        #expect(pacing.allows(now: 0))
        pacing.reported(now: 5_000_000)
        #expect(!pacing.allows(now: 14_999_999))
        #expect(pacing.allows(now: 15_000_000))
    }

    @Test("Who is away, unreachable or on the way back gets nothing or little")
    func weights() {
        var ledger = ClusterLedger(simulated { $0.slowStart = .seconds(10) }, workers: 1)
        var standings = [EndpointStanding(), EndpointStanding(isAvailable: false), EndpointStanding()]
        ledger.standingsChanged(standings, now: 0)
        #expect(Self.counts(&ledger)[1] == 0)
        expect([ledger.hasUntried(beside: 0, []), ledger.hasUntried(beside: 0, [2])], [true, false])
        ledger.reachabilityChanged([true, true, false], now: 0)
        #expect(Self.counts(&ledger) == [1, 0, 0])
        expect(ledger.hasUntried(beside: 0, []), false)
        standings[1] = EndpointStanding(recovered: 20 * second)
        ledger.standingsChanged(standings, now: 20 * second)
        #expect(abs(Self.counts(&ledger)[1] - 0.09) < 0.02)
        ledger.rise(now: 25 * second)
        #expect(abs(Self.counts(&ledger)[1] - 0.355) < 0.03)
        ledger.rise(now: 31 * second)
        #expect(abs(Self.counts(&ledger)[1] - 0.5) < 0.03)
    }

    @Test("While those that are well cannot be reached, the others are tried, but never who is out of service by order")
    func unreachable() {
        var ledger = ClusterLedger(simulated(), workers: 1)
        let states: [EndpointCondition] = [.up, .ejected(until: 9, "five failures"), .draining]
        ledger.standingsChanged(states.map { EndpointStanding(isAvailable: $0 == .up, state: $0) }, now: 0)
        #expect(Self.counts(&ledger) == [1, 0, 0])
        ledger.reachabilityChanged([false, true, true], now: 0)
        #expect(Self.counts(&ledger) == [0, 1, 0])
        expect(ledger.hasUntried(beside: nil, []), true)
        expect(ledger.hasUntried(beside: 1, []), false)
        ledger.reachabilityChanged([false, false, true], now: 0)
        #expect(Self.counts(&ledger) == [])
    }

    @Test("News of another number of endpoints is ignored")
    func mismatch() {
        var ledger = ClusterLedger(simulated(), workers: 1)
        ledger.standingsChanged([EndpointStanding(isAvailable: false)], now: 0)
        ledger.reachabilityChanged([], now: 0)
        #expect(Self.counts(&ledger).allSatisfy { $0 > 0.2 })
    }

    @Test("What is sent again is granted by the budget; what was never sent needs no grant")
    func verdicts() {
        let cluster = simulated { cluster in
            cluster.retry?.budget = 0
            cluster.retry?.reserve = 0
        }
        var ledger = ClusterLedger(cluster, workers: 1)
        var evidence = AttemptEvidence(.fault(.upstreamClosed))
        (evidence.isIdempotent, evidence.body, evidence.hasUntried) = (true, .none, true)
        expect(ledger.verdict(evidence, now: 0), .no(.budgetSpent))
        evidence.failure = .fault(.connectRefused)
        evidence.requestBytesSent = false
        expect(ledger.verdict(evidence, now: 0), .another(.elsewhere, countsAgainstBudget: false, waits: false))
    }

    @Test("The pause between two checks is the interval, give or take a tenth")
    func pauses() {
        var random = RandomSource(seed: 1)
        var check = HealthCheck()
        check.interval = .seconds(10)
        let pauses = (0..<1000).map { _ in check.pause(using: &random) }
        #expect(pauses.allSatisfy { (9 * second...11 * second).contains($0) })
        #expect((pauses.max() ?? 0) - (pauses.min() ?? 0) > second)
    }

    @Test("what failed that began before an endpoint came back is not held against it")
    func oldFailures() {
        var ledger = ClusterLedger(simulated(), workers: 1)
        var back = EndpointStanding()
        back.recovered = 100
        ledger.standingsChanged([back, EndpointStanding(), EndpointStanding()], now: 100)
        expect(ledger.attemptEnded(0, Self.refused, since: 99), .none)
        expect(ledger.attemptEnded(0, Self.refused, since: 100), .first)
        expect(ledger.attemptEnded(1, Self.refused, since: 99), .first)
    }
}
