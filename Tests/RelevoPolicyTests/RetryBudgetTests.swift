// How many retries are granted, how long they wait, and how long a request is held.
// Time is a number here; nothing waits.

@testable import RelevoPolicy
import Testing

@Suite struct RetryBudgetTests {
    private func settings(budget: Int, reserve: Int) -> RetrySettings {
        var settings = RetrySettings()
        settings.budget = budget
        settings.reserve = reserve
        return settings
    }

    /// How many retries are granted at a time, out of 1000 asked for.
    private func granted(_ budget: inout RetryBudget, at now: UInt64) -> Int {
        (0..<1000).count { _ in budget.take(now: now) }
    }

    @Test("without requests the reserve is granted: ten seconds of it, and again when they have passed")
    func reserve() {
        var budget = RetryBudget(settings(budget: 20, reserve: 3), workers: 1)
        #expect(granted(&budget, at: 5 * second) == 30)
        #expect(granted(&budget, at: 15 * second) == 0)
        #expect(granted(&budget, at: 16 * second) == 30)
    }

    @Test("workers share the reserve, rounded up, so that each has some", arguments: [(1, 30), (4, 8), (64, 1)])
    func workers(workers: Int, expected: Int) {
        var budget = RetryBudget(settings(budget: 0, reserve: 3), workers: workers)
        #expect(granted(&budget, at: second) == expected)
    }

    @Test("a part of the requests is granted if it is more than the reserve")
    func share() {
        var budget = RetryBudget(settings(budget: 20, reserve: 3), workers: 1)
        for index in 0..<1000 as Range<UInt64> { budget.requestBegan(now: second + index) }
        #expect(granted(&budget, at: 2 * second) == 200)
        #expect(granted(&budget, at: 9 * second) == 0)
    }

    @Test("requests of ten seconds ago earn nothing any more")
    func forgets() {
        var budget = RetryBudget(settings(budget: 50, reserve: 0), workers: 1)
        for _ in 0..<100 { budget.requestBegan(now: second) }
        var copy = budget
        #expect(granted(&copy, at: 11 * second - 1) == 50)
        #expect(granted(&budget, at: 11 * second) == 0)
    }

    @Test("nothing configured, nothing granted; nonsense is none, and no workers are one")
    func bounds() {
        var none = RetryBudget(settings(budget: 0, reserve: 0), workers: 1)
        none.requestBegan(now: 0)
        #expect(granted(&none, at: 0) == 0)
        var negative = RetryBudget(settings(budget: -5, reserve: -5), workers: 0)
        #expect(granted(&negative, at: 0) == 0)
        var most = RetryBudget(settings(budget: .max, reserve: .max), workers: -1)
        for _ in 0..<100 { most.requestBegan(now: .max) }
        #expect(granted(&most, at: .max) == 1000)
    }

    @Test("a clock that goes back changes nothing")
    func backwards() {
        var budget = RetryBudget(settings(budget: 0, reserve: 1), workers: 1)
        #expect(granted(&budget, at: 100 * second) == 10)
        budget.requestBegan(now: second)
        #expect(granted(&budget, at: second) == 0)
        #expect(granted(&budget, at: 101 * second) == 0)
    }

    @Test("in 100 000 random courses, no ten seconds that end with a grant have more than their part")
    func neverExceeded() {
        var random = RandomSource(seed: 1)
        var grants = 0
        for course in 0..<Effort.cases(100_000) {
            let percent = [0, 20, 50, 100][course % 4]
            let reserve = course % 3 == 0 ? 1 : 0
            var budget = RetryBudget(settings(budget: percent, reserve: reserve), workers: 4)
            let least = reserve * 10 / 4 + (reserve > 0 ? 1 : 0)
            let history = Self.course(&budget, using: &random)
            grants += history.grants.count
            for (index, end) in history.grants.enumerated() {
                let within = history.grants[...index].count { $0 + 10 * second > end }
                let asked = history.requests.count { $0 + 10 * second > end && $0 <= end }
                guard within > max(least, asked * percent / 100) else { continue }
                Issue.record("course \(course): \(within) grants beside \(asked) requests at \(percent)%")
            }
        }
        #expect(grants > Effort.cases(100_000))
    }

    /// When requests came and retries were granted, in a random course of both.
    private static func course(
        _ budget: inout RetryBudget, using random: inout RandomSource
    ) -> (requests: [UInt64], grants: [UInt64]) {
        var now = UInt64.random(in: 0...(20 * second), using: &random)
        var requests: [UInt64] = []
        var grants: [UInt64] = []
        let pace: UInt64 = [second / 4, second, 3 * second][Int.random(in: 0..<3, using: &random)]
        for _ in 0..<24 {
            now += UInt64.random(in: 0...pace, using: &random)
            if Int.random(in: 0..<3, using: &random) > 0 {
                budget.requestBegan(now: now)
                requests.append(now)
            } else if budget.take(now: now) {
                grants.append(now)
            }
        }
        return (requests, grants)
    }
}

@Suite struct RetryWaitTests {
    /// The shortest and the longest of many waits.
    private func range(_ wait: (inout RandomSource) -> UInt64) -> ClosedRange<UInt64> {
        var random = RandomSource(seed: 3)
        let waits = (0..<10_000).map { _ in wait(&random) }
        return (waits.min() ?? 0)...(waits.max() ?? 0)
    }

    @Test(
        "a wait is anything up to the backoff, which doubles to 16 times the first",
        arguments: [(-1, 1), (0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 16), (1000, 16)])
    func backoff(attempt: Int, factor: UInt64) {
        let longest = factor * 25_000_000
        let waits = range { Backoff.delay(attempt: attempt, RetrySettings(), using: &$0) }
        #expect(waits.upperBound <= longest)
        #expect(waits.upperBound > longest - longest / 50)
        #expect(waits.lowerBound < longest / 50)
    }

    @Test("a backoff of nothing, less, or more than 64 bits is no trap")
    func extremes() {
        var settings = RetrySettings()
        for backoff in [Duration.zero, .seconds(-1)] {
            settings.backoff = backoff
            let waits = range { Backoff.delay(attempt: 5, settings, using: &$0) }
            #expect(waits == 0...0)
        }
        settings.backoff = .seconds(Int64.max)
        let longest = range { Backoff.delay(attempt: 5, settings, using: &$0) }.upperBound
        #expect(longest > 0)
    }

    @Test("a held request waits 50 to 150 ms from round to round")
    func hold() {
        let waits = range { HoldPolicy.next(since: 5, now: 5, hold: 10 * second, using: &$0) ?? 0 }
        #expect((50_000_000...52_000_000).contains(waits.lowerBound))
        #expect((148_000_000...150_000_000).contains(waits.upperBound))
    }

    @Test("the last wait ends with the hold time, and then there is none")
    func holdEnds() {
        var random = RandomSource(seed: 1)
        #expect(HoldPolicy.next(since: 0, now: second - 7, hold: second, using: &random) == 7)
        #expect(HoldPolicy.next(since: 0, now: second, hold: second, using: &random) == nil)
        #expect(HoldPolicy.next(since: 0, now: .max, hold: second, using: &random) == nil)
        #expect(HoldPolicy.next(since: 0, now: 0, hold: 0, using: &random) == nil)
        #expect(HoldPolicy.next(since: 9, now: 3, hold: 1, using: &random) == 1)
        #expect(HoldPolicy.next(since: .max - 1, now: .max, hold: .max, using: &random) != nil)
    }

    @Test("a held request is tried often enough, and not longer than the hold time")
    func holdRounds() {
        for seed in 0..<1000 as Range<UInt64> {
            var random = RandomSource(seed: seed)
            var now: UInt64 = 0
            var rounds = 0
            while let wait = HoldPolicy.next(since: 0, now: now, hold: second, using: &random) {
                now += wait
                rounds += 1
            }
            #expect(now == second)
            #expect((7...20).contains(rounds))
        }
    }

    @Test("of those that are held one at a time looks for an endpoint, until a connection opens")
    func gate() {
        var gate = HoldGate()
        var seen = [gate.opens(now: 5), gate.opens(now: 5)]
        gate.roundFailed(now: 10)
        // The second at one time comes too late: the first has just begun to look.
        seen += [gate.opens(now: 19_999_999), gate.opens(now: 20_000_010), gate.opens(now: 20_000_010)]
        gate.connected()
        seen += [gate.opens(now: 20_000_010), gate.opens(now: 20_000_011)]
        gate.roundFailed(now: .max)
        seen.append(gate.opens(now: .max))
        #expect(seen == [true, true, false, true, false, true, true, true])
    }
}
