// Points in time and intervals at their bounds.
// Not for anything that waits: see TimerTests and DeadlineWheelTests.

import CLibevent
import Testing

@Suite struct TimeTests {
    @Test("the monotonic clock does not go back")
    func monotonic() {
        var last = MonotonicTime.now
        for _ in 0..<1000 {
            let now = MonotonicTime.now
            #expect(now >= last)
            last = now
        }
    }

    @Test("a sum beyond the last point in time is the last point in time")
    func saturatingSum() {
        let last = MonotonicTime(nanoseconds: .max)
        #expect(last + .nanoseconds(1) == last)
        #expect(last + .zero == last)
        #expect(MonotonicTime(nanoseconds: .max - 1) + .nanoseconds(1) == last)
        #expect(MonotonicTime(nanoseconds: 1) + .seconds(Int64.max) == last)
        #expect(MonotonicTime(nanoseconds: 5) + .nanoseconds(7) == MonotonicTime(nanoseconds: 12))
        #expect(MonotonicTime(nanoseconds: 5) + .seconds(-1) == MonotonicTime(nanoseconds: 5))
    }

    @Test("a difference to a later point is 0")
    func difference() {
        let early = MonotonicTime(nanoseconds: 10)
        let late = MonotonicTime(nanoseconds: 25)
        #expect(late.nanoseconds(since: early) == 15)
        #expect(early.nanoseconds(since: late) == 0)
        #expect(early.nanoseconds(since: early) == 0)
        #expect(MonotonicTime(nanoseconds: .max).nanoseconds(since: MonotonicTime(nanoseconds: 0)) == .max)
        #expect(early < late)
    }

    @Test(
        "an interval in whole nanoseconds is cut, never negative, and saturates",
        arguments: [
            (Duration.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1500), 1_500_000_000), (.seconds(-1), 0),
            (.nanoseconds(-1), 0), (.seconds(Int64.min), 0), (.seconds(Int64.max), .max),
            (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
            (Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999), 1),
            (.seconds(18_446_744_073), 18_446_744_073_000_000_000), (.seconds(18_446_744_074), .max),
        ] as [(Duration, UInt64)])
    func wholeNanoseconds(_ duration: Duration, _ expected: UInt64) {
        #expect(duration.wholeNanoseconds == expected)
    }

    @Test(
        "an interval whose last second crosses the bound saturates")
    func lastSecond() {
        let beyond = Duration(secondsComponent: 18_446_744_073, attosecondsComponent: 709_551_616_000_000_000)
        #expect(beyond.wholeNanoseconds == .max)
        #expect((MonotonicTime(nanoseconds: 1) + beyond).nanoseconds == .max)
    }

    @Test("the wall clock has whole seconds after 2020 and a rest below one")
    func wall() {
        let now = WallTime.now
        #expect(now.seconds > 1_577_836_800)
        #expect((0..<1_000_000_000).contains(now.nanoseconds))
    }

    @Test("there is at least one processor")
    func processors() {
        #expect(Processors.count >= 1)
    }
}
