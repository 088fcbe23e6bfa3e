// How a proxy is, as values for programs; docs/admin.md describes each.
// The counting is done elsewhere.

import Foundation
import Relevo
import RelevoPolicy

/// One endpoint.
public struct EndpointDocument: Codable, Sendable, Hashable {
    /// The cluster's name: that of the domain for endpoints written there.
    public var cluster: String
    /// The endpoint with its port.
    public var endpoint: String
    /// `up`, `unchecked`, `down`, `ejected`, `draining` or `disabled`.
    public var condition: String
    /// Whether it gets requests.
    public var isAvailable: Bool
    /// Its share beside the others' weights.
    public var weight: Int
    /// Requests in flight.
    public var requestsActive: Int

    init(_ status: EndpointStatus) {
        cluster = status.cluster
        endpoint = status.endpoint
        condition = status.condition
        isAvailable = status.isAvailable
        weight = status.weight
        requestsActive = status.requestsActive
    }
}

/// A whole proxy.
public struct StatusDocument: Codable, Sendable {
    /// One certificate that is shown to clients.
    public struct Certificate: Codable, Sendable {
        /// Its file.
        public var file: String
        /// The first of its names.
        public var names: [String]
        /// Until when it is valid (RFC 3339).
        public var notAfter: String

        init(_ status: CertificateStatus) {
            file = status.file
            names = status.names
            notAfter = Date(timeIntervalSince1970: TimeInterval(status.notAfter)).formatted(.iso8601)
        }
    }

    /// Counters since the start, and some that are of this moment.
    public struct Counters: Codable, Sendable {
        /// Client connections that are open.
        public var connectionsOpen: Int
        /// Client connections that were accepted.
        public var connectionsAccepted: Int
        /// Requests in flight.
        public var requestsActive: Int
        /// Requests that were received.
        public var requests: Int
        /// Answers by the first digit of their status, `2xx`; `none` counts requests without one.
        public var answers: [String: Int]
        /// Failed requests by code.
        public var failures: [String: Int]
        /// Connections to endpoints that were begun, and those of them that failed.
        public var connects: Int
        /// Those of them that failed.
        public var connectsFailed: Int
        /// TLS handshakes with clients that succeeded.
        public var handshakes: Int
        /// Those of them that went on from an earlier one.
        public var handshakesResumed: Int
        /// Those that did not.
        public var handshakesFailed: Int
        /// Bytes of requests.
        public var bytesReceived: Int
        /// Bytes of answers.
        public var bytesSent: Int
        /// Lines of the access log that nobody took.
        public var logLinesDropped: Int
    }

    /// The program's version.
    public var version: String
    /// `running`, or `stopping` while it accepts nobody and finishes what runs.
    public var state: String
    /// The process.
    public var process: Int
    /// When it was started (RFC 3339).
    public var started: String
    /// Seconds since then.
    public var uptime: Int
    /// Where clients are accepted.
    public var listeners: [String]
    /// The counters.
    public var counters: Counters
    /// The certificates that clients are shown.
    public var certificates: [Certificate]
    /// The endpoints.
    public var endpoints: [EndpointDocument]

    init(
        version: String, state: String, process: Int, started: Date, addresses: [String], statistics: ProxyStatistics,
        endpoints: [EndpointDocument]
    ) {  // tidy: parameters: a memberwise initialiser
        self.version = version
        self.state = state
        self.process = process
        self.started = started.formatted(.iso8601)
        uptime = Int(Date().timeIntervalSince(started))
        listeners = addresses
        self.endpoints = endpoints
        certificates = statistics.certificates.map { Certificate($0) }
        counters = Counters(statistics)
    }
}

/// The names that figures have for whoever reads them, whatever the form.
enum Published {
    /// Answers by class.
    static func answers(_ counts: [Int: Int]) -> [String: Int] {
        Dictionary(counts.map { (ProxyMetrics.answerClass($0.key), $0.value) }, uniquingKeysWith: +)
    }

    /// Failures by code.
    static func failures(_ counts: [Fault: Int]) -> [String: Int] {
        Dictionary(counts.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: +)
    }
}

extension StatusDocument.Counters {
    init(_ statistics: ProxyStatistics) {
        connectionsOpen = statistics.connectionsOpen
        connectionsAccepted = statistics.connectionsAccepted
        requestsActive = statistics.requestsActive
        requests = statistics.requests
        answers = Published.answers(statistics.answersByStatusClass)
        failures = Published.failures(statistics.faults)
        connects = statistics.connectsBegun
        connectsFailed = statistics.connectsFailed
        handshakes = statistics.handshakes
        handshakesResumed = statistics.handshakesResumed
        handshakesFailed = statistics.handshakesFailed
        bytesReceived = statistics.bytesReceived
        bytesSent = statistics.bytesSent
        logLinesDropped = statistics.logLinesDropped
    }
}
