// Random events for a cluster's health, and what must hold after each of them.
// The invariants are stated in terms of what others can see, not of how the model keeps its records.

@testable import RelevoPolicy

/// A random course of events for one cluster, watched.
struct HealthScript {
    let cluster: Cluster
    var health: ClusterHealth
    var random: RandomSource
    var now: UInt64
    /// Whether the settings are such as a configuration can have, so that lengths can be told beforehand.
    let isSane: Bool

    init(_ cluster: Cluster, seed: UInt64, now: UInt64 = 1000 * second, isSane: Bool = true) {
        self.cluster = cluster
        self.isSane = isSane
        self.now = now
        random = RandomSource(seed: seed)
        health = ClusterHealth(cluster, now: now)
    }

    /// Lets so many events happen. Returns what went wrong first; nil if all went well.
    mutating func run(_ events: Int) -> String? {
        if let wrong = wrongNow() { return "at the start: \(wrong)" }
        for number in 0..<events {
            let before = (standings: health.standings, outlook: health.outlook)
            let event = HealthEvent.random(count: cluster.endpoints.count, using: &random)
            let changes = apply(event)
            if let wrong = wrongNow() ?? wrongStep(from: before.standings, event, changes)
                ?? wrongTurn(from: before.outlook, changes)
            {
                return "event \(number), \(event): \(wrong)\n\(health.standings)"
            }
        }
        return nil
    }

    private mutating func apply(_ event: HealthEvent) -> [HealthChange] {
        switch event {
        case .check(let position, let result): return health.checked(position, result, now: now)
        case .report(let position, let tally): return health.served(position, tally, now: now)
        case .order(let position, let order): return health.ordered(position, order, now: now)
        case .time(let nanoseconds):
            now = now.addingSaturated(nanoseconds)
            return health.elapsed(now: now)
        case .late(let position, let tally): return health.served(position, tally, now: now / 2)
        }
    }

    // MARK: - What must hold at any time

    private func wrongNow() -> String? {
        let standings = health.standings
        let enlisted = standings.filter { !$0.isOrderedAway }
        guard enlisted.isEmpty || enlisted.contains(where: \.isAvailable) else { return "none is available" }
        guard standings.allSatisfy({ !$0.isOrderedAway || !$0.isAvailable }) else {
            return "one is available against an order"
        }
        if health.isDesperate {
            guard !enlisted.isEmpty else { return "desperate about nobody" }
            guard enlisted.allSatisfy(\.isAvailable) else { return "desperate, and one is not tried" }
            let carriesNothing = enlisted.contains { $0.weight > 0 }
            let well = enlisted.contains { $0.isSurelyWell && ($0.weight > 0 || !carriesNothing) }
            guard !well else { return "desperate beside a well endpoint" }
        } else {
            guard standings.allSatisfy({ !$0.isAvailable || !$0.isAway }) else {
                return "one that is away is available"
            }
            guard enlisted.allSatisfy({ $0.isAvailable || !$0.isSurelyWell }) else {
                return "one that is well is not available"
            }
        }
        return wrongShare() ?? wrongDeadline()
    }

    private func wrongShare() -> String? {
        let ejected = health.standings.count(where: \.isEjected)
        let count = health.standings.count { $0.state != .disabled }
        guard ejected > 0 else { return nil }
        let share = min(100, max(0, cluster.ejection?.share ?? 0))
        guard ejected < count else { return "all are ejected" }
        return ejected <= max(1, count * share / 100) ? nil : "\(ejected) of \(count) are ejected"
    }

    private func wrongDeadline() -> String? {
        guard let deadline = health.nextDeadline else {
            return health.standings.contains(where: \.isEjected) ? "an ejection has no deadline" : nil
        }
        return deadline >= now ? nil : "the deadline \(deadline) is before \(now)"
    }

    // MARK: - What must hold between two times

    private func wrongStep(from before: [EndpointStanding], _ event: HealthEvent, _ changes: [HealthChange]) -> String?
    {
        let isOther = before != health.standings
        if isOther, changes.isEmpty { return "changed without telling" }
        // An ejection of no length at all can end and begin again at one time.
        if isSane, !isOther, !changes.isEmpty { return "told \(changes.map(\.text)), but nothing changed" }
        let hasNothingToGoBy = cluster.health == nil && cluster.ejection == nil && !event.isOrder
        if hasNothingToGoBy, !changes.isEmpty { return "changed without settings" }
        for position in health.standings.indices {
            let (old, new) = (before[position], health.standings[position])
            let isTold = changes.contains { $0.position == position }
            if old.state != new.state || old.weight != new.weight, !isTold { return "\(position) changed untold" }
            if old.weight != new.weight, !event.isOrder { return "the weight of \(position) changed by itself" }
            if let wrong = wrongLength(old.state, new.state) { return wrong }
        }
        return nil
    }

    private func wrongTurn(from before: ClusterOutlook, _ changes: [HealthChange]) -> String? {
        let turn = changes.last { $0.outlook != nil }?.outlook
        return turn ?? before == health.outlook ? nil : "the outlook's turn was not told"
    }

    private func wrongLength(_ old: EndpointCondition, _ new: EndpointCondition) -> String? {
        guard isSane, let ejection = cluster.ejection, case .ejected(let until, _) = new, old != new else { return nil }
        let longest = ejection.maxTime.inNanoseconds
        // One that was down meanwhile has served a part of its ejection unseen.
        if case .down = old { return until - now <= longest ? nil : "the rest of an ejection is too long" }
        let isRight = (ejection.time.inNanoseconds...longest).contains(until - now)
        return isRight ? nil : "an ejection of \(until - now) ns"
    }
}

extension EndpointStanding {
    fileprivate var isOrderedAway: Bool { state == .draining || state == .disabled }

    fileprivate var isEjected: Bool { if case .ejected = state { true } else { false } }

    fileprivate var isAway: Bool {
        switch state {
        case .up, .unchecked: false
        case .down, .ejected, .draining, .disabled: true
        }
    }

    /// Unchecked endpoints serve or do not, as settings say.
    fileprivate var isSurelyWell: Bool { state == .up }
}

/// Something that happens to a cluster.
enum HealthEvent {
    case check(Int, CheckResult)
    case report(Int, OutcomeTally)
    case order(Int, EndpointOrder)
    case time(UInt64)
    /// A report at a time that is over already.
    case late(Int, OutcomeTally)

    var isOrder: Bool { if case .order = self { true } else { false } }

    static func random(count: Int, using random: inout RandomSource) -> HealthEvent {
        // Now and then a position that does not exist.
        let dice = random.next()
        let position = dice % 64 == 0 ? count + Int(dice >> 32 & 1) : Int(dice >> 8 % UInt64(max(1, count)))
        switch dice >> 40 % 16 {
        case 0...3: return .check(position, .failed("no answer"))
        case 4, 5: return .check(position, .passed)
        case 6...10: return .report(position, tally(using: &random))
        case 11: return .order(position, order(using: &random))
        case 12: return .late(position, tally(using: &random))
        default: return .time(random.next() >> (30 + dice >> 48 % 12))
        }
    }

    private static func tally(using random: inout RandomSource) -> OutcomeTally {
        var tally = OutcomeTally()
        var dice = random.next()
        for _ in 0..<Int(dice & 15) {
            dice >>= 3
            if dice & 7 < 2 { tally.succeeded() } else { tally.failed(.fault(.upstreamClosed)) }
        }
        return tally
    }

    private static func order(using random: inout RandomSource) -> EndpointOrder {
        switch random.next() % 8 {
        case 0...3: .enable
        case 4: .drain
        case 5: .disable
        case 6: .weight(0)
        default: .weight(Int(random.next() % 4))
        }
    }
}
