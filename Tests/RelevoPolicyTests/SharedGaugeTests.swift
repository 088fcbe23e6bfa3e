// The count of requests in flight, by one thread and by several, and what refused clients are told.
// No test waits for a time to pass.

@testable import RelevoPolicy
import Synchronization
import Testing

@Suite struct SharedGaugeTests {
    @Test("as many enter as the limit says, and one more for each that leaves")
    func enters() {
        let gauge = SharedGauge()
        let entered = (0..<5).map { _ in gauge.tryEnter(limit: 3) }
        #expect(entered == [true, true, true, false, false])
        #expect(gauge.count == 3)
        gauge.leave()
        #expect(gauge.tryEnter(limit: 3))
        #expect(!gauge.tryEnter(limit: 3))
    }

    @Test("a limit that was lowered lets nobody in until enough have left")
    func lowered() {
        let gauge = SharedGauge()
        for _ in 0..<5 { #expect(gauge.tryEnter(limit: 5)) }
        #expect(!gauge.tryEnter(limit: 2))
        for _ in 0..<4 { gauge.leave() }
        #expect(gauge.tryEnter(limit: 2))
        #expect(gauge.count == 2)
    }

    @Test("a limit of none, or less, lets nobody in", arguments: [0, -1, Int.min])
    func closed(limit: Int) {
        #expect(!SharedGauge().tryEnter(limit: limit))
    }

    @Test("in 100 000 random courses, the count is that of those inside and never above the limit")
    func courses() {
        var random = RandomSource(seed: 5)
        for course in 0..<Effort.cases(100_000) {
            let gauge = SharedGauge()
            var inside = 0
            for _ in 0..<16 {
                let limit = Int.random(in: 0...4, using: &random)
                if inside > 0, Bool.random(using: &random) {
                    gauge.leave()
                    inside -= 1
                } else {
                    let enters = gauge.tryEnter(limit: limit)
                    if enters != (inside < limit) { Issue.record("course \(course): \(inside) of \(limit)") }
                    inside += enters ? 1 : 0
                }
                if gauge.count != inside { Issue.record("course \(course): counted \(gauge.count), not \(inside)") }
            }
        }
    }

    @Test("several threads together never exceed the limit, and all leave")
    func threads() async {
        let gauge = SharedGauge()
        let inside = SharedCount()
        let entered = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { Self.visit(gauge, inside) } }
            return await group.reduce(0, +)
        }
        #expect(entered > 0)
        #expect(gauge.count == 0)
        #expect((1...3).contains(inside.peak.load(ordering: .relaxed)))
    }

    /// Enters and leaves as often as it can in so many tries.
    private static func visit(_ gauge: SharedGauge, _ inside: SharedCount) -> Int {
        var entered = 0
        for _ in 0..<100_000 where gauge.tryEnter(limit: 3) {
            inside.enter()
            entered += 1
            inside.leave()
            gauge.leave()
        }
        return entered
    }

    /// Counts those inside by itself, with their peak.
    private final class SharedCount: Sendable {
        private let now = Atomic<Int>(0)
        let peak = Atomic<Int>(0)

        func enter() { peak.max(now.add(1, ordering: .sequentiallyConsistent).newValue, ordering: .relaxed) }
        func leave() { now.subtract(1, ordering: .sequentiallyConsistent) }
    }
}

@Suite struct RetryAfterTests {
    @Test(
        "RFC 9110 §10.2.3: whole seconds, rounded up, at least one and at most an hour",
        arguments: [
            (0, 1), (1, 1), (1_000_000_000, 1), (1_000_000_001, 2), (59_999_999_999, 60),
            (3_600_000_000_001, 3600), (UInt64.max, 3600),
        ] as [(UInt64, Int)])
    func seconds(wait: UInt64, expected: Int) {
        #expect(RetryAfter.seconds(wait) == expected)
    }
}
