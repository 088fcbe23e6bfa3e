// A timer of a loop.
// For the deadlines of thousands of connections see DeadlineWheel.

import CEvent2

/// Calls a closure once or again and again after an interval, on the loop's thread.
public final class Timer {
    /// Whether a timer fires once or until it is stopped.
    public enum Repetition: Sendable {
        /// Once after each `start`.
        case once
        /// Again and again.
        case forever
    }

    private var registration: EventRegistration?

    /// Creates a stopped timer.
    public init(loop: EventLoop, _ repetition: Repetition, onFire: @escaping () -> Void) throws(SystemError) {
        let events = repetition == .forever ? EV_PERSIST : 0
        registration = try EventRegistration(core: loop.core, descriptor: -1, events: Int32(events), handler: onFire)
    }

    /// Starts the timer, or starts it anew.
    public func start(_ interval: Duration) { registration?.add(after: interval) }

    /// Stops the timer; it can be started again.
    public func stop() { registration?.remove() }

    /// Ends the timer for good and lets go of its closure.
    public func close() {
        registration?.close()
        registration = nil
    }
}

@available(*, unavailable)
extension Timer: Sendable {}
