// The JSON line of one exchange.
// Field names are documented in docs/access-log.md.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// Writes access log lines.
enum AccessLogLine {
    /// Appends one line with its line feed.
    static func append(_ exchange: Exchange, now: MonotonicTime, to output: inout [UInt8]) {
        let requestID = exchange.requestID
        var json = JSONLine(output)
        output = []
        json.text("time", Self.timestamp(.now))
        json.bytes("request_id", requestID[...])
        json.bytes("client", exchange.record.client[...])
        json.text("peer", exchange.client?.peer.description ?? "")
        json.text("domain", exchange.record.domain?.name)
        json.bytes("host", exchange.request.authority.host[...])
        json.bytes("method", exchange.request.methodBytes)
        json.bytes("target", exchange.request.target)
        json.number("status", exchange.record.status)
        json.number("bytes_received", exchange.record.bytesReceived)
        json.number("bytes_sent", exchange.record.bytesSent)
        json.milliseconds("duration_ms", now.nanoseconds(since: exchange.record.started))
        json.milliseconds("head_ms", exchange.record.headComplete.nanoseconds(since: exchange.record.started))
        json.milliseconds("connect_ms", span(exchange.record.connectBegan, exchange.record.connected))
        json.milliseconds("response_ms", span(exchange.record.headComplete, exchange.record.responseBegan))
        json.text("cluster", exchange.record.cluster?.name)
        json.text("endpoint", exchange.record.endpoint?.text)
        json.number("attempts", exchange.record.attempts)
        json.number("client_request", exchange.record.requestNumber)
        json.bool("upstream_reused", exchange.record.upstreamReused)
        json.text("code", exchange.record.fault?.rawValue)
        json.text("detail", exchange.record.fault == nil ? nil : exchange.record.detail)
        output = json.finish()
    }

    private static func span(_ from: MonotonicTime?, _ to: MonotonicTime?) -> UInt64? {
        guard let from, let to else { return nil }
        return to.nanoseconds(since: from)
    }

    /// RFC 3339 with milliseconds, UTC: `2026-11-22T18:00:00.123Z`.
    static func timestamp(_ time: WallTime) -> String {
        let civil = CivilTime(seconds: time.seconds)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(civil.year)-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
        let clock = "\(padded(civil.hour, 2)):\(padded(civil.minute, 2)):\(padded(civil.second, 2))"
        return "\(date)T\(clock).\(padded(time.nanoseconds / 1_000_000, 3))Z"
    }
}

/// Writes one JSON object on one line. Absent values are left out.
struct JSONLine {
    private var output: [UInt8]
    private var isFirst = true

    /// Begins an object at the end of `output`.
    init(_ output: consuming [UInt8]) {
        self.output = output
        self.output.append(UInt8(ascii: "{"))
    }

    /// Ends the object and the line.
    consuming func finish() -> [UInt8] {
        output.append(contentsOf: "}\n".utf8)
        return output
    }

    private mutating func key(_ name: StaticString) {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        isFirst = false
        output.append(UInt8(ascii: "\""))
        output.append(contentsOf: name.description.utf8)
        output.append(contentsOf: "\":".utf8)
    }

    /// A text.
    mutating func text(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        bytes(name, Array(value.utf8)[...])
    }

    /// Bytes from the wire. What is no ASCII is written as if each byte were a Latin-1 character, so that the line is
    /// valid JSON whatever came.
    mutating func bytes(_ name: StaticString, _ value: ArraySlice<UInt8>) {
        key(name)
        output.append(UInt8(ascii: "\""))
        for byte in value {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0x20..<0x7F: output.append(byte)
            default:
                output.append(contentsOf: "\\u00".utf8)
                output.append(Self.hexDigit(byte >> 4))
                output.append(Self.hexDigit(byte & 15))
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    /// A whole number.
    mutating func number(_ name: StaticString, _ value: Int) {
        key(name)
        output.append(contentsOf: String(value).utf8)
    }

    /// True or false.
    mutating func bool(_ name: StaticString, _ value: Bool) {
        key(name)
        output.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Nanoseconds as milliseconds with three decimals.
    mutating func milliseconds(_ name: StaticString, _ nanoseconds: UInt64?) {
        guard let nanoseconds else { return }
        key(name)
        let micros = nanoseconds / 1000
        let rest = String(micros % 1000)
        output.append(contentsOf: String(micros / 1000).utf8)
        output.append(UInt8(ascii: "."))
        output.append(contentsOf: (String(repeating: "0", count: 3 - rest.count) + rest).utf8)
    }
}
