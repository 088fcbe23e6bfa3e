// Where content ends: Content-Length and Transfer-Encoding of both directions.
// Not for chunks themselves.

import RelevoHTTP
import Testing

@Suite("Framing")
struct FramingTests {
    @Test("RFC 9112 §6.3: a request has a length, chunks, or nothing")
    func requests() throws {
        #expect(try get().framing == .none)
        #expect(try post("Content-Length: 0").framing == .length(0))
        #expect(try post("Content-Length: 9223372036854775807").framing == .length(.max))
        #expect(try post("Transfer-Encoding: chunked").framing == .chunked)
        #expect(try post("tRANSFER-eNCODING:  ChUnKeD\t").framing == .chunked)
        #expect(try !post("Content-Length: 0").hasBody)
        #expect(try post("Content-Length: 1").hasBody == true)
    }

    @Test("RFC 9112 §6.1, §6.3: Content-Length beside Transfer-Encoding is refused in either order")
    func both() {
        #expect(throws: HTTPParseError.lengthWithTransferEncoding) {
            _ = try post("Content-Length: 5", "Transfer-Encoding: chunked")
        }
        #expect(throws: HTTPParseError.lengthWithTransferEncoding) {
            _ = try post("Transfer-Encoding: xchunked", "Content-Length: 5")
        }
        #expect(throws: HTTPParseError.lengthWithTransferEncoding) {
            _ = try ok("Content-Length: 5", "Transfer-Encoding: chunked")
        }
    }

    @Test(
        "RFC 9110 §8.6: what is no decimal number in range is no Content-Length",
        arguments: [
            "", "+5", "-5", "-0", "0x5", "0b1", "5.0", "5e0", "5 5", "\"5\"", "5;", "5,", ",5", "5,,5", ",", "a", "5a",
            "\u{ff15}",
            "9223372036854775808", "18446744073709551621", "99999999999999999999999999", "5,-5", "5, x", "5\t5",
            "1_000", "٥",
        ])
    func badLengths(value: String) {
        #expect(throws: HTTPParseError.badContentLength) { _ = try post("Content-Length: \(value)") }
        #expect(throws: HTTPParseError.badContentLength) { _ = try ok("Content-Length: \(value)") }
    }

    @Test("RFC 9112 §6.3: lengths that differ are refused, on one line or on several")
    func differing() {
        #expect(throws: HTTPParseError.differingContentLengths) { _ = try post("Content-Length: 5, 6") }
        #expect(throws: HTTPParseError.differingContentLengths) {
            _ = try post("Content-Length: 5", "content-length: 0")
        }
        #expect(throws: HTTPParseError.differingContentLengths) {
            _ = try ok("Content-Length: 0", "Content-Length: 5")
        }
    }

    @Test(
        "RFC 9110 §8.6: equal lengths are one, and one canonical line is sent",
        arguments: [
            ["Content-Length: 5", "Content-Length: 5"], ["Content-Length: 5, 5"], ["Content-Length: 05"],
            ["Content-Length: 5", "X: y", "Content-Length: 0000000000000000000005"],
        ])
    func equal(fields: [String]) throws {
        let head = try request(head("POST / HTTP/1.1", ["Host: a"] + fields))
        #expect(head.framing == .length(5))
        #expect(lines(sent(head)).filter { $0.hasPrefix("Content-Length") } == ["Content-Length: 5"])
        let reply = try response(RelevoHTTPTests.head("HTTP/1.1 200 OK", fields))
        #expect(lines(sent(reply)).filter { $0.hasPrefix("Content-Length") } == ["Content-Length: 5"])
    }

    @Test(
        "RFC 9112 §6.3: a transfer coding that leaves the end unknown is refused",
        arguments: [
            "", "xchunked", "chunk", "chunkedx", "identity", "chunked, identity", "identity, chunked",
            "chunked, chunked",
            "chunked, gzip", ",chunked", "chunked,", "chunked;q=1", "chunked ; a", "\"chunked\"", "gzip",
            "chunked\u{b0}", "chun\u{212a}ed",
            "chunked chunked", "gzip chunked", "'chunked'", "chunked;", ";chunked", "gzip, ,chunked", "g@zip, chunked",
            "chunked, chunked, gzip",
        ])
    func badCodings(value: String) {
        #expect(throws: HTTPParseError.badTransferEncoding) { _ = try post("Transfer-Encoding: \(value)") }
        #expect(throws: HTTPParseError.badTransferEncoding) { _ = try ok("Transfer-Encoding: \(value)") }
    }

    @Test(
        "RFC 9112 §6.1: another coding under a final chunked is not implemented",
        arguments: [
            ["Transfer-Encoding: gzip, chunked"], ["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"],
            ["Transfer-Encoding: foo;a=b, chunked"], ["Transfer-Encoding: deflate,gzip,Chunked"],
        ])
    func unknownCodings(fields: [String]) {
        #expect(throws: HTTPParseError.unknownTransferCoding) {
            _ = try request(head("POST / HTTP/1.1", ["Host: a"] + fields))
        }
        #expect(HTTPParseError.unknownTransferCoding.kind.status == 501)
    }

    @Test("RFC 9112 §6.1: several Transfer-Encoding lines are one list")
    func severalLines() {
        #expect(throws: HTTPParseError.badTransferEncoding) {
            _ = try post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")
        }
        #expect(throws: HTTPParseError.badTransferEncoding) {
            _ = try post("Transfer-Encoding: chunked", "Transfer-Encoding: identity")
        }
        #expect(throws: HTTPParseError.badTransferEncoding) {
            _ = try post("Transfer-Encoding: chunked", "Transfer-Encoding:")
        }
    }

    @Test("RFC 9112 §6.1: HTTP/1.0 has no transfer codings, in either direction")
    func codingInOldVersion() {
        #expect(throws: HTTPParseError.transferEncodingInHTTP10) {
            _ = try request("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        }
        #expect(throws: HTTPParseError.transferEncodingInHTTP10) {
            _ = try response("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        }
    }

    @Test("RFC 9110 §9.3.8: TRACE has no content")
    func trace() throws {
        for field in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
            #expect(throws: HTTPParseError.bodyWithTrace) {
                _ = try request("TRACE / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")
            }
        }
        _ = try request("TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    }

    @Test(
        "RFC 9110 §5.1: a name that merely resembles a framing field does not frame",
        arguments: [
            "Transfer_Encoding: chunked", "Content_Length: 5", "X-Content-Length: 5", "Transfer-Encodin: chunked",
            "Content-Lengths: 5",
            "ransfer-Encoding: chunked", "Content.Length: 5", "TransferEncoding: chunked",
        ])
    func resembling(line: String) throws {
        #expect(try post(line).framing == .none)
    }

    @Test(
        "RFC 9112 §6.3: the end of a response depends on the request and the status",
        arguments: [
            (200, Method.get, "Content-Length: 5", BodyFraming.length(5)),
            (200, .get, "Transfer-Encoding: chunked", .chunked),
            (200, .get, "X: y", .untilClose), (200, .head, "Content-Length: 5", .none),
            (200, .head, "Transfer-Encoding: chunked", .none),
            (204, .get, "Content-Length: 5", .none), (304, .get, "Content-Length: 5", .none),
            (100, .post, "X: y", .none),
            (101, .get, "X: y", .none), (199, .get, "Transfer-Encoding: chunked", .none),
            (200, .connect, "Content-Length: 5", .none),
            (299, .connect, "X: y", .none), (407, .connect, "Content-Length: 5", .length(5)),
            (200, .other, "X: y", .untilClose),
            (999, .get, "Content-Length: 5", .length(5)), (205, .get, "Content-Length: 0", .length(0)),
        ])
    func responses(status: Int, method: Method, field: String, framing: BodyFraming) throws {
        let head = try response("HTTP/1.1 \(status) X\r\n\(field)\r\n\r\n")
        #expect(try head.framing(answering: method) == framing)
    }

    @Test("Ambiguous framing is refused even where the response has no content")
    func ambiguousWithoutContent() {
        for status in [100, 204, 304] {
            #expect(throws: HTTPParseError.differingContentLengths) {
                _ = try response("HTTP/1.1 \(status) X\r\nContent-Length: 1, 2\r\n\r\n")
            }
        }
    }
}
