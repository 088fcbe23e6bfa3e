// The line of one exchange in the combined log format of Apache httpd, which most tools read.
// It says less than the other forms: no code, no times, no endpoint.

import CLibevent
import RelevoHTTP

/// Writes `client - - [time] "request line" status bytes "referer" "user agent"`.
enum CombinedLine {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Appends one line with its line feed.
    static func append(_ exchange: Exchange, _ redaction: LogRedaction, to output: inout [UInt8]) {
        let head = exchange.request.fields.bytes
        let method = head[exchange.request.methodRange.clamped(to: head.indices)]
        let target = head[exchange.request.targetRange.clamped(to: head.indices)]
        let record = exchange.record
        output += redaction.host(exchange.clientAddress)
        output += Array(" - - [\(time(.now))] \"".utf8)
        if method.isEmpty {
            output.append(0x2D)
        } else {
            append(method, to: &output)
            output.append(0x20)
            append(redaction.target(target), to: &output)
            let version = head[min(exchange.request.targetRange.upperBound, head.endIndex)...].prefix(9)
            output += version.starts(with: Array(" HTTP/".utf8)) ? Array(version) : Array(" HTTP/1.1".utf8)
        }
        output += Array("\" \(record.status) \(record.bytesSent) \"".utf8)
        // What was cut from the target of one page comes back as the Referer of the next.
        let referer = exchange.request.fields.line(named: "referer").map(exchange.request.fields.value)
        append(referer.map(redaction.target), to: &output)
        output += Array("\" \"".utf8)
        append(exchange.request.fields.first(.userAgent).map(exchange.request.fields.value), to: &output)
        output += [0x22, 0x0A]
    }

    private static func time(_ now: WallTime) -> String {
        let civil = CivilTime(seconds: now.seconds)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = [civil.hour, civil.minute, civil.second].map(two).joined(separator: ":")
        return "\(two(civil.day))/\(months[civil.month - 1])/\(civil.year):\(clock) +0000"
    }

    private static func append(_ value: ArraySlice<UInt8>?, to output: inout [UInt8]) {
        guard let value, !value.isEmpty else { return output.append(0x2D) }
        for byte in value {
            if byte >= 0x20, byte < 0x7F, byte != 0x22, byte != 0x5C {
                output.append(byte)
            } else {
                output += Array("\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))".utf8)
            }
        }
    }
}
