// What workers count: tallies, and the window in which the control thread adds them up.
// What follows from the numbers: EjectionTests.

@testable import RelevoPolicy
import Testing

@Suite struct OutcomeTallyTests {
    @Test("a tally knows how much failed, how much of that at its end, and why the last did")
    func counts() {
        var tally = OutcomeTally()
        #expect(tally.isEmpty)
        tally.failed(.fault(.connectRefused))
        tally.succeeded()
        tally.failed(.fault(.upstreamTimeout))
        tally.failed(.status(503))
        #expect(!tally.isEmpty)
        #expect((tally.successes, tally.failures, tally.trailing) == (1, 3, 2))
        #expect(tally.reason?.description == "status 503")
        tally.succeeded()
        #expect(tally.trailing == 0)
    }

    @Test("taking a tally leaves an empty one, so that no failure is reported twice")
    func take() {
        var tally = OutcomeTally()
        tally.failed(.fault(.connectTimeout))
        let taken = tally.take()
        #expect((taken.failures, taken.trailing, taken.reason) == (1, 1, .fault(.connectTimeout)))
        #expect(tally == OutcomeTally())
    }

    @Test("a failure brings the successes of at least half a window and at most a whole one with it")
    func quietSuccesses() {
        for before in [0, 1, 49, 50, 51, 99, 100, 101, 150, 200, 1000] as [UInt64] {
            var watch = OutcomeWatch(window: 100)
            for time in 0..<before { #expect(watch.succeeded(at: time) == .none) }
            #expect(watch.failed(.status(500), at: before) == .first)
            let tally = watch.take()
            #expect(tally.failures == 1 && tally.trailing == 1)
            #expect((min(Int(before), 50)...100).contains(tally.successes), "\(before): \(tally.successes)")
        }
    }

    @Test("an endpoint that fails one request in a hundred is not ejected for its share, however rare they are")
    func share() {
        var stage = HealthStage(healthCluster(2, ejection: .byRate))
        var watch = OutcomeWatch(window: 10 * second)
        for request in 0..<10_000 as Range<UInt64> {
            stage.now = (1000 * second) + request * second / 90
            let isFailure = request % 100 == 99
            let news = isFailure ? watch.failed(.status(500), at: stage.now) : watch.succeeded(at: stage.now)
            // Failures are told at once, successes at the next tick.
            if news.isUrgent || request % 9 == 0 { stage.news += stage.health.served(0, watch.take(), now: stage.now) }
        }
        #expect(stage.news.isEmpty)
    }

    @Test("the window forgets what is older than its time, and nothing that is younger than nine tenths of it")
    func window() {
        var tally = OutcomeTally()
        tally.failed(.status(500))
        var window = OutcomeWindow(10 * second)
        for step in 0..<100 as Range<UInt64> {
            window.add(tally, now: 1 + step * second / 2)
            let expected = min(Int(step) + 1, 20)
            #expect((expected - 1...expected).contains(window.totals.failures), "step \(step)")
        }
        window.add(OutcomeTally(), now: 1_000_000 * second)
        #expect(window.totals == (0, 0))
    }

    @Test("a window of no time, and one of all time, count without a trap")
    func extremes() {
        var tally = OutcomeTally()
        tally.succeeded()
        for width in [0, 1, 9, .max] as [UInt64] {
            var window = OutcomeWindow(width)
            for now in [0, 1, .max] as [UInt64] { window.add(tally, now: now) }
            #expect(window.totals.requests >= 1)
        }
    }

    @Test(
        "durations of any size have nanoseconds",
        arguments: [
            (.zero, 0), (.seconds(-1), 0), (.nanoseconds(1), 1), (.milliseconds(1500), 1_500_000_000),
            (.seconds(Int64.max), .max), (.seconds(Int64.min), 0), (.seconds(18_446_744_074), .max),
        ] as [(Duration, UInt64)])
    func durations(duration: Duration, expected: UInt64) {
        #expect(duration.inNanoseconds == expected)
    }
}
