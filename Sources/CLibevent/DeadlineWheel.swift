// Deadlines of many connections for the price of one timer: a hashed timing wheel. Knows no loop and no clock; the
// owner advances it.

/// A point in time at which something must have happened, kept in a ``DeadlineWheel``.
///
/// Moving a deadline later costs one store: the wheel finds out when its old place comes up.
public final class Deadline {
    /// Called when the deadline has passed; it is unset by then and may be set anew.
    public var onExpired: (() -> Void)? {
        get { handler }
        set { handler = newValue }
    }

    /// When it expires; nil while unset.
    public var time: MonotonicTime? { due }

    fileprivate var handler: (() -> Void)?
    fileprivate var due: MonotonicTime?
    fileprivate var tick: UInt64 = 0
    fileprivate var index = -1

    /// Creates an unset deadline.
    public init() {}
}

/// Holds deadlines in slots of ``tick`` each. Expiry is told at most one tick late, never early.
public final class DeadlineWheel {
    /// The precision of the wheel.
    public static var tick: Duration { .milliseconds(100) }

    private static let slotCount: UInt64 = 1024
    private static let tickNanoseconds: UInt64 = 100_000_000

    private var slots: [[Deadline]]
    private var currentTick: UInt64
    private var total = 0
    /// Deadlines in the wheel, unset ones that were not yet collected included.
    public var count: Int { total }

    /// Creates an empty wheel that starts at `now`.
    public init(now: MonotonicTime) {
        slots = [[Deadline]](repeating: [], count: Int(Self.slotCount))
        currentTick = now.nanoseconds / Self.tickNanoseconds
    }

    /// Sets a deadline, or moves it.
    public func set(_ deadline: Deadline, at time: MonotonicTime) {
        deadline.due = time
        let tick = place(of: time)
        if deadline.index >= 0 {
            guard tick < deadline.tick else { return }
            unlink(deadline)
        }
        link(deadline, at: tick)
    }

    /// Unsets a deadline; it stays in the wheel until its place comes up, so that setting it again is cheap.
    public func unset(_ deadline: Deadline) { deadline.due = nil }

    /// Unsets a deadline and lets go of it.
    public func remove(_ deadline: Deadline) {
        deadline.due = nil
        if deadline.index >= 0 { unlink(deadline) }
    }

    /// Tells all deadlines that have passed at `now`, in the order of their ticks.
    public func advance(to now: MonotonicTime) {
        let target = now.nanoseconds / Self.tickNanoseconds
        if target > currentTick, target - currentTick >= Self.slotCount {
            // After a long sleep one look at every slot is enough, from the point of view of the new time.
            currentTick = target
            for slot in 0..<Int(Self.slotCount) { expire(slot: slot, now: now) }
        }
        while currentTick < target {
            currentTick += 1
            expire(slot: Int(currentTick % Self.slotCount), now: now)
        }
    }

    private func expire(slot: Int, now: MonotonicTime) {
        let due = slots[slot]
        guard !due.isEmpty else { return }
        for deadline in due { deadline.index = -1 }
        slots[slot] = []
        total -= due.count
        for deadline in due where deadline.index < 0 {
            guard let time = deadline.due else { continue }
            if time > now {
                link(deadline, at: place(of: time))
            } else {
                deadline.due = nil
                deadline.handler?()
            }
        }
    }

    /// The tick at which to look at a deadline: the first that is not before it, within one turn of the wheel.
    private func place(of time: MonotonicTime) -> UInt64 {
        let tick = time.nanoseconds / Self.tickNanoseconds + 1
        return min(max(tick, currentTick + 1), currentTick + Self.slotCount - 1)
    }

    private func link(_ deadline: Deadline, at tick: UInt64) {
        let slot = Int(tick % Self.slotCount)
        deadline.tick = tick
        deadline.index = slots[slot].count
        slots[slot].append(deadline)
        total += 1
    }

    private func unlink(_ deadline: Deadline) {
        let slot = Int(deadline.tick % Self.slotCount)
        let last = slots[slot].removeLast()
        if last !== deadline {
            last.index = deadline.index
            slots[slot][deadline.index] = last
        }
        deadline.index = -1
        total -= 1
    }
}

@available(*, unavailable)
extension Deadline: Sendable {}
@available(*, unavailable)
extension DeadlineWheel: Sendable {}
