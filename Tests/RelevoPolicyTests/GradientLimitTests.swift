// The adaptive limit against a simulated cluster that queues what it cannot work on at once.
// Time is simulated, so that a minute takes no time and gives the same result on every machine.

@testable import RelevoPolicy
import Testing

/// Endpoints that work on `capacity` requests at once, each for `base` nanoseconds, and queue the others.
private struct SimulatedCluster {
    var capacity: Int
    var base: UInt64
    var now: UInt64 = 0
    /// Those in flight: when sent and when done, in the order of their ends.
    private var inFlight: [(sent: UInt64, done: UInt64)] = []
    private var head = 0
    /// When the places of the endpoints become free; taken in turn.
    private var free: [UInt64] = []
    private var turn = 0
    private var random = RandomSource(seed: 17)

    init(capacity: Int, base: UInt64) {
        self.capacity = capacity
        self.base = base
    }

    private mutating func send() {
        if free.count != capacity {
            free = Array(repeating: now, count: capacity)
            turn = 0
        }
        let begun = max(now, free[turn])
        free[turn] = begun + base
        inFlight.append((now, begun + base))
        turn = turn + 1 == capacity ? 0 : turn + 1
    }

    /// Sends as many as `limit` and `demand` allow and goes on to the end of the first of them.
    mutating func step(_ limit: inout GradientLimit, demand: Int = .max) {
        while inFlight.count - head < min(limit.limit, demand) { send() }
        let ended = inFlight[head]
        now = max(now, ended.done)
        // Latency varies by a fifth around what the queue makes of it.
        let spread = UInt64.random(in: 80...120, using: &random)
        limit.record(rtt: (now - ended.sent) * spread / 100, inFlight: inFlight.count - head, now: now)
        head += 1
        if head > 4096 {
            inFlight.removeFirst(head)
            head = 0
        }
    }

    /// The limits within so many nanoseconds, in order.
    mutating func run(_ limit: inout GradientLimit, for time: UInt64, demand: Int = .max) -> [Int] {
        let end = now + time
        var limits: [Int] = []
        while now < end {
            step(&limit, demand: demand)
            limits.append(limit.limit)
        }
        return limits
    }
}

@Suite struct GradientLimitTests {
    private static let second: UInt64 = 1_000_000_000
    private static let millisecond: UInt64 = 1_000_000

    private func settings(_ minimum: Int, _ maximum: Int) -> AdaptiveLimit {
        var settings = AdaptiveLimit()
        settings.minimum = minimum
        settings.maximum = maximum
        return settings
    }

    private func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }

    @Test("it begins at its minimum and stays there until it has seen enough")
    func begins() {
        var limit = GradientLimit(AdaptiveLimit())
        #expect(limit.limit == 10)
        for index in 0..<19 as Range<UInt64> { limit.record(rtt: 1000, inFlight: 10, now: 1_000_000 + index) }
        #expect(limit.limit == 10)
    }

    @Test("settings that make no sense are taken as the nearest that do")
    func nonsense() {
        #expect(GradientLimit(settings(0, 0)).limit == 1)
        #expect(GradientLimit(settings(-5, -7)).limit == 1)
        #expect(GradientLimit(settings(20, 5)).limit == 20)
    }

    @Test(
        "under more load than there is room for, it settles at what the cluster works on at once, and half as much",
        arguments: [(16, 10), (50, 20), (200, 50), (500, 100), (100, 200)])
    func converges(capacity: Int, milliseconds: Int) {
        var limit = GradientLimit(settings(10, 2000))
        var cluster = SimulatedCluster(capacity: capacity, base: UInt64(milliseconds) * Self.millisecond)
        _ = cluster.run(&limit, for: 20 * Self.second)
        let middle = median(cluster.run(&limit, for: 20 * Self.second))
        #expect(middle >= capacity)
        #expect(middle <= capacity * 2 + 10)
    }

    @Test("it does not creep up in a quarter of an hour under load, although it learns its base again and again")
    func steady() {
        var limit = GradientLimit(settings(10, 10_000))
        var cluster = SimulatedCluster(capacity: 20, base: 50 * Self.millisecond)
        _ = cluster.run(&limit, for: 900 * Self.second)
        let middle = median(cluster.run(&limit, for: 60 * Self.second))
        #expect((20...50).contains(middle))
    }

    @Test("it follows a cluster that loses three quarters of its room, and gets it back")
    func follows() {
        var limit = GradientLimit(settings(10, 2000))
        var cluster = SimulatedCluster(capacity: 200, base: 40 * Self.millisecond)
        _ = cluster.run(&limit, for: 20 * Self.second)
        cluster.capacity = 50
        _ = cluster.run(&limit, for: 20 * Self.second)
        #expect((50...110).contains(median(cluster.run(&limit, for: 5 * Self.second))))
        cluster.capacity = 200
        _ = cluster.run(&limit, for: 20 * Self.second)
        #expect((200...410).contains(median(cluster.run(&limit, for: 5 * Self.second))))
    }

    @Test("a cluster that has become slower for good gets its room back once the base is learnt again")
    func slower() {
        var limit = GradientLimit(settings(10, 2000))
        var cluster = SimulatedCluster(capacity: 100, base: 20 * Self.millisecond)
        _ = cluster.run(&limit, for: 20 * Self.second)
        cluster.base = 120 * Self.millisecond
        _ = cluster.run(&limit, for: 90 * Self.second)
        #expect((100...210).contains(median(cluster.run(&limit, for: 20 * Self.second))))
    }

    @Test("with little load it does not grow: latency says nothing about room that nobody uses")
    func unused() {
        var limit = GradientLimit(settings(10, 2000))
        var cluster = SimulatedCluster(capacity: 1000, base: 10 * Self.millisecond)
        let limits = cluster.run(&limit, for: 60 * Self.second, demand: 20)
        #expect(limits.max() ?? 0 <= 50)
        #expect(limits.last ?? 0 >= 20)
    }

    @Test("latency that stays near its base lets it grow to its maximum, and no further")
    func maximum() {
        var limit = GradientLimit(settings(10, 150))
        var cluster = SimulatedCluster(capacity: 1000, base: 10 * Self.millisecond)
        let limits = cluster.run(&limit, for: 20 * Self.second)
        #expect(limits.max() == 150)
        #expect(limits.last == 150)
    }

    @Test("one request in fifty that takes a minute does not look like a queue")
    func outliers() {
        var limit = GradientLimit(settings(10, 100))
        var now = 100 * Self.second
        for index in 0..<20_000 {
            now += Self.millisecond
            limit.record(rtt: 5 * Self.millisecond, inFlight: limit.limit, now: now)
            // Sent just now, as far as the window can tell.
            if index % 50 == 0 { limit.record(rtt: 50 * Self.millisecond, inFlight: limit.limit, now: now) }
        }
        #expect(limit.limit == 100)
    }

    @Test("100 000 random samples, sensible or not, leave it in bounds", arguments: [(1, 3), (10, 1000), (7, 7)])
    func bounds(minimum: Int, maximum: Int) {
        var random = RandomSource(seed: 23)
        var limit = GradientLimit(settings(minimum, maximum))
        var now: UInt64 = 0
        var seen: Set<Int> = []
        for index in 0..<100_000 {
            now += UInt64.random(in: 0...(10 * Self.millisecond), using: &random)
            let isNonsense = index % 97 == 0
            let scale: UInt64 = [1, 1000, Self.millisecond, 20 * Self.millisecond][index / 500 % 4]
            let rtt = isNonsense ? random.next() : UInt64.random(in: 0...scale, using: &random)
            let inFlight = isNonsense ? Int.random(in: .min ... .max, using: &random) : limit.limit
            limit.record(rtt: rtt, inFlight: inFlight, now: isNonsense && index % 2 == 0 ? 0 : now)
            seen.insert(limit.limit)
        }
        #expect(seen.allSatisfy { (minimum...maximum).contains($0) })
        #expect(seen.count > 1 || minimum == maximum)
    }

    @Test("fed by several threads, the shared limit stays within its bounds and tells what was learnt")
    func shared() async {
        let limit = SharedGradientLimit(settings(10, 40))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { Self.feed(limit) } }
        }
        #expect(limit.limit == 40)
    }

    private static func feed(_ limit: SharedGradientLimit) {
        for index in 0..<25_000 as Range<UInt64> {
            limit.record(rtt: 1000, inFlight: 40, now: index * millisecond)
            if !(10...40).contains(limit.limit) { Issue.record("the limit is \(limit.limit)") }
        }
    }
}
