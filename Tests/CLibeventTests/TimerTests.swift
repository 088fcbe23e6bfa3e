// Timers of a loop: once, again and again, stopped, closed.
// Not for the wheel of many deadlines: that is in DeadlineWheelTests.

import CLibevent
import Testing

@Suite struct TimerTests {
    @Test("a timer fires once after each start, never before its interval")
    func once() throws {
        let loop = try EventLoop()
        var fired: [MonotonicTime] = []
        let timer = try Timer(loop: loop, .once) { fired.append(.now) }
        settle(loop)
        #expect(fired.isEmpty)
        for round in 1...2 {
            let start = MonotonicTime.now
            timer.start(.milliseconds(5))
            try #require(serve(loop) { fired.count == round })
            settle(loop)
            #expect(fired.count == round)
            // libevent counts from the time at which the turn began, and in whole milliseconds.
            #expect(fired[round - 1].nanoseconds(since: start) >= 3_000_000)
        }
    }

    @Test("a repeating timer fires until it is stopped, within its own callback too")
    func forever() throws {
        let loop = try EventLoop()
        var fired = 0
        var timer: Timer?
        timer = try Timer(loop: loop, .forever) {
            fired += 1
            if fired % 3 == 0 { timer?.stop() }
        }
        timer?.start(.microseconds(100))
        try #require(serve(loop) { fired == 3 })
        let other = try Timer(loop: loop, .once) { loop.stop() }
        other.start(.milliseconds(5))
        loop.run()
        #expect(fired == 3)
        timer?.start(.microseconds(100))
        #expect(serve(loop) { fired == 6 })
        timer?.close()
    }

    @Test("a stopped timer does not fire, and can be started again")
    func stop() throws {
        let loop = try EventLoop()
        var fired = 0
        let timer = try Timer(loop: loop, .once) { fired += 1 }
        timer.start(.zero)
        timer.stop()
        timer.stop()
        settle(loop)
        #expect(fired == 0)
        timer.start(.zero)
        #expect(serve(loop) { fired == 1 })
    }

    @Test("a start of a running timer moves it, later as well as earlier")
    func restart() throws {
        let loop = try EventLoop()
        var order: [String] = []
        let moved = try Timer(loop: loop, .once) { order.append("moved") }
        let reference = try Timer(loop: loop, .once) { order.append("reference") }
        moved.start(.milliseconds(1))
        reference.start(.milliseconds(20))
        moved.start(.milliseconds(60))
        try #require(serve(loop) { order.count == 2 })
        #expect(order == ["reference", "moved"])
        moved.start(.seconds(3600))
        moved.start(.zero)
        #expect(serve(loop) { order.count == 3 })
        #expect(order.last == "moved")
    }

    @Test("a timer may start itself anew within its callback")
    func restartInCallback() throws {
        let loop = try EventLoop()
        var fired = 0
        var timer: Timer?
        timer = try Timer(loop: loop, .once) {
            fired += 1
            if fired < 3 { timer?.start(.zero) }
        }
        timer?.start(.zero)
        #expect(serve(loop) { fired == 3 })
        settle(loop)
        #expect(fired == 3)
        timer?.close()
    }

    @Test("a closed timer never fires, cannot be started and holds nothing", arguments: Timer.Repetition.all)
    func close(_ repetition: Timer.Repetition) throws {
        let loop = try EventLoop()
        var token: Token? = Token()
        let remembered = Remembered(token)
        var fired = 0
        let timer = try Timer(loop: loop, repetition) { [token] in withExtendedLifetime(token) { fired += 1 } }
        token = nil
        timer.start(.zero)
        timer.close()
        timer.close()
        timer.stop()
        timer.start(.zero)
        settle(loop)
        #expect(fired == 0)
        #expect(remembered.isGone)
    }

    @Test("a timer may be closed and let go of in its own callback", arguments: Timer.Repetition.all)
    func closeInCallback(_ repetition: Timer.Repetition) throws {
        let loop = try EventLoop()
        var fired = 0
        var timer: Timer?
        timer = try Timer(loop: loop, repetition) {
            fired += 1
            timer?.close()
            timer = nil
        }
        let remembered = Remembered(timer)
        timer?.start(.zero)
        try #require(serve(loop) { fired == 1 })
        settle(loop)
        #expect(fired == 1)
        #expect(remembered.isGone)
    }

    @Test("a timer that is released does not fire, in its own callback too", arguments: Timer.Repetition.all)
    func release(_ repetition: Timer.Repetition) throws {
        let loop = try EventLoop()
        var fired = 0
        var timer: Timer? = try Timer(loop: loop, repetition) { fired += 1 }
        timer?.start(.zero)
        timer = nil
        settle(loop)
        #expect(fired == 0)
        timer = try Timer(loop: loop, repetition) {
            fired += 1
            timer = nil
        }
        timer?.start(.zero)
        try #require(serve(loop) { fired == 1 })
        settle(loop)
        #expect(fired == 1)
        #expect(timer == nil)
    }

    @Test("a timer stops another that is due in the same turn")
    func stopAnother() throws {
        let loop = try EventLoop()
        var fired = 0
        var timers: [Timer] = []
        for _ in 0..<2 {
            timers.append(
                try Timer(loop: loop, .once) {
                    fired += 1
                    for timer in timers { timer.stop() }
                })
        }
        for timer in timers { timer.start(.zero) }
        try #require(serve(loop) { fired > 0 })
        settle(loop)
        #expect(fired == 1)
        timers = []
    }

    @Test("an interval below zero is none; one beyond all measure is not reached")
    func extremes() throws {
        let loop = try EventLoop()
        var fired: [String] = []
        let past = try Timer(loop: loop, .once) { fired.append("past") }
        let never = try Timer(loop: loop, .once) { fired.append("never") }
        past.start(.seconds(Int64.min))
        never.start(.seconds(Int64.max))
        try #require(serve(loop) { fired == ["past"] })
        settle(loop)
        #expect(fired == ["past"])
    }
}

extension Timer.Repetition {
    static let all: [Timer.Repetition] = [.once, .forever]
}
