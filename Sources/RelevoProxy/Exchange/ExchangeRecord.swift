// What is counted and measured of an exchange, for the access log and the statistics: numbers only, so that passing
// them on is a plain copy. How they are written: Observe/AccessLogLine.

import CLibevent
import RelevoPolicy

/// The figures of one exchange.
struct ExchangeRecord: BitwiseCopyable {
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
    /// Attempts to open a connection.
    var attempts = 0
    /// Those that were made before all endpoints were tried once more.
    var roundStart = 0
    /// Attempts that ran into the connect timeout.
    var connectTimeouts = 0
    /// How often the head was sent.
    var sends = 0
    /// When the endpoint was chosen.
    var attemptBegan = MonotonicTime(nanoseconds: 0)
    /// Whether an endpoint was chosen whose attempt has not failed, or was the last.
    var isAttemptOpen = false
    /// When the head was sent, or the whole request.
    var sent = MonotonicTime(nanoseconds: 0)
    /// When the client ended its side, if it has.
    var clientEnded: MonotonicTime?
    /// When the request began to wait for a place.
    var queuedSince: MonotonicTime?
    /// When the request began to be held because no endpoint could be reached.
    var heldSince: MonotonicTime?
    /// When the request began to wait because descriptors had run out.
    var shortSince: MonotonicTime?
    /// Whether nothing came any more of a response that had begun.
    var fellSilent = false
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
}
