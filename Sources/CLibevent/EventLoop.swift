// One event base and the objects that wait to die on it. Threads are LoopThread's matter, jobs from other threads
// LoopMailbox's.

import CEvent2

/// A libevent event loop, confined to the thread that created it.
///
/// Everything that registers with the loop keeps the loop's core alive, so the order in which owners let go of their
/// objects never matters.
public final class EventLoop {
    /// The event base itself, shared with whatever is registered on it.
    final class Core {
        let base: OpaquePointer
        /// Where small messages arrive; what is in it is dealt with before the next read of any connection.
        let arrivals: UnsafeMutableRawPointer
        /// Where pieces of an output are put together for a layer; nil before the first.
        private var pieces: UnsafeMutableRawPointer?
        /// Events on the base beside those of connections and listeners, for which nothing has to be ready.
        var registrations = 0
        /// Events of this turn at most that are no descriptor's, or a second one of theirs: those that callbacks make
        /// due themselves, as the end of each connection does, those of registrations that have been closed since, and
        /// those of sockets that could be written.
        var extras = 0
        /// The time of the callback that is running, once somebody has asked for it.
        var time: MonotonicTime?

        /// libevent's own: for polling, for timers and two for signals. It ends the process if it cannot have the last.
        private static let descriptorsNeeded = 4

        init() throws(SystemError) {
            try Descriptors.ensureAvailable(Self.descriptorsNeeded)
            let configuration = event_config_new()
            defer { if let configuration { event_config_free(configuration) } }
            if let configuration {
                event_config_set_flag(configuration, Int32(EVENT_BASE_FLAG_NOLOCK.rawValue))
            }
            guard let configuration, let base = event_base_new_with_config(configuration) else {
                throw SystemError.last(in: .eventBase)
            }
            self.base = base
            // Last: what fails above leaves nothing behind.
            arrivals = .allocate(byteCount: Bufferevent.arrivalSize, alignment: 64)
        }

        deinit {
            // Ends that are due would be dropped with the base, and what they hold with them.
            event_base_loop(base, EVLOOP_NONBLOCK)
            event_base_free(base)
            arrivals.deallocate()
            pieces?.deallocate()
        }

        /// Memory for as many bytes as a layer takes at once; what is in it is dealt with before anything else is.
        func gathering() -> UnsafeMutableRawPointer {
            if let pieces { return pieces }
            let made = UnsafeMutableRawPointer.allocate(byteCount: TransportWrite.mostAtOnce, alignment: 64)
            pieces = made
            return made
        }
    }

    let core: Core
    /// The time as read once in each callback: what happens in one callback happens at one time.
    public var now: MonotonicTime {
        if let time = core.time { return time }
        let time = MonotonicTime.now
        core.time = time
        return time
    }

    /// One round of the loop: it asks the system what is ready, then calls back.
    public struct Turn: Sendable, Hashable, BitwiseCopyable {
        @usableFromInline var number: UInt64

        /// Whether two turns are the same. In one word wherever it is asked.
        @inlinable
        public static func == (one: Turn, other: Turn) -> Bool { one.number == other.number }
    }

    /// The turn in which this is asked.
    public var turn: Turn { currentTurn }

    /// Whether this turn knows of everything that was ready at its beginning.
    ///
    /// libevent has room for the answers of `epoll_wait`: for 32 at first, for twice as many after it was full. What
    /// finds no room is left for the next turn. So a turn with fewer events than there is room for knows all; how much
    /// room there is at least shows in earlier turns.
    var knowsAll: Bool { activeEvents < room }

    /// The most events that were due at a time in this turn.
    private var activeEvents: Int {
        Int(event_base_get_max_events(core.base, UInt32(EVENT_BASE_COUNT_ACTIVE), 0))
    }

    /// The callback that is running has spent time on something else than its own work.
    public func timeHasPassed() { core.time = nil }

    private var retired: [AnyObject] = []
    private var reaper: EventRegistration?
    private var isRunning = false
    private var isStopped = false
    private var currentTurn = Turn(number: 0)
    /// Descriptors that the loop can be told of in one turn, at least: libevent begins with 32 and doubles that, up to
    /// ``mostRoom``.
    private var room = 32
    private static let mostRoom = 4096

    /// Creates a loop for the calling thread (`event_base_new_with_config` without locks).
    public init() throws(SystemError) {
        core = try Core()
        reaper = try EventRegistration(core: core, descriptor: -1, events: 0) { [unowned self] in reap() }
    }

    /// Serves events until `stop()`. An empty loop waits.
    public func run() {
        isRunning = true
        repeat {
            beginTurn()
            guard event_base_loop(core.base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) >= 0 else { break }
        } while !isStopped
        isStopped = false
        isRunning = false
        reap()
    }

    /// Serves what is ready now and returns; for tests and for hosts that drive the loop themselves.
    public func runOnce() {
        isRunning = true
        // Without this the loop would go on for as long as its callbacks make others due.
        event_base_loopexit(core.base, nil)
        beginTurn()
        event_base_loop(core.base, EVLOOP_NONBLOCK)
        isRunning = false
        reap()
    }

    /// Ends `run()` after the callbacks that are already due. On the loop's thread only.
    public func stop() {
        isStopped = true
        event_base_loopexit(core.base, nil)
    }

    private func beginTurn() {
        currentTurn.number &+= 1
        // All but timers and the like were in one answer of `epoll_wait`, which tells of descriptors: one event each,
        // and a second one for those that are written by the loop.
        let due = Int(event_base_get_max_events(core.base, UInt32(EVENT_BASE_COUNT_ACTIVE), 1))
        let ready = due - core.registrations - core.extras
        core.extras = 0
        // An answer that was full has doubled the room.
        while ready >= room, room < Self.mostRoom { room *= 2 }
    }

    /// Keeps an object until no callback of it can be on the stack any more.
    ///
    /// A callback may close the very object that it was called for; the owner's last reference goes here instead of
    /// away.
    public func retire(_ object: AnyObject) {
        guard isRunning else { return }
        if retired.isEmpty { reaper?.activate() }
        retired.append(object)
    }

    private func reap() {
        while !retired.isEmpty {
            let dying = retired
            retired = []
            withExtendedLifetime(dying) {}
        }
    }

    /// The event base, for wrappers of libevent's other parts. It lives as long as this object.
    package var rawBase: OpaquePointer { core.base }

    /// The version of libevent in this process: `2.1.12-stable`.
    public static var libraryVersion: String { String(cString: event_get_version()) }
}

@available(*, unavailable)
extension EventLoop: Sendable {}
@available(*, unavailable)
extension EventLoop.Core: Sendable {}
