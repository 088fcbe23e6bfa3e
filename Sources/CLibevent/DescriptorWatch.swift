// Readiness of a descriptor that another library owns, such as a socket of its own.
// Connections of this module are Bufferevent's matter.

import CEvent2

/// Calls a closure in each turn of the loop in which a descriptor is ready, on the loop's thread.
///
/// Close it before the descriptor is closed: released in its own callback it lives until that returns, and would then
/// stop the watch of whoever got the same number.
package final class DescriptorWatch {
    /// What a descriptor can be ready for.
    package enum Readiness: Sendable {
        /// Bytes, the end or an error can be read.
        case reading
        /// Bytes are taken.
        case writing
    }

    private var registration: EventRegistration?

    /// Begins to watch.
    package init(
        loop: EventLoop, descriptor: Int32, for readiness: Readiness, onReady: @escaping () -> Void
    ) throws(SystemError) {
        let events = (readiness == .reading ? EV_READ : EV_WRITE) | EV_PERSIST
        registration = try EventRegistration(
            core: loop.core, descriptor: descriptor, events: Int32(events), handler: onReady)
        registration?.add()
    }

    /// Stops watching for good and lets go of the closure.
    package func close() {
        registration?.close()
        registration = nil
    }
}

@available(*, unavailable)
extension DescriptorWatch: Sendable {}
