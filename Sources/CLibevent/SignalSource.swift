// Signals as events of a loop.
// Only for programs that own the process: a library must not touch signals.

import CEvent2
import Glibc

/// Calls a closure on the loop's thread for each arrival of a signal (`evsignal_new`).
///
/// libevent delivers signals to one loop of a process only: create all sources on the same loop.
public final class SignalSource {
    private var registration: EventRegistration?

    /// Begins to watch `signal`, for example `SIGTERM`.
    public init(loop: EventLoop, signal: Int32, onSignal: @escaping () -> Void) throws(SystemError) {
        let events = EV_SIGNAL | EV_PERSIST
        registration = try EventRegistration(
            core: loop.core, descriptor: signal, events: Int32(events), handler: onSignal)
        registration?.add()
    }

    /// Makes the whole process ignore a signal, as servers do with `SIGPIPE`.
    public static func ignore(_ number: Int32) { Glibc.signal(number, SIG_IGN) }

    /// Stops watching; the signal gets back the meaning that it had before.
    public func close() {
        registration?.close()
        registration = nil
    }
}

@available(*, unavailable)
extension SignalSource: Sendable {}
