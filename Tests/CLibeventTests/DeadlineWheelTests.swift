// The timing wheel under a virtual clock.
// Not for timers of a loop: those are in TimerTests.

import CLibevent
import Testing

@Suite struct DeadlineWheelTests {
    private func time(_ milliseconds: UInt64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000_000 + milliseconds * 1_000_000)
    }

    @Test("a deadline expires once, never early and at most a tick late")
    func expiry() {
        let wheel = DeadlineWheel(now: time(0))
        let deadline = Deadline()
        var fired = 0
        deadline.onExpired = { fired += 1 }
        wheel.set(deadline, at: time(1050))
        for now in stride(from: UInt64(0), through: 1049, by: 7) { wheel.advance(to: time(now)) }
        #expect(fired == 0)
        wheel.advance(to: time(1200))
        #expect(fired == 1)
        wheel.advance(to: time(100_000))
        #expect(fired == 1)
        #expect(wheel.count == 0)
    }

    @Test("a deadline that moves later does not expire at its old time")
    func later() {
        let wheel = DeadlineWheel(now: time(0))
        let deadline = Deadline()
        var fired = 0
        deadline.onExpired = { fired += 1 }
        wheel.set(deadline, at: time(500))
        wheel.set(deadline, at: time(5000))
        wheel.advance(to: time(4900))
        #expect(fired == 0)
        #expect(wheel.count == 1)
        wheel.advance(to: time(5200))
        #expect(fired == 1)
    }

    @Test("a deadline that moves earlier expires at its new time")
    func earlier() {
        let wheel = DeadlineWheel(now: time(0))
        let deadline = Deadline()
        var fired = 0
        deadline.onExpired = { fired += 1 }
        wheel.set(deadline, at: time(90_000))
        wheel.set(deadline, at: time(300))
        wheel.advance(to: time(500))
        #expect(fired == 1)
        #expect(wheel.count == 0)
    }

    @Test("deadlines beyond the wheel's turn expire in their own time")
    func farAway() {
        let wheel = DeadlineWheel(now: time(0))
        let deadline = Deadline()
        var fired = 0
        deadline.onExpired = { fired += 1 }
        wheel.set(deadline, at: time(86_400_000))
        for hour in 1...23 { wheel.advance(to: time(UInt64(hour) * 3_600_000)) }
        #expect(fired == 0)
        wheel.advance(to: time(86_400_200))
        #expect(fired == 1)
    }

    @Test("a removed deadline is let go of and stays silent, also when another's expiry removes it")
    func removal() {
        let wheel = DeadlineWheel(now: time(0))
        let first = Deadline()
        let second = Deadline()
        var fired: [String] = []
        first.onExpired = {
            fired.append("first")
            wheel.remove(second)
        }
        second.onExpired = { fired.append("second") }
        wheel.set(first, at: time(500))
        wheel.set(second, at: time(500))
        wheel.advance(to: time(1000))
        #expect(fired == ["first"])
        #expect(wheel.count == 0)
    }

    @Test("an unset deadline stays silent and can be set again")
    func unset() {
        let wheel = DeadlineWheel(now: time(0))
        let deadline = Deadline()
        var fired = 0
        deadline.onExpired = { fired += 1 }
        wheel.set(deadline, at: time(500))
        wheel.unset(deadline)
        wheel.advance(to: time(1000))
        #expect(fired == 0)
        wheel.set(deadline, at: time(1500))
        wheel.advance(to: time(1700))
        #expect(fired == 1)
    }

    @Test("ten thousand deadlines expire in the order of their ticks")
    func many() {
        let wheel = DeadlineWheel(now: time(0))
        var last: UInt64 = 0
        var fired = 0
        let deadlines = (0..<10_000).map { _ in Deadline() }
        for (index, deadline) in deadlines.enumerated() {
            let at = UInt64(index * 7919 % 60_000)
            deadline.onExpired = {
                fired += 1
                #expect(at / 100 >= last / 100)
                last = at
            }
            wheel.set(deadline, at: time(at))
        }
        for now in stride(from: UInt64(0), through: 60_200, by: 100) { wheel.advance(to: time(now)) }
        #expect(fired == 10_000)
    }

    @Test(
        "after a standstill of more than a turn of the wheel, deadlines keep their time")
    func standstill() {
        let wheel = DeadlineWheel(now: time(0))
        let deadlines = [Deadline(), Deadline()]
        var fired = 0
        for deadline in deadlines {
            deadline.onExpired = { fired += 1 }
            wheel.set(deadline, at: time(300_000))
        }
        wheel.advance(to: time(250_000))
        wheel.set(deadlines[1], at: time(260_000))
        #expect(fired == 0)
        wheel.advance(to: time(260_100))
        #expect(fired == 1)
        wheel.advance(to: time(300_100))
        #expect(fired == 2)
    }
}
