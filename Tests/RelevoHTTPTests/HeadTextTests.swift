// The constants of outgoing heads against their texts.
// Not for where they stand in a head.

import RelevoHTTP
import Testing

@Suite("Constant texts")
struct HeadTextTests {
    @Test("Every constant is the text that it stands for")
    func texts() {
        let rows: [([UInt8], String)] = [
            (HeadText.lineEnd, "\r\n"),
            (HeadText.colon, ": "),
            (HeadText.comma, ", "),
            (HeadText.close, "close"),
            (HeadText.host, "Host: "),
            (HeadText.contentLength, "Content-Length: "),
            (HeadText.chunked, "Transfer-Encoding: chunked\r\n"),
            (HeadText.date, "Date: "),
            (HeadText.requestID, "X-Request-ID: "),
            (HeadText.connectionClose, "Connection: close\r\n"),
            (HeadText.connectionKeepAlive, "Connection: keep-alive\r\n"),
            (HeadText.connectionUpgrade, "Connection: Upgrade\r\n"),
            (HeadText.via10, "Via: 1.0 relevo\r\n"),
            (HeadText.via11, "Via: 1.1 relevo\r\n"),
            (HeadText.requestLineEnd, " HTTP/1.1\r\n"),
            (HeadText.statusLineStart, "HTTP/1.1 "),
            (HeadText.xForwardedFor, "X-Forwarded-For: "),
            (HeadText.xForwardedHost, "X-Forwarded-Host: "),
            (HeadText.xForwardedProtoHTTP, "X-Forwarded-Proto: http\r\n"),
            (HeadText.xForwardedProtoHTTPS, "X-Forwarded-Proto: https\r\n"),
            (HeadText.forwarded, "Forwarded: "),
            (HeadText.nodeFor, "for="),
            (HeadText.nodeHost, ";host="),
            (HeadText.nodeProto, ";proto="),
            (HeadText.unknown, "unknown"),
            (HeadText.literalStart, "\"["),
            (HeadText.literalEnd, "]\""),
            (HeadText.traceparent, "Traceparent: "), (HeadText.traceVersion, "00-"),
            (HeadText.traceSampled, "-01"), (HeadText.traceNotSampled, "-00"),
        ]
        for (bytes, text) in rows { #expect(String(decoding: bytes, as: UTF8.self) == text) }
    }
}
