// What a proxy has done, as plain numbers.
// The counting is done by the workers.

public import RelevoPolicy
import RelevoProxy

/// Counters of a running proxy, of all its workers together.
public struct ProxyStatistics: Sendable, Hashable {
    /// Client connections accepted since the start.
    public var connectionsAccepted = 0
    /// Connections that ended because their PROXY header was missing, malformed or late, since the start.
    public var proxyHeadersRefused = 0
    /// Client connections open now.
    public var connectionsOpen = 0
    /// Client connections on which TLS was agreed on since the start.
    public var handshakes = 0
    /// Those of them that went on from an earlier one, by its ticket.
    public var handshakesResumed = 0
    /// Client connections that ended before TLS was agreed on.
    public var handshakesFailed = 0
    /// Those that ended amid their TLS handshake because others waited (``Limits/handshakes``).
    public var handshakesRefused = 0
    /// TLS handshakes with clients in progress now.
    public var handshakesActive = 0
    /// The certificates that new clients are shown, in the order of the configuration.
    public var certificates: [CertificateStatus] = []
    /// Requests received since the start, valid or not.
    public var requests = 0
    /// Requests being served now.
    public var requestsActive = 0
    /// Answers by the first digit of their status; 0 counts requests without an answer.
    public var answersByStatusClass: [Int: Int] = [:]
    /// Failed requests by code.
    public var faults: [Fault: Int] = [:]
    /// Connections to endpoints begun since the start.
    public var connectsBegun = 0
    /// Those of them that failed.
    public var connectsFailed = 0
    /// Bytes of requests.
    public var bytesReceived = 0
    /// Bytes of answers.
    public var bytesSent = 0
    /// Access log lines that could not be written.
    public var logLinesDropped = 0
    /// Spans that the collector has taken.
    public var spansExported = 0
    /// Spans that the collector has not got.
    public var spansDropped = 0

    init() {}

    init(_ stats: WorkerStats, certificates: [CertificateReport], _ outlets: Outlets) {
        handshakes = stats.handshakes
        handshakesResumed = stats.handshakesResumed
        self.certificates = certificates.map { CertificateStatus($0) }
        connectionsAccepted = stats.connectionsAccepted
        proxyHeadersRefused = stats.proxyHeadersRefused
        connectionsOpen = stats.connectionsOpen
        handshakesFailed = stats.handshakesFailed
        handshakesRefused = stats.handshakesRefused
        handshakesActive = stats.handshakesActive
        requests = stats.requests
        requestsActive = stats.requestsActive
        for digit in stats.statusClasses.indices where stats.statusClasses[digit] > 0 {
            answersByStatusClass[digit] = stats.statusClasses[digit]
        }
        faults = stats.faults
        connectsBegun = stats.connectsBegun
        connectsFailed = stats.connectsFailed
        bytesReceived = stats.bytesReceived
        bytesSent = stats.bytesSent
        logLinesDropped = outlets.log?.droppedLines ?? 0
        (spansExported, spansDropped) = outlets.spans?.counts ?? (0, 0)
    }
}
