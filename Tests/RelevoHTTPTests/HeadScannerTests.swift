// Finding the end of a head in pieces.
// Not for its meaning.

import RelevoHTTP
import Testing

@Suite("Head scanner")
struct HeadScannerTests {
    private func scan(_ pieces: [String], limit: Int = 1000) throws(HTTPParseError) -> Int? {
        var scanner = HeadScanner()
        for piece in pieces {
            let bytes = Array(piece.utf8)
            if let end = try scanner.scan(bytes.span, limit: limit) { return end }
        }
        return nil
    }

    @Test("RFC 9112 §2.1: the empty line ends the head, what follows does not matter")
    func end() throws {
        #expect(try scan(["GET / HTTP/1.1\r\nA: b\r\n\r\n"]) == 24)
        #expect(try scan(["GET / HTTP/1.1\r\nA: b\r\n\r\nbody\0\n\r"]) == 24)
        #expect(try scan(["GET / HTTP/1.1\r\nA: b\r\n"]) == nil)
        #expect(try scan([]) == nil)
        #expect(try scan(["", "a\r\n", "", "\r\n"]) == 5)
    }

    @Test("The end is found wherever the bytes are cut, and examined says how far it was looked")
    func cuts() throws {
        let whole = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest".utf8)
        for cut in 0...whole.count {
            var scanner = HeadScanner()
            let first = try scanner.scan(whole[..<cut], limit: 100)
            if let first {
                #expect(first == 27 && scanner.examined == 27)
                continue
            }
            #expect(scanner.examined == cut)
            #expect(try scanner.scan(whole[scanner.examined...], limit: 100) == 27)
        }
    }

    @Test("RFC 9112 §2.2: byte by byte the same end is found")
    func byteByByte() throws {
        #expect(
            try scan("A\r\nB\r\n\r\nC".map { String($0) }.flatMap { $0.utf8.map { String(UnicodeScalar($0)) } }) == 8)
    }

    @Test(
        "RFC 9112 §2.2: what can never be a head is refused as soon as it is seen",
        arguments: [
            ("GET /\n", HTTPParseError.bareLF), ("\n", .bareLF), ("a\r\n\n", .bareLF), ("a\rb", .bareCR),
            ("\r\r", .bareCR), ("a\r\n\rb", .bareCR),
            ("a\0", .nul), ("\0", .nul), ("a\r\0", .bareCR), ("a\n\n", .bareLF), ("a: b\r\n c\n", .bareLF),
        ])
    func refused(text: String, error: HTTPParseError) {
        #expect(throws: error) { try scan([text]) }
        #expect(throws: error) { try scan(text.utf8.map { String(UnicodeScalar($0)) }) }
    }

    @Test("RFC 9112 §2.2: a bare line end or NUL is found at every place")
    func everyPlace() throws {
        for place in 0...40 {
            for (bad, error) in [("\n", HTTPParseError.bareLF), ("\rx", .bareCR), ("\0", .nul)] {
                let text = String(repeating: "a\u{fd}\t", count: 10)
                let bytes = Array(text.utf8.prefix(place)) + Array(bad.utf8) + Array("bbbbbbbbbbbbbbbbbb\r\n\r\n".utf8)
                var scanner = HeadScanner()
                #expect(throws: error) { try scanner.scan(bytes, limit: 1000) }
            }
        }
    }

    @Test("A head of the limit's length passes, one byte more is refused, also before its end is seen")
    func limit() throws {
        #expect(try scan(["a: b\r\n\r\n"], limit: 8) == 8)
        #expect(throws: HTTPParseError.headTooLarge) { try scan(["a: b\r\n\r\n"], limit: 7) }
        #expect(throws: HTTPParseError.headTooLarge) { try scan(["aaaaaaaaa"], limit: 8) }
        #expect(try scan(["aaaaaaaa"], limit: 8) == nil)
        #expect(throws: HTTPParseError.headTooLarge) { try scan(["aaaaaaaa", "a"], limit: 8) }
        #expect(throws: HTTPParseError.headTooLarge) { try scan(["a"], limit: 0) }
    }

    @Test("An endless first line is a long target, endless fields are a large head")
    func endlessTarget() throws {
        let limits = HeadLimits(headBytes: 2000, fields: 10, targetBytes: 100)
        var line = HeadScanner()
        #expect(throws: HTTPParseError.targetTooLong) {
            try line.scan(("GET /" + String(repeating: "a", count: 300)).utf8, limits: limits)
        }
        var fields = HeadScanner()
        #expect(throws: HTTPParseError.headTooLarge) {
            try fields.scan(("GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 2000)).utf8, limits: limits)
        }
        var short = HeadScanner()
        #expect(try short.scan(("GET /" + String(repeating: "a", count: 90)).utf8, limits: limits) == nil)
        var unbounded = HeadScanner()
        let none = HeadLimits(headBytes: .max, fields: 10, targetBytes: .max)
        #expect(try unbounded.scan("GET /".utf8, limits: none) == nil)
    }

    @Test("After a reset the scanner begins anew")
    func reset() throws {
        var scanner = HeadScanner()
        _ = try scanner.scan("abc\r".utf8, limit: 10)
        scanner.reset()
        #expect(scanner.examined == 0)
        #expect(try scanner.scan("b\r\n\r\n".utf8, limit: 10) == 5)
    }
}
