// The JSON line of one exchange, appended in place. Absent values are left out.
// Field names are documented in docs/access-log.md.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// Writes access log lines.
enum AccessLogLine {
    /// Appends one line with its line feed.
    static func append(
        _ exchange: Exchange, _ redaction: LogRedaction, now: MonotonicTime, clock: inout LogClock,
        to output: inout [UInt8]
    ) {
        let requestID = exchange.requestID
        output.append(contentsOf: LogText.time)
        clock.append(.now, to: &output)
        output.append(contentsOf: LogText.requestID)
        JSONText.append(requestID[...], to: &output)
        output.append(contentsOf: LogText.client)
        if redaction.cutsClient {
            appendCut(exchange, redaction, to: &output)
        } else {
            appendPeers(of: exchange, to: &output)
        }
        output.append(0x22)
        JSONText.append(LogText.domain, exchange.domain?.name, to: &output)
        let head = exchange.request.fields.bytes
        output.append(contentsOf: LogText.host)
        JSONText.append(exchange.request.authority.host[...], to: &output)
        output.append(contentsOf: LogText.method)
        JSONText.append(head[exchange.request.methodRange.clamped(to: head.indices)], to: &output)
        output.append(contentsOf: LogText.target)
        JSONText.append(redaction.target(head[exchange.request.targetRange.clamped(to: head.indices)]), to: &output)
        append(exchange.record, now: now, to: &output)
        append(exchange, exchange.record, to: &output)
        if let security = exchange.client?.security { output.append(contentsOf: security.logText) }
        if exchange.trace.isOn {
            output.append(contentsOf: LogText.traceID)
            ASCII.append(hexadecimal: exchange.trace.trace.high, to: &output)
            ASCII.append(hexadecimal: exchange.trace.trace.low, to: &output)
            output.append(0x22)
        }
        output.append(contentsOf: LogText.end)
    }

    /// Who the client is, and its peer. For all requests of a connection that is the same text, unless somebody
    /// trusted says of whom each of them is.
    private static func appendPeers(of exchange: Exchange, to output: inout [UInt8]) {
        guard let client = exchange.client, exchange.clientAddress == client.peerHost else {
            return appendPeers(exchange.clientAddress, exchange.client, to: &output)
        }
        if client.logText.isEmpty { appendPeers(client.peerHost, client, to: &client.logText) }
        output.append(contentsOf: client.logText)
    }

    private static func appendPeers(_ address: [UInt8], _ client: ClientConnection?, to output: inout [UInt8]) {
        JSONText.append(address[...], to: &output)
        output.append(contentsOf: LogText.peer)
        guard let client else { return }
        append(client.peer, host: client.peerHost, to: &output)
        if client.announcement != nil { appendRelay(of: client, to: &output) }
    }

    /// The same without what may tell who the client is: no port, and no relay, whose address may be the client's own.
    private static func appendCut(_ exchange: Exchange, _ redaction: LogRedaction, to output: inout [UInt8]) {
        JSONText.append(redaction.host(exchange.clientAddress)[...], to: &output)
        output.append(contentsOf: LogText.peer)
        if let client = exchange.client { JSONText.append(redaction.host(client.peerHost)[...], to: &output) }
    }

    /// Appends the description of an address whose host is known as text already: asking the system for that text
    /// would cost more than all else in a line.
    static func append(_ peer: SocketAddress, host: [UInt8], to output: inout [UInt8]) {
        switch peer {
        case .ipv4(_, let port):
            output.append(contentsOf: host)
            output.append(0x3A)
            JSONText.append(Int(port), to: &output)
        case .ipv6(_, _, let port, _):
            output.append(0x5B)
            output.append(contentsOf: host)
            output.append(0x5D)
            output.append(0x3A)
            JSONText.append(Int(port), to: &output)
        case .unix:
            JSONText.append(peer.description, to: &output)
        }
    }

    /// Appends who has said that the client is the peer.
    private static func appendRelay(of client: ClientConnection, to output: inout [UInt8]) {
        guard let sender = client.announcement?.sender else { return }
        output.append(contentsOf: LogText.relay)
        append(sender, host: Array(sender.host.utf8), to: &output)
    }

    private static func append(_ record: ExchangeRecord, now: MonotonicTime, to output: inout [UInt8]) {
        let (began, complete) = (record.started, record.headComplete)
        output.append(contentsOf: LogText.status)
        JSONText.append(record.status, to: &output)
        output.append(contentsOf: LogText.bytesReceived)
        JSONText.append(record.bytesReceived, to: &output)
        output.append(contentsOf: LogText.bytesSent)
        JSONText.append(record.bytesSent, to: &output)
        JSONText.append(LogText.duration, milliseconds: span(began, now), to: &output)
        JSONText.append(LogText.head, milliseconds: span(began, complete), to: &output)
        JSONText.append(LogText.connect, milliseconds: span(record.connectBegan, record.connected), to: &output)
        JSONText.append(LogText.response, milliseconds: span(complete, record.responseBegan), to: &output)
    }

    private static func append(_ exchange: Exchange, _ record: ExchangeRecord, to output: inout [UInt8]) {
        if let target = exchange.target {
            if target.logText.isEmpty { appendPlace(exchange, to: &target.logText) }
            output.append(contentsOf: target.logText)
        } else {
            appendPlace(exchange, to: &output)
        }
        output.append(contentsOf: LogText.attempts)
        JSONText.append(record.attempts, to: &output)
        output.append(contentsOf: LogText.clientRequest)
        JSONText.append(record.requestNumber, to: &output)
        output.append(contentsOf: record.upstreamReused ? LogText.reused : LogText.notReused)
        if exchange.history.isUsed { append(exchange.history.failures, to: &output) }
        guard let fault = record.fault else { return }
        JSONText.append(LogText.code, fault.rawValue, to: &output)
        JSONText.append(LogText.detail, exchange.detail, to: &output)
    }

    /// Where it went: the same for all requests of an endpoint.
    private static func appendPlace(_ exchange: Exchange, to output: inout [UInt8]) {
        JSONText.append(LogText.cluster, exchange.cluster?.cluster.name, to: &output)
        JSONText.append(LogText.endpoint, exchange.target?.endpoint.text, to: &output)
    }

    /// The attempts that others followed, in their order.
    private static func append(_ failures: [FailedAttempt], to output: inout [UInt8]) {
        guard !failures.isEmpty else { return }
        output.append(contentsOf: LogText.failedAttempts)
        for (index, attempt) in failures.enumerated() {
            if index > 0 { output.append(0x2C) }
            output.append(contentsOf: LogText.attemptEndpoint)
            JSONText.append(attempt.endpoint.text, to: &output)
            output.append(0x22)
            switch attempt.failure {
            case .fault(let fault): JSONText.append(LogText.code, fault.rawValue, to: &output)
            case .status(let status):
                output.append(contentsOf: LogText.attemptStatus)
                JSONText.append(status, to: &output)
            }
            JSONText.append(LogText.attemptTime, milliseconds: attempt.nanoseconds, to: &output)
            output.append(0x7D)
        }
        output.append(0x5D)
    }

    private static func span(_ from: MonotonicTime?, _ to: MonotonicTime?) -> UInt64? {
        guard let from, let to else { return nil }
        return to.nanoseconds(since: from)
    }
}
