// The order, the bound and the deadlines of those who wait, compared with a plain list.
// Who is let out of the line when is not decided there.

@testable import RelevoPolicy
import Testing

@Suite struct WaitingLineTests {
    @Test("first come, first served")
    func order() {
        var line = WaitingLine<String>(length: 3)
        for name in ["a", "b", "c"] { #expect(line.enter(name, until: 9) != nil) }
        #expect(line.count == 3)
        let served = (0..<4).map { _ in line.next() }
        #expect(served == ["a", "b", "c", nil])
        #expect(line.isEmpty)
    }

    @Test("nobody enters a line that is as long as it may be", arguments: [0, -1, 1, 2])
    func bound(length: Int) {
        var line = WaitingLine<Int>(length: length)
        let entered = (0..<5).count { line.enter($0, until: 9) != nil }
        #expect(entered == max(length, 0))
        _ = line.next()
        #expect((line.enter(7, until: 9) != nil) == (length > 0))
    }

    @Test("a line that is made shorter sends nobody away")
    func shortened() {
        var line = WaitingLine<Int>(length: 3)
        for item in 0..<3 { _ = line.enter(item, until: 9) }
        line.length = 1
        #expect(line.next() == 0)
        #expect(line.enter(3, until: 9) == nil)
        let served = (0..<2).map { _ in line.next() }
        #expect(served == [1, 2])
        #expect(line.enter(4, until: 9) != nil)
    }

    @Test("those whose deadline has come are taken out, and only those")
    func deadlines() {
        var line = WaitingLine<String>(length: 9)
        #expect(line.nextDeadline == nil)
        for (name, deadline) in [("a", 10), ("b", 20), ("c", 20), ("d", 30)] as [(String, UInt64)] {
            _ = line.enter(name, until: deadline)
        }
        #expect(line.nextDeadline == 10)
        #expect(line.expired(now: 9) == nil)
        #expect(line.expired(now: 20) == "a")
        #expect(line.expired(now: 20) == "b")
        #expect(line.expired(now: 20) == "c")
        #expect(line.expired(now: 20) == nil)
        #expect(line.nextDeadline == 30)
    }

    @Test("a deadline before that of the one in front waits for it")
    func earlierDeadline() {
        var line = WaitingLine<String>(length: 9)
        _ = line.enter("a", until: 20)
        _ = line.enter("b", until: 10)
        #expect(line.expired(now: 19) == nil)
        let gone = (0..<2).map { _ in line.expired(now: 20) }
        #expect(gone == ["a", "b"])
    }

    @Test("one may leave from the front, the middle and the end, once")
    func leaving() {
        for position in 0..<3 {
            var line = WaitingLine<Int>(length: 3)
            let tokens = (0..<3).compactMap { line.enter($0, until: 9) }
            #expect(line.leave(tokens[position]) == position)
            #expect(line.leave(tokens[position]) == nil)
            #expect(line.enter(3, until: 9) != nil)
            let left = (0..<3).map { _ in line.next() }
            #expect(left == [0, 1, 2, 3].filter { $0 != position })
        }
    }

    @Test("a token is good for its own turn only")
    func staleToken() {
        var line = WaitingLine<String>(length: 1)
        let token = line.enter("a", until: 9)
        #expect(line.next() == "a")
        _ = line.enter("b", until: 9)
        let left = token.flatMap { line.leave($0) }
        #expect(left == nil)
        #expect(line.count == 1)
        var other = WaitingLine<String>(length: 1)
        let stranger = token.flatMap { other.leave($0) }
        #expect(stranger == nil)
    }

    @Test("one who has gone is let go of")
    func releases() {
        final class Waiter {}
        var line = WaitingLine<Waiter>(length: 2)
        weak var first: Waiter?
        weak var second: Waiter?
        do {
            let waiters = (Waiter(), Waiter())
            (first, second) = waiters
            let token = line.enter(waiters.0, until: 9)
            _ = line.enter(waiters.1, until: 9)
            _ = token.flatMap { line.leave($0) }
            _ = line.next()
        }
        #expect(first == nil)
        #expect(second == nil)
    }

    /// The same line as a list that is searched.
    private struct Model {
        var waiting: [(item: Int, deadline: UInt64)] = []
        let length: Int

        mutating func enter(_ item: Int, until deadline: UInt64) -> Bool {
            guard waiting.count < length else { return false }
            waiting.append((item, max(deadline, waiting.last?.deadline ?? 0)))
            return true
        }

        mutating func next() -> Int? { waiting.isEmpty ? nil : waiting.removeFirst().item }

        mutating func expired(now: UInt64) -> Int? {
            guard let first = waiting.first, first.deadline <= now else { return nil }
            return next()
        }

        mutating func leave(_ item: Int) -> Int? {
            guard let index = waiting.firstIndex(where: { $0.item == item }) else { return nil }
            return waiting.remove(at: index).item
        }
    }

    @Test("in 100 000 random courses, the line does what a plain list does")
    func courses() {
        var random = RandomSource(seed: 11)
        for course in 0..<Effort.cases(100_000) {
            let length = Int.random(in: 0...5, using: &random)
            var line = WaitingLine<Int>(length: length)
            var model = Model(length: length)
            var tokens: [WaitingLine<Int>.Token?] = []
            for step in 0..<20 {
                let now = UInt64(step)
                switch Int.random(in: 0..<6, using: &random) {
                case 0...2:
                    let deadline = now + UInt64.random(in: 0...8, using: &random)
                    tokens.append(line.enter(tokens.count, until: deadline))
                    let enters = model.enter(tokens.count - 1, until: deadline)
                    if (tokens.last != .some(nil)) != enters { Issue.record("course \(course): entering at \(step)") }
                case 3:
                    if line.next() != model.next() { Issue.record("course \(course): next at \(step)") }
                case 4:
                    if line.expired(now: now) != model.expired(now: now) { Issue.record("course \(course): expired") }
                default:
                    guard let item = tokens.indices.randomElement(using: &random) else { continue }
                    let left = tokens[item].flatMap { line.leave($0) }
                    if left != model.leave(item) { Issue.record("course \(course): leaving at \(step)") }
                }
                if line.count != model.waiting.count || line.nextDeadline != model.waiting.first?.deadline {
                    Issue.record("course \(course): \(line.count) wait, not \(model.waiting.count)")
                }
            }
        }
    }
}
