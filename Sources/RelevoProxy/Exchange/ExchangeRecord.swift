// What is known about an exchange when it is over, for the access log.
// How it is written: Observe/AccessLogLine.

import CLibevent
import RelevoPolicy

/// The facts of one exchange.
struct ExchangeRecord: ~Copyable {
    /// The identifier in logs, answers and towards the endpoint: a trusted peer's, or 16 hexadecimal digits.
    var requestID: [UInt8] = []
    /// The client's address: the peer's, or what a trusted peer says.
    var client: [UInt8] = []
    /// When the first byte of the head came.
    var started = MonotonicTime(nanoseconds: 0)
    /// When the head was complete.
    var headComplete = MonotonicTime(nanoseconds: 0)
    /// When the last attempt to connect began.
    var connectBegan: MonotonicTime?
    /// When the connection to the endpoint was open.
    var connected: MonotonicTime?
    /// When the response head was complete.
    var responseBegan: MonotonicTime?
    /// The number of the request on its client's connection, from 1.
    var requestNumber = 0
    /// The domain, if one was found.
    var domain: Domain?
    /// The cluster, if the request went to one.
    var cluster: Cluster?
    /// The endpoint of the last attempt.
    var endpoint: Endpoint?
    /// Attempts to open a connection.
    var attempts = 0
    /// Whether the endpoint's connection had served an earlier request.
    var upstreamReused = false
    /// The status that the client got, or 0.
    var status = 0
    /// Bytes taken from the client: head and body with its framing.
    var bytesReceived = 0
    /// Bytes handed to the client's connection: heads and body with its framing.
    var bytesSent = 0
    /// Why the exchange failed.
    var fault: Fault?
    /// More about it: the parser's words, the system's error.
    var detail: String?

    /// Back to the initial state; the memory of the identifier stays.
    mutating func reset() {
        var memory: [UInt8] = []
        swap(&memory, &requestID)
        self = ExchangeRecord()
        swap(&memory, &requestID)
        requestID.removeAll(keepingCapacity: true)
    }
}
