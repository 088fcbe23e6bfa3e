// How many requests of a cluster may be sent again: few beside those that come in, so that retries cannot become the
// load that keeps an endpoint down. One for each worker and cluster; which requests ask for it is said by RetryPolicy.

/// Grants retries in proportion to the requests of the last ten seconds.
///
/// In the ten seconds before each grant there are never more grants than `budget` per cent of the requests or, if that
/// is more, the worker's part of `reserve` for ten seconds.
package struct RetryBudget: Sendable {
    /// Whole seconds that are counted beside the current one. Requests of the oldest do not count, grants of it do:
    /// so the bound holds for ten seconds that begin anywhere within one.
    private static let slots = 11
    private static let nanoseconds: UInt64 = 1_000_000_000

    private var requests = InlineArray<11, UInt32>(repeating: 0)
    private var grants = InlineArray<11, UInt32>(repeating: 0)
    /// The second that `slot` counts.
    private var second: UInt64 = 0
    private var slot = 0
    private let share: Int
    private let reserve: Int

    /// Creates the budget of one of `workers` workers. Each has an equal part of the reserve, rounded up so that many
    /// workers do not turn a small reserve into none.
    package init(_ settings: RetrySettings, workers: Int) {
        share = min(max(settings.budget, 0), 1000)
        let workers = max(workers, 1)
        let whole = min(max(settings.reserve, 0), 1_000_000) * (Self.slots - 1)
        reserve = whole / workers + (whole % workers == 0 ? 0 : 1)
    }

    /// A request has come; once for each, not for each attempt.
    package mutating func requestBegan(now: UInt64) {
        let second = now / Self.nanoseconds
        if second != self.second { advance(to: second) }
        requests[slot] &+= 1
    }

    /// Whether a request may be sent again; if so, that is counted.
    package mutating func take(now: UInt64) -> Bool {
        advance(to: now / Self.nanoseconds)
        let oldest = next(slot)
        var asked = 0
        var granted = 0
        for index in 0..<Self.slots {
            if index != oldest { asked += Int(requests[index]) }
            granted += Int(grants[index])
        }
        guard granted < max(reserve, asked * share / 100) else { return false }
        grants[slot] &+= 1
        return true
    }

    /// Empties the slots of the seconds that have begun since. A clock that seems to go back changes nothing.
    private mutating func advance(to second: UInt64) {
        guard second > self.second else { return }
        for _ in 0..<min(second - self.second, UInt64(Self.slots)) {
            slot = next(slot)
            requests[slot] = 0
            grants[slot] = 0
        }
        self.second = second
    }

    private func next(_ slot: Int) -> Int { slot == Self.slots - 1 ? 0 : slot + 1 }
}
