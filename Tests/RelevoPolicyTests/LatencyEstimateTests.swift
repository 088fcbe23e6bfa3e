// The estimate of a latency: peaks, decay, and clocks that do not behave.
// What balancers make of it: BalancerLoadTests.

@testable import RelevoPolicy
import Testing

@Suite struct LatencyEstimateTests {
    private static let second: UInt64 = 1_000_000_000

    @Test("a peak counts at once, fast answers bring the estimate down slowly")
    func peaks() {
        var estimate = LatencyEstimate()
        #expect(!estimate.isMeasured)
        #expect(estimate.value(now: 5) == 0)
        estimate.record(1000, now: 0)
        estimate.record(50_000, now: 1000)
        #expect(estimate.value(now: 1000) == 50_000)
        estimate.record(1000, now: Self.second)
        #expect((45_000..<50_000).contains(estimate.value(now: Self.second)))
        for tick in 1...600 { estimate.record(1000, now: Self.second + UInt64(tick) * Self.second / 10) }
        #expect((1000..<1200).contains(estimate.value(now: 61 * Self.second)))
    }

    @Test("in ten seconds of silence an estimate falls to about 1/e, in a minute to almost nothing")
    func decay() {
        var estimate = LatencyEstimate()
        estimate.record(1_000_000, now: 7)
        #expect((364_000..<375_000).contains(estimate.value(now: 10 * Self.second + 7)))
        #expect((1..<5000).contains(estimate.value(now: 60 * Self.second)))
        #expect(estimate.value(now: .max) >= 0)
        #expect(estimate.isMeasured)
    }

    @Test("a clock that goes back, an answer in no time and one that takes for ever do no harm")
    func oddities() {
        var estimate = LatencyEstimate()
        estimate.record(0, now: 100)
        #expect(estimate.isMeasured)
        estimate.record(500, now: 10)
        #expect(estimate.value(now: 0) == 500)
        estimate.record(.max, now: .max)
        estimate.record(1, now: 0)
        #expect(estimate.value(now: .max).isFinite)
    }
}
