// Answers that the proxy gives by itself, as bytes: errors, redirects, fixed answers, answers of hooks.
// Answers of endpoints never pass through here.

import RelevoHTTP
import RelevoPolicy

/// An answer of the proxy's own.
struct LocalAnswer {
    /// The status.
    var status: Int
    /// The media type of the body.
    var contentType = "text/plain; charset=utf-8"
    /// The body; left out for HEAD, 204 and 304, its length is not.
    var body: [UInt8] = []
    /// Whole lines for the head, CRLF included, from trusted sources only.
    var fields: [UInt8] = []
    /// Whether Strict-Transport-Security is among them.
    var saysStrictTransport = false

    /// A redirect to a location that the builder has checked.
    static func redirect(_ status: Int, to location: [UInt8]) -> LocalAnswer {
        var answer = LocalAnswer(status: status)
        answer.body = Array("\(status) \(Status.reason(status)): ".utf8) + location + Array("\n".utf8)
        answer.fields = Array("Location: ".utf8) + location + Array("\r\n".utf8)
        return answer
    }

    /// The answer that tells a client of a fault (RFC 9209 for the field).
    /// - Parameter tellsHow: whether the page says how the operator finds the cause.
    static func fault(_ fault: Fault, detail: String?, requestID: String, tellsHow: Bool = false) -> LocalAnswer {
        let row = fault.row
        var answer = LocalAnswer(status: row.status)
        // What a client did wrong is told exactly; what endpoints say or do is the operator's matter.
        let reason = row.blamesEndpoint ? nil : detail
        answer.body = Array(
            """
            \(row.status) \(Status.reason(row.status))

            \(reason ?? row.explanation)

            code: \(fault.rawValue)
            request: \(requestID)

            """.utf8)
        if tellsHow, isPlain(requestID) {
            answer.body += Array("for the operator: relevo why \(requestID)\n".utf8)
        }
        let quoted = "Proxy-Status: relevo; error=\(row.proxyStatus); details=\"\(fault.rawValue)\"\r\n"
        answer.fields = Array("\(quoted)X-Request-ID: \(requestID)\r\n".utf8)
        if row.status == 503 { answer.fields += Array("Retry-After: 1\r\n".utf8) }
        return answer
    }

    /// Whether an identifier may stand in a command that somebody copies: others may have made it up.
    private static func isPlain(_ requestID: String) -> Bool {
        requestID.utf8.allSatisfy { ASCII.isDigit($0) || ASCII.isLetter($0) }
    }

    /// How the connection is announced.
    enum ConnectionNote { case none, keepAlive, close }

    /// Appends the whole answer.
    func append(answering method: Method, date: [UInt8], connection: ConnectionNote, to output: inout [UInt8]) {
        output.append(contentsOf: "HTTP/1.1 \(status) \(Status.reason(status))\r\nDate: ".utf8)
        output.append(contentsOf: date)
        let hasContent = status >= 200 && status != 204 && status != 304
        if hasContent {
            output.append(contentsOf: "\r\nContent-Type: \(contentType)\r\nContent-Length: \(body.count)".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
        output.append(contentsOf: fields)
        switch connection {
        case .none: break
        case .keepAlive: output.append(contentsOf: "Connection: keep-alive\r\n".utf8)
        case .close: output.append(contentsOf: "Connection: close\r\n".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
        if hasContent, method != .head { output.append(contentsOf: body) }
    }
}
