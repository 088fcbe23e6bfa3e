// Handshakes in progress, and what an operator hears of those that fail.
// That listeners rest and go on is tested in IntegrationTests.

import CLibevent
import Testing

import RelevoPolicy
@testable import RelevoProxy

@Suite struct HandshakesTests {
    private final class Member: Handshake {
        var isSettled = false
    }

    @Test("the oldest is the one that began first of those in progress")
    func order() {
        var handshakes = Handshakes<Member>()
        let members = (0..<4).map { _ in Member() }
        var seen: [Int?] = []
        func look() {
            let oldest = handshakes.oldest()
            seen.append(members.firstIndex { $0 === oldest })
        }
        look()
        for member in members { handshakes.begin(member) }
        look()
        var ended: [Bool] = []
        // The first is told twice: it ends once.
        for place in [1, 0, 0, 3, 2] {
            ended.append(handshakes.end(members[place]))
            look()
        }
        #expect(seen == [nil, 0, 0, 2, 2, 2, nil])
        #expect(ended == [true, true, false, true, true])
        #expect(handshakes.count == 0)
    }

    @Test("one that stays does not keep the memory of thousands that are over")
    func memory() {
        var handshakes = Handshakes<Member>()
        let slow = Member()
        handshakes.begin(slow)
        var longest = 0
        for _ in 0..<10_000 {
            let quick = Member()
            handshakes.begin(quick)
            _ = handshakes.end(quick)
            longest = max(longest, handshakes.lineLength)
        }
        #expect(longest < 80)
        let oldest = handshakes.oldest()
        #expect(oldest === slow && handshakes.count == 1)
        let next = Member()
        handshakes.begin(next)
        _ = handshakes.end(slow)
        let following = handshakes.oldest()
        #expect(following === next)
    }

    private func failure(_ reason: String, name: String? = nil) -> HandshakeFailure {
        HandshakeFailure(
            reason: reason, peer: .loopback(port: 4711), listener: .literal("127.0.0.1", port: 443), name: name)
    }

    @Test("the first failure is told at once, those of the next minute together")
    func silence() throws {
        var failures = HandshakeFailures()
        var now = MonotonicTime.now
        var told: [HandshakeReport?] = [failures.due(now: now)]
        told.append(failures.note(failure("no shared cipher", name: "a.example"), now: now))
        var early: [HandshakeReport?] = []
        for round in 0..<100 {
            now = now + .milliseconds(100)
            early.append(failures.note(failure(round % 3 == 0 ? "bad" : "worse"), now: now))
        }
        early.append(failures.due(now: now))
        #expect(early.allSatisfy { $0 == nil })
        told.append(failures.due(now: now + .seconds(60)))
        told.append(failures.due(now: now + .seconds(600)))
        told.append(failures.note(failure("bad"), now: now + .seconds(90)))
        told.append(failures.note(failure("bad"), now: now + .seconds(600)))
        _ = failures.note(failure("bad"), now: now + .seconds(600))
        told.append(failures.rest())
        told.append(failures.rest())
        #expect(told.map { $0?.count } == [nil, 1, 100, nil, nil, 2, 1, nil])
        let first = try #require(told[1])
        #expect(first.text == "no shared cipher" && first.name == "a.example")
        let later = try #require(told[2])
        #expect(later.text == "worse (66 times), bad (34 times)")
        #expect(
            later.peer == .loopback(port: 4711) && later.listener == .literal("127.0.0.1", port: 443)
                && later.name == nil)
    }

    @Test("many reasons, and names that no host has, do not fill a log")
    func bounds() throws {
        var failures = HandshakeFailures()
        let now = MonotonicTime.now
        _ = failures.note(failure("first"), now: now)
        for number in 0..<50 { _ = failures.note(failure("reason \(number)", name: "a\nb"), now: now) }
        let due = failures.due(now: now + .seconds(60))
        let report = try #require(due)
        #expect(report.count == 50 && report.reasons.count == HandshakeFailures.mostReasons)
        #expect(report.reasons.first == .init(words: "other reasons", count: 43))
        #expect(report.name == nil)
    }
}
