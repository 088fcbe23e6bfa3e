// How a client's connection ends that has done nothing wrong: the proxy ends, its listener is gone, or room is needed.
// How it ends after an exchange is in ClientConnection.

import CLibevent

extension ClientConnection {
    /// Ends the connection if it waits between two requests; true if it did.
    func endIfIdle() -> Bool {
        guard case .idle = state, requestCount > 0, bufferevent.output.isEmpty else { return false }
        guard bufferevent.isQuiet else { return false }
        close(.orderly)
        return true
    }

    /// The proxy is shutting down: a connection between two requests ends now, one with an exchange after it. One
    /// that was just accepted gets a moment for its first request, which its client may have sent already; so does one
    /// whose next request waits in the system. Patience lets all of them send one more, for as long as they may idle.
    func drain(_ manner: DrainManner = .prompt) {
        isLeaving = true
        leavesPatiently = manner == .patient
        guard manner == .prompt else { return }
        switch state {
        case .idle where requestCount == 0 || !bufferevent.isQuiet: wait(Self.drainPatience)
        case .idle: finish(.needless)
        case .head, .exchanging, .flushing, .lingering, .closed: break
        }
    }

    /// The proxy ends and waits no longer: who still waits for a response is told, and the connection ends.
    func cutOff() {
        if case .exchanging(let exchange) = state { exchange.cutOff() }
        close(bufferevent.output.isEmpty ? .orderly : .reset)
    }
}
