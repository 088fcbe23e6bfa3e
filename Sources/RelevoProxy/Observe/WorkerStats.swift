// What a worker counts.
// Written by one thread only; read by copying it on that thread.

package import RelevoPolicy

/// Counters of one worker, or the sum of several.
package struct WorkerStats: Sendable {
    /// Client connections accepted.
    package var connectionsAccepted = 0
    /// Client connections on which TLS was agreed on.
    package var handshakes = 0
    /// Those of them that went on from an earlier one.
    package var handshakesResumed = 0
    /// Client connections that ended before TLS was agreed on.
    package var handshakesFailed = 0
    /// Connections that ended because their PROXY header was missing, malformed or late.
    package var proxyHeadersRefused = 0
    /// Client connections that ended amid their TLS handshake because others waited.
    package var handshakesRefused = 0
    /// TLS handshakes with clients in progress now.
    package var handshakesActive = 0
    /// Client connections open now.
    package var connectionsOpen = 0
    /// Requests whose head was received, valid or not.
    package var requests = 0
    /// Exchanges running now.
    package var requestsActive = 0
    /// Answers by first digit of the status; index 0 counts requests that got none.
    package var statusClasses: [6 of Int] = .init(repeating: 0)
    /// Failed requests by fault.
    package var faults: [Fault: Int] = [:]
    /// Connections to endpoints that were begun.
    package var connectsBegun = 0
    /// Connections to endpoints that failed.
    package var connectsFailed = 0
    /// Bytes received from clients and sent to them.
    package var bytesReceived = 0
    /// Bytes sent to clients.
    package var bytesSent = 0

    /// Creates zeros.
    package init() {}

    /// Counts an exchange that is over.
    mutating func count(_ record: ExchangeRecord) {
        statusClasses[record.answer / 100] += 1
        bytesReceived += record.bytesReceived
        bytesSent += record.bytesSent
    }

    /// Adds another worker's counters.
    package mutating func add(_ other: WorkerStats) {
        connectionsAccepted += other.connectionsAccepted
        handshakes += other.handshakes
        handshakesResumed += other.handshakesResumed
        handshakesFailed += other.handshakesFailed
        proxyHeadersRefused += other.proxyHeadersRefused
        handshakesRefused += other.handshakesRefused
        handshakesActive += other.handshakesActive
        connectionsOpen += other.connectionsOpen
        requests += other.requests
        requestsActive += other.requestsActive
        for index in statusClasses.indices { statusClasses[index] += other.statusClasses[index] }
        faults.merge(other.faults, uniquingKeysWith: +)
        connectsBegun += other.connectsBegun
        connectsFailed += other.connectsFailed
        bytesReceived += other.bytesReceived
        bytesSent += other.bytesSent
    }
}
