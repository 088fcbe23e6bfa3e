// Chunk framing: grammar, limits, trailers.
// Not for random input, which RandomisedTests feeds.

import RelevoHTTP
import Testing

@Suite("Chunked bodies")
struct ChunkedScannerTests {
    private func run(_ text: String, limits: HeadLimits = roomy) throws(HTTPParseError) -> ChunkedResult {
        try scan(Array(text.utf8), limits: limits)
    }

    @Test(
        "RFC 9112 §7.1: data is found between the framing, and nothing behind the end is touched",
        arguments: [
            ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"),
            ("0005\r\nhello\r\n000\r\n\r\n", "hello"),
            ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("5;a\r\nhello\r\n0;a\r\n\r\n", "hello"),
            ("5;a=b;c=\"d;\\\"e\"\r\nhello\r\n0\r\n\r\n", "hello"), ("5 ; a = b\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5\t;a\r\nhello\r\n0\r\n\r\n", "hello"),
            ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"), ("5;a=\"\"\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5\r\nhello\r\n0\r\nX: y\r\n\r\n", "hello"),
        ])
    func legal(body: String, data: String) throws {
        let result = try run(body + "GET /next")
        #expect(result.isFinished)
        #expect(String(decoding: result.data, as: UTF8.self) == data)
        #expect(result.consumed == body.utf8.count)
    }

    @Test(
        "RFC 9112 §7.1: a size that is not plain hexadecimal is refused",
        arguments: [
            ("\r\n", HTTPParseError.badChunkSize), ("-5\r\n", .badChunkSize), ("+5\r\n", .badChunkSize),
            ("0x5\r\n", .badChunkSize), ("0X5\r\n", .badChunkSize),
            (" 5\r\n", .badChunkSize), ("5 \r\n", .badChunkExtension), ("5g\r\n", .badChunkSize),
            ("g\r\n", .badChunkSize), ("5,5\r\n", .badChunkSize),
            ("5.0\r\n", .badChunkSize), ("5 5\r\n", .badChunkExtension), ("5\0\r\n", .nul), ("5\n", .bareLF),
            ("5\r\r\n", .bareCR), ("5\rhello", .bareCR),
            ("\n", .bareLF), ("5_0\r\n", .badChunkSize), ("\u{ff15}\r\n", .badChunkSize), ("\"5\"\r\n", .badChunkSize),
            (";a\r\n", .badChunkSize),
        ])
    func badSizes(line: String, error: HTTPParseError) {
        #expect(throws: error) { try run(line + "hello\r\n0\r\n\r\n") }
        #expect(throws: error) { try run("1\r\nx\r\n" + line + "hello\r\n0\r\n\r\n") }
    }

    @Test(
        "RFC 9112 §7.1: a size beyond 63 bits is refused, never wrapped; so are endless zeros",
        arguments: [
            "8000000000000000", "8000000000000005", "FFFFFFFFFFFFFFFF", "10000000000000005", "00000000000000005",
            String(repeating: "5", count: 300),
            String(repeating: "0", count: 17),
        ])
    func overflow(size: String) {
        #expect(throws: HTTPParseError.chunkSizeOverflow) { try run(size + "\r\nhello") }
    }

    @Test("The largest size is only announced, not waited for or allocated")
    func largest() throws {
        var scanner = ChunkedScanner(limits: roomy)
        #expect(try scanner.next("7FFFFFFFFFFFFFFF\r\n".utf8) == .framing(18))
        #expect(scanner.isInData && scanner.currentChunkSize == .max)
        #expect(try scanner.next("x".utf8) == .data(.max))
        scanner.moved(1)
        #expect(scanner.remainingData == .max - 1)
    }

    @Test(
        "RFC 9112 §7.1: data must be followed by CR LF exactly",
        arguments: [
            "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n", "5\r\nhello\r0\r\n",
            "5\r\nhello\rX", "5\r\nhello!\r\n0\r\n\r\n", "5\r\nhello\0\0",
        ])
    func badEnds(body: String) {
        #expect(throws: HTTPParseError.badChunkEnd) { try run(body) }
    }

    @Test(
        "RFC 9112 §7.1.1: a malformed extension is refused",
        arguments: [
            ("5;\r\n", HTTPParseError.badChunkExtension), ("5;=b\r\n", .badChunkExtension),
            ("5;a=\r\n", .badChunkExtension), ("5;a b\r\n", .badChunkExtension), ("5;a=b c\r\n", .badChunkExtension),
            ("5;a=\"b\r\n", .badChunkExtension), ("5;a=\"b\"c\r\n", .badChunkExtension), ("5;a\n", .bareLF),
            ("5;a=\"\n\"\r\n", .bareLF), ("5;a\0\r\n", .nul),
            ("5;a=\"\0\"\r\n", .nul), ("5;a=\"\\\n\"\r\n", .bareLF), ("5;a\u{1}\r\n", .badChunkExtension),
            ("5;;a\r\n", .badChunkExtension), ("5;a \r\n", .badChunkExtension),
            ("5;a@b\r\n", .badChunkExtension),
        ])
    func badExtensions(line: String, error: HTTPParseError) {
        #expect(throws: error) { try run(line + "hello\r\n0\r\n\r\n") }
    }

    @Test("An extension longer than the limit is refused; so is a surplus of extensions over data")
    func extensionLimits() throws {
        #expect(throws: HTTPParseError.chunkHeaderTooLong) {
            try run("5;" + String(repeating: "a", count: 5000) + "\r\n")
        }
        let tiny = "1;" + String(repeating: "a", count: 1000) + "\r\nx\r\n"
        #expect(throws: HTTPParseError.chunkHeaderTooLong) { try run(String(repeating: tiny, count: 20) + "0\r\n\r\n") }
        let large = "400;" + String(repeating: "a", count: 1000) + "\r\n" + String(repeating: "x", count: 1024) + "\r\n"
        #expect(try run(String(repeating: large, count: 50) + "0\r\n\r\n").data.count == 50 * 1024)
    }

    @Test("RFC 9112 §8: a body that ends too early is never finished")
    func cut() throws {
        let body = Array("5;a\r\nhello\r\n0\r\nX: y\r\n\r\n".utf8)
        for count in 0..<body.count {
            #expect(try !scan(Array(body[..<count])).isFinished)
        }
    }

    @Test(
        "RFC 9112 §7.1.2: malformed trailers are refused",
        arguments: [
            ("X : y\r\n\r\n", HTTPParseError.badTrailer), ("X: y\r\n z\r\n\r\n", .badTrailer),
            (" X: y\r\n\r\n", .badTrailer), (": y\r\n\r\n", .badTrailer),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badTrailer), ("X: \u{1}\r\n\r\n", .badTrailer),
            ("X: y\n\r\n", .bareLF), ("X: y\rz\r\n\r\n", .bareCR),
            ("X: \0\r\n\r\n", .nul), ("\n", .bareLF), ("\rX", .bareCR), ("nothing\r\n\r\n", .badTrailer),
        ])
    func badTrailers(section: String, error: HTTPParseError) {
        #expect(throws: error) { try run("0\r\n" + section) }
        #expect(throws: error) { try scan(Array(("0\r\n" + section).utf8), cut: { 1 }) }
    }

    @Test("Trailers beyond the limits are refused")
    func trailerLimits() throws {
        let limits = HeadLimits(headBytes: 20, fields: 2, targetBytes: 10)
        #expect(throws: HTTPParseError.trailersTooLarge) {
            try run("0\r\nX: " + String(repeating: "y", count: 50), limits: limits)
        }
        #expect(throws: HTTPParseError.trailersTooLarge) { try run("0\r\nA:\r\nB:\r\nC:\r\n\r\n", limits: limits) }
        #expect(try run("0\r\nA:\r\nB:\r\n\r\n", limits: limits).isFinished)
    }

    @Test("RFC 9110 §6.5.1: only harmless trailer fields pass")
    func forbiddenTrailers() throws {
        let section = [
            "Content-Length: 5", "X-Sum: 1", "Host: evil", "TRANSFER-ENCODING: chunked", "Set-Cookie: a=b",
            "Authorization: x", "grpc-status: 0",
            "X-Forwarded-For: 1.1.1.1", "x_forwarded-Prefix: /", "X_Real_IP: 1.1.1.1", "Cache-Control: x",
            "Connection: close", "Content-Type: x", "Trailer: x",
        ]
        let result = try run("0\r\n" + section.map { $0 + "\r\n" }.joined() + "\r\n")
        #expect(String(decoding: result.trailers, as: UTF8.self) == "X-Sum: 1\r\ngrpc-status: 0\r\n\r\n")
        #expect(!ChunkedScanner.isForbiddenTrailer(.other))
    }

    @Test("The last size line and the trailer section are never reported in one step")
    func trailerBoundary() throws {
        var scanner = ChunkedScanner(limits: roomy)
        let body = Array("0\r\nX: y\r\n\r\n".utf8)
        #expect(try scanner.next(body) == .framing(3))
        #expect(try scanner.next(body[3...]) == .end(8))
        #expect(scanner.isFinished)
        #expect(try scanner.next(body) == nil)
        #expect(scanner.trailers.first(named: "x") == "y")
    }

    @Test("More data than remains counts as all of it, and data outside a chunk as none")
    func movedTooMuch() throws {
        var scanner = ChunkedScanner(limits: roomy)
        scanner.moved(10)
        _ = try scanner.next("2\r\n".utf8)
        scanner.moved(-5)
        #expect(scanner.remainingData == 2)
        scanner.moved(.max)
        #expect(scanner.remainingData == 0 && !scanner.isInData)
        #expect(try scanner.next("\r\n0\r\n".utf8) == .framing(5))
    }

    @Test(
        "RFC 9112 §7.1: sizes are written in hexadecimal",
        arguments: [
            (0, "0"), (1, "1"), (15, "f"), (16, "10"), (4096, "1000"), (0xABCDEF, "abcdef"),
            (Int.max, "7fffffffffffffff"), (-1, "0"), (Int.min, "0"),
        ])
    func sizes(count: Int, text: String) {
        var output: [UInt8] = []
        ChunkedScanner.appendSize(count, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == text + "\r\n")
    }
}
