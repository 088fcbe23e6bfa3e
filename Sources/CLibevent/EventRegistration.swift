// One libevent `event` with a Swift closure: what timers, signals, the mailbox and the reaper are made of.
// Not public: each of those has a face of its own.

import CEvent2
import Glibc

/// Owns one `struct event` of a loop. Confined to the loop's thread.
///
/// The registration lends itself to libevent unretained: it must be closed or released by its owner, which removes
/// the event first, so that no callback can come after its end.
final class EventRegistration {
    private var event: UnsafeMutablePointer<event>?
    private let loop: EventLoop.Core
    private var handler: (() -> Void)?

    /// Creates an event that is not yet pending; `descriptor` is -1 for pure timers, a signal's number for signals.
    init(
        core: EventLoop.Core, descriptor: Int32, events: Int32, handler: @escaping () -> Void
    ) throws(SystemError) {
        self.loop = core
        self.handler = handler
        let context = Unmanaged.passUnretained(self).toOpaque()
        event = event_new(
            core.base, descriptor, Int16(events),
            { _, _, context in
                let registration = Unmanaged<EventRegistration>.fromOpaque(context!).takeUnretainedValue()
                withExtendedLifetime(registration) {
                    registration.loop.time = nil
                    registration.handler?()
                }
            }, context)
        guard event != nil else { throw SystemError.last(in: .event) }
        core.registrations += 1
    }

    deinit { close() }

    /// Makes the event pending; with `after` it also fires when that much time has passed.
    func add(after delay: Duration? = nil) {
        guard let event else { return }
        if let delay {
            var interval = delay.timeval
            event_add(event, &interval)
        } else {
            event_add(event, nil)
        }
    }

    /// Makes the event not pending; adding it again is possible.
    func remove() {
        if let event { event_del(event) }
    }

    /// Runs the handler in this turn of the loop, after the callback that is running now.
    func activate() {
        if let event { event_active(event, 0, 0) }
    }

    /// Frees the event. Idempotent; the handler is not called afterwards.
    func close() {
        guard let event else { return }
        self.event = nil
        loop.registrations -= 1
        loop.extras += 1
        handler = nil
        event_free(event)
    }
}

@available(*, unavailable)
extension EventRegistration: Sendable {}
