// What follows from answers and failures of a lookup, in virtual time.
// Lookups at work are tested in IntegrationTests.

import CLibevent
import CLibeventDNS
@testable import RelevoProxy
import Testing

@Suite struct NameStateTests {
    private static let one = SocketAddress.loopback(port: 1)
    private static let two = SocketAddress.loopback(port: 2)
    private static let other: [DNSFailure] = [
        .noData, .timedOut, .refused, .serverFailed, .unreachable, .malformed, .invalidName, .invalidNameserver, .busy,
        .exhausted,
    ]

    private var state = NameState(lifetimes: .seconds(1)...(.seconds(300)))
    private var now = MonotonicTime(nanoseconds: 1_000_000_000)

    private func answer(_ addresses: SocketAddress..., timeToLive: Duration = .seconds(60)) -> NameAnswer {
        NameAnswer([NameTarget(addresses)], timeToLive: timeToLive)
    }

    @Test("a name that was not asked for is due at once, and its first answer is news")
    mutating func first() {
        #expect(state.wait(dice: 0.5) == .zero)
        #expect(state.answered(answer(Self.one)) == NameNews(targets: [NameTarget([Self.one])]))
        #expect(state.targets == [NameTarget([Self.one])])
    }

    @Test("the same addresses in another order are no news, others are")
    mutating func changes() {
        _ = state.answered(answer(Self.one, Self.two))
        #expect(state.answered(answer(Self.two, Self.one)) == NameNews())
        #expect(state.answered(answer(Self.two)).targets == [NameTarget([Self.two])])
        #expect(state.answered(answer(Self.two, Self.one)).targets != nil)
    }

    @Test("another weight or another priority is news, another order of targets is not")
    mutating func weights() {
        func answer(_ weights: Int..., priority: Int = 0) -> NameAnswer {
            NameAnswer(
                weights.map { NameTarget([.loopback(port: UInt16($0))], priority: priority, weight: $0) },
                timeToLive: .seconds(1))
        }
        _ = state.answered(answer(1, 2))
        #expect(state.answered(answer(2, 1)) == NameNews())
        #expect(state.answered(answer(2, 3)).targets != nil)
        #expect(state.answered(answer(2, 3, priority: 1)).targets != nil)
    }

    @Test(
        "an answer holds for its time to live, within bounds",
        arguments: [
            (Duration.zero, Duration.seconds(1)), (.milliseconds(999), .seconds(1)), (.seconds(1), .seconds(1)),
            (.seconds(60), .seconds(60)), (.seconds(300), .seconds(300)), (.seconds(86_400), .seconds(300)),
            (.seconds(Int32.max), .seconds(300)),
        ])
    func lifetime(_ timeToLive: Duration, _ expected: Duration) {
        var state = state
        _ = state.answered(answer(Self.one, timeToLive: timeToLive))
        #expect(state.wait(dice: 0) == expected)
        #expect(state.wait(dice: 1) == expected * 0.9)
    }

    @Test("failures are told once, wait 1, 2, 4, 8, 16 and then 30 seconds, and cost no address", arguments: other)
    func failures(_ failure: DNSFailure) {
        var state = state
        _ = state.answered(answer(Self.one))
        #expect(state.failed(failure, now: now) == NameNews(failure: failure))
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            #expect(state.wait(dice: 0) == .seconds(seconds))
            #expect(state.wait(dice: 1) == .seconds(seconds) * 0.9)
            #expect(state.failed(failure, now: now) == NameNews())
        }
        for hour in 1...1000 {
            #expect(state.failed(failure, now: now + .seconds(3600 * hour)) == NameNews())
            #expect(state.wait(dice: 0) == .seconds(30))
        }
        #expect(state.targets == [NameTarget([Self.one])])
        #expect(state.answered(answer(Self.one)) == NameNews(isBack: true))
        #expect(state.wait(dice: 0) == .seconds(60))
    }

    @Test("a name that never had an address fails once and is silent then; its first answer is news")
    mutating func neverKnown() {
        #expect(state.failed(.notFound, now: now) == NameNews(failure: .notFound))
        for minute in 1...100 {
            #expect(state.failed(.notFound, now: now + .seconds(60 * minute)) == NameNews())
        }
        #expect(state.answered(answer(Self.one)).targets != nil)
        #expect(state.failed(.timedOut, now: now) == NameNews(failure: .timedOut))
    }

    @Test("after failures other addresses are news, and not that the name is back")
    mutating func changedMeanwhile() {
        _ = state.answered(answer(Self.one))
        _ = state.failed(.timedOut, now: now)
        #expect(state.answered(answer(Self.two)) == NameNews(targets: [NameTarget([Self.two])]))
    }

    @Test("`no such name` is believed after five minutes of nothing else, and told once")
    mutating func denied() {
        _ = state.answered(answer(Self.one))
        #expect(state.failed(.notFound, now: now) == NameNews(failure: .notFound))
        #expect(state.failed(.notFound, now: now + .seconds(299)) == NameNews())
        #expect(state.failed(.notFound, now: now + .seconds(300)) == NameNews(targets: [], failure: .notFound))
        #expect(state.targets.isEmpty)
        #expect(state.failed(.notFound, now: now + .seconds(900)) == NameNews())
        #expect(state.answered(answer(Self.one)) == NameNews(targets: [NameTarget([Self.one])]))
    }

    @Test("any other failure in between, or an answer, begins the five minutes anew", arguments: other)
    func doubtfulDenial(_ failure: DNSFailure) {
        var state = state
        _ = state.answered(answer(Self.one))
        _ = state.failed(.notFound, now: now)
        _ = state.failed(failure, now: now + .seconds(250))
        #expect(state.failed(.notFound, now: now + .seconds(310)) == NameNews())
        #expect(state.failed(.notFound, now: now + .seconds(609)) == NameNews())
        _ = state.answered(answer(Self.one))
        #expect(state.failed(.notFound, now: now + .seconds(700)) == NameNews(failure: .notFound))
        #expect(!state.targets.isEmpty)
    }
}
