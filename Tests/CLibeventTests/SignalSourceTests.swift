// Signals as events of a loop. Each test has a process of its own, because a process has one set of signals.
// Not for the signals that threads block: those are in LoopThreadTests.

import CLibevent
import Foundation
import Testing

@Suite(.serialized) struct SignalSourceTests {
    @Test("a signal to the process arrives on the loop, each time")
    func arrives() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var arrivals = 0
            let source = try SignalSource(loop: loop, signal: SIGUSR1) { arrivals += 1 }
            for round in 1...3 {
                #expect(kill(getpid(), SIGUSR1) == 0)
                try #require(serve(loop) { arrivals == round })
            }
            settle(loop)
            #expect(arrivals == 3)
            source.close()
        }
    }

    @Test("two signals on one loop are told apart")
    func twoSignals() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var arrivals: [Int32] = []
            let first = try SignalSource(loop: loop, signal: SIGUSR1) { arrivals.append(SIGUSR1) }
            let second = try SignalSource(loop: loop, signal: SIGHUP) { arrivals.append(SIGHUP) }
            for signal in [SIGHUP, SIGUSR1, SIGHUP] {
                let count = arrivals.count
                #expect(kill(getpid(), signal) == 0)
                try #require(serve(loop) { arrivals.count > count })
            }
            #expect(arrivals == [SIGHUP, SIGUSR1, SIGHUP])
            first.close()
            second.close()
        }
    }

    @Test("after close the signal means what it meant before: ignored, or the end of the process")
    func close() async {
        await #expect(processExitsWith: .signal(SIGUSR1)) {
            let loop = try EventLoop()
            SignalSource.ignore(SIGUSR2)
            var arrivals = 0
            let sources = try [SIGUSR1, SIGUSR2].map { try SignalSource(loop: loop, signal: $0) { arrivals += 1 } }
            for source in sources {
                source.close()
                source.close()
            }
            kill(getpid(), SIGUSR2)
            settle(loop)
            #expect(arrivals == 0)
            kill(getpid(), SIGUSR1)
            // The thread that takes it may come late: those of the pool block signals.
            _ = serve(loop) { false }
        }
    }

    @Test("a source may be closed and let go of in its own callback, and holds nothing afterwards")
    func closeInCallback() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            SignalSource.ignore(SIGUSR1)
            var token: Token? = Token()
            let remembered = Remembered(token)
            var source: SignalSource?
            var arrivals = 0
            source = try SignalSource(loop: loop, signal: SIGUSR1) { [token] in
                withExtendedLifetime(token) { arrivals += 1 }
                source?.close()
                source = nil
            }
            token = nil
            kill(getpid(), SIGUSR1)
            try #require(serve(loop) { arrivals == 1 })
            kill(getpid(), SIGUSR1)
            settle(loop)
            #expect(arrivals == 1)
            #expect(remembered.isGone)
        }
    }

    @Test("a source that is released without close watches no longer")
    func release() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            SignalSource.ignore(SIGUSR1)
            var arrivals = 0
            var source: SignalSource? = try SignalSource(loop: loop, signal: SIGUSR1) { arrivals += 1 }
            let remembered = Remembered(source)
            source = nil
            kill(getpid(), SIGUSR1)
            settle(loop)
            #expect(remembered.isGone)
            #expect(arrivals == 0)
        }
    }
}
