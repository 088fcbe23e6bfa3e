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
        let arrivals = UnsafeMutableRawPointer.allocate(byteCount: Bufferevent.arrivalSize, alignment: 64)
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
        }

        deinit {
            // Ends that are due would be dropped with the base, and what they hold with them.
            event_base_loop(base, EVLOOP_NONBLOCK)
            event_base_free(base)
            arrivals.deallocate()
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
        fileprivate let seconds: Int
        fileprivate let microseconds: Int
    }

    /// The turn in which this is asked (`event_base_gettimeofday_cached`). Turns that begin in the same microsecond
    /// count as one.
    public var turn: Turn {
        var time = timeval()
        event_base_gettimeofday_cached(core.base, &time)
        return Turn(seconds: time.tv_sec, microseconds: time.tv_usec)
    }

    /// The callback that is running has spent time on something else than its own work.
    public func timeHasPassed() { core.time = nil }

    private var retired: [AnyObject] = []
    private var reaper: EventRegistration?
    private var isRunning = false

    /// Creates a loop for the calling thread (`event_base_new_with_config` without locks).
    public init() throws(SystemError) {
        core = try Core()
        reaper = try EventRegistration(core: core, descriptor: -1, events: 0) { [unowned self] in reap() }
    }

    /// Serves events until `stop()`. An empty loop waits.
    public func run() {
        isRunning = true
        event_base_loop(core.base, EVLOOP_NO_EXIT_ON_EMPTY)
        isRunning = false
        reap()
    }

    /// Serves what is ready now and returns; for tests and for hosts that drive the loop themselves.
    public func runOnce() {
        isRunning = true
        // Without this the loop would go on for as long as its callbacks make others due.
        event_base_loopexit(core.base, nil)
        event_base_loop(core.base, EVLOOP_NONBLOCK)
        isRunning = false
        reap()
    }

    /// Ends `run()` after the callbacks that are already due. On the loop's thread only.
    public func stop() { event_base_loopexit(core.base, nil) }

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
