// The vocabulary of parse errors: each can happen, has a name of its own, a sentence and a status.
// Random input is fed by RandomisedTests.

import RelevoHTTP
import Testing

@Suite("Parse errors")
struct ErrorTests {
    private static let heads: [(HTTPParseError, String)] = [
        (.bareLF, "GET / HTTP/1.1\nHost: a\r\n\r\n"), (.bareCR, "GET / HTTP/1.1\rHost: a\r\n\r\n"),
        (.nul, "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (.obsFold, "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"),
        (.spaceBeforeColon, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        (.badFieldName, "GET / HTTP/1.1\r\nHo(st: a\r\n\r\n"), (.emptyFieldName, "GET / HTTP/1.1\r\n: a\r\n\r\n"),
        (.badFieldValue, "GET / HTTP/1.1\r\nHost: a\u{1}\r\n\r\n"), (.badRequestLine, "GET\r\nHost: a\r\n\r\n"),
        (.badMethod, "G@T / HTTP/1.1\r\n\r\n"),
        (.badTarget, "GET x HTTP/1.1\r\nHost: a\r\n\r\n"), (.badVersion, "GET / HTTP/x\r\nHost: a\r\n\r\n"),
        (.unsupportedVersion, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"), (.missingHost, "GET / HTTP/1.1\r\n\r\n"),
        (.duplicateHost, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        (.badHost, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        (
            .lengthWithTransferEncoding,
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        ),
        (.badContentLength, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"),
        (.differingContentLengths, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n"),
        (.unknownTransferCoding, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        (.badTransferEncoding, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
        (.transferEncodingInHTTP10, "GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (.bodyWithTrace, "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"),
        (.incompleteHead, "GET / HTTP/1.1\r\nHost: a\r\n"),
        (.headTooLarge, "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 300) + "\r\n\r\n"),
        (.targetTooLong, "GET /" + String(repeating: "x", count: 100) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
        (.tooManyFields, "GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\nD:\r\n\r\n"),
    ]
    private static let replies: [(HTTPParseError, String)] = [
        (.badStatusLine, "HTTP/1.1\r\n\r\n"), (.badStatus, "HTTP/1.1 099 X\r\n\r\n"),
    ]
    private static let bodies: [(HTTPParseError, String)] = [
        (.badChunkSize, "x\r\n"), (.chunkSizeOverflow, "FFFFFFFFFFFFFFFFF\r\n"), (.badChunkExtension, "5;@\r\n"),
        (.badChunkEnd, "1\r\nxx"),
        (.chunkHeaderTooLong, "1;" + String(repeating: "x", count: 5000)),
        (.trailersTooLarge, "0\r\nX: " + String(repeating: "x", count: 300)),
        (.badTrailer, "0\r\nX : y\r\n\r\n"),
    ]

    @Test("Every error is provoked by a message of a peer")
    func provoked() {
        let limits = HeadLimits(headBytes: 200, fields: 4, targetBytes: 50)
        for (error, text) in Self.heads { #expect(throws: error) { _ = try request(text, limits: limits) } }
        for (error, text) in Self.replies { #expect(throws: error) { _ = try response(text, limits: limits) } }
        for (error, text) in Self.bodies { #expect(throws: error) { try scan(Array(text.utf8), limits: limits) } }
        let provoked = Set((Self.heads + Self.replies + Self.bodies).map(\.0))
        #expect(provoked == Set(HTTPParseError.allCases))
    }

    @Test("Names are distinct and short, explanations are sentences without line ends")
    func words() {
        #expect(Set(HTTPParseError.allCases.map(\.name)).count == HTTPParseError.allCases.count)
        for error in HTTPParseError.allCases {
            #expect(error.name.utf8.count <= 40 && !error.name.isEmpty)
            #expect(error.explanation.hasSuffix(".") && !error.explanation.contains("\n"))
        }
    }

    @Test(
        "RFC 9110 §15: each class of error has its status",
        arguments: [
            (HTTPParseError.bareLF, 400), (.unsupportedVersion, 505), (.unknownTransferCoding, 501),
            (.headTooLarge, 431), (.tooManyFields, 431),
            (.targetTooLong, 414), (.badTransferEncoding, 400), (.missingHost, 400), (.badChunkSize, 400),
            (.badVersion, 400),
        ])
    func statuses(error: HTTPParseError, status: Int) {
        #expect(error.kind.status == status)
    }
}
