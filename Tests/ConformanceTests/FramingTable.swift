// RFC 9112 §6: where a request ends. Two readers of one message must never find two ends.
// Not for the inside of chunked bodies, which ChunkTable has.

import TestSupport
import Testing

extension Conformance {
    /// A request with five bytes of body and these fields.
    private static func five(_ fields: String) -> String { post + fields + "\r\n\r\nhello" }

    /// A request with a chunked body of five bytes and these fields.
    private static func chunks(_ fields: String, _ head: String = post) -> String {
        head + fields + "\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    }

    private static let unknownCoding = Fate.refused(501, "client.unsupported_coding")

    static let framings: [Row] = [
        Row("§6.2: a length", five("Content-Length: 5"), .arrivesUnchanged),
        Row("§6.2: a length of zero", post + "Content-Length: 0\r\n\r\n", .arrivesUnchanged),
        Row("§6.3: neither length nor coding: no body", post + "\r\n", .arrivesUnchanged),
        Row("RFC 9110 §9.3.1: GET with a body", get + "Content-Length: 5\r\n\r\nhello", .arrivesUnchanged),
        Row("§6.1: chunks", chunks("Transfer-Encoding: chunked"), .arrivesUnchanged),
        Row(
            "§7: names of codings have no case", chunks("transfer-encoding:\tCHUNKED "),
            .arrives(chunks("Transfer-Encoding: chunked"))),
        Row(
            "RFC 9110 §8.6: equal lengths in a list become one", five("Content-Length: 5, 5"),
            .arrives(five("Content-Length: 5"))),
        Row(
            "RFC 9110 §8.6: equal lengths in two lines become one", five("Content-Length: 5\r\nContent-Length: 5"),
            .arrives(five("Content-Length: 5"))),
        Row(
            "RFC 9110 §8.6: a length with leading zeros loses them", five("Content-Length: 0005"),
            .arrives(five("Content-Length: 5"))),

        Row("§6.1: coding and length", chunks("Transfer-Encoding: chunked\r\nContent-Length: 15"), .malformed),
        Row("§6.1: length and coding", chunks("Content-Length: 5\r\nTransfer-Encoding: chunked"), .malformed),
        Row("§6.1: coding and a length of zero", chunks("Content-Length: 0\r\nTransfer-Encoding: chunked"), .malformed),
        Row("§6.3: differing lengths", five("Content-Length: 5\r\nContent-Length: 6"), .malformed),
        Row("§6.3: differing lengths in a list", five("Content-Length: 5, 6"), .malformed),
        Row("§6.3: differing lengths far apart", five("Content-Length: 5\r\nX: 1\r\ncontent-length: 0"), .malformed),
        Row("§6.3: a length with a plus", five("Content-Length: +5"), .malformed),
        Row("§6.3: a length with a minus", five("Content-Length: -5"), .malformed),
        Row("§6.3: minus zero", five("Content-Length: -0"), .malformed),
        Row("§6.3: a hexadecimal length", five("Content-Length: 0x5"), .malformed),
        Row("§6.3: a length with a fraction", five("Content-Length: 5.0"), .malformed),
        Row("§6.3: a length with an exponent", five("Content-Length: 5e0"), .malformed),
        Row("§6.3: a blank in a length", five("Content-Length: 5 5"), .malformed),
        Row("§6.3: a length with an underscore", five("Content-Length: 0_5"), .malformed),
        Row("§6.3: an empty length", five("Content-Length:"), .malformed),
        Row("§6.3: an empty element in a list of lengths", five("Content-Length: 5,"), .malformed),
        Row("§6.3: an empty element before a length", five("Content-Length: ,5"), .malformed),
        Row("§6.3: a length in quotes", five("Content-Length: \"5\""), .malformed),
        Row("§6.3: a length with a parameter", five("Content-Length: 5;a=b"), .malformed),
        Row("§6.3: a length beyond 63 bits", five("Content-Length: 9223372036854775808"), .malformed),
        Row("§6.3: a length that wraps to five", five("Content-Length: 18446744073709551621"), .malformed),
        Row(
            "§6.3: a length of a hundred digits", five("Content-Length: 1" + String(repeating: "0", count: 99)),
            .malformed),
        Row("§6.3: digits of another script", five("Content-Length: \u{665}"), .malformed),
        Row("§6.1: chunked twice", chunks("Transfer-Encoding: chunked, chunked"), .malformed),
        Row(
            "§6.1: chunked twice in two lines", chunks("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
            .malformed),
        Row("§6.3: chunked not last", chunks("Transfer-Encoding: chunked, gzip"), .malformed),
        Row("§6.3: a final coding that is not chunked", chunks("Transfer-Encoding: gzip"), .malformed),
        Row("§6.3: identity", five("Transfer-Encoding: identity"), .malformed),
        Row("§6.3: identity before chunked", chunks("Transfer-Encoding: identity, chunked"), .malformed),
        Row("§6.3: identity and a length", five("Transfer-Encoding: identity\r\nContent-Length: 5"), .malformed),
        Row("§6.3: an empty coding", chunks("Transfer-Encoding:"), .malformed),
        Row("§6.3: an empty element", chunks("Transfer-Encoding: , chunked"), .malformed),
        Row("§6.3: almost chunked", chunks("Transfer-Encoding: xchunked"), .malformed),
        Row("§6.3: chunked in quotes", chunks("Transfer-Encoding: \"chunked\""), .malformed),
        Row("§7: chunked with a parameter", chunks("Transfer-Encoding: chunked;a=b"), .malformed),
        Row("§6.3: chunked behind a vertical tab", chunks("Transfer-Encoding: \u{B}chunked"), .malformed),
        Row("§6.3: a long s is no s", chunks("Transfer-Encoding: chun\u{212A}ed"), .malformed),
        Row("§6.1: another coding under chunked", chunks("Transfer-Encoding: gzip, chunked"), unknownCoding),
        Row("§6.1: unknown codings under chunked", chunks("Transfer-Encoding: a, b;c=d, chunked"), unknownCoding),
        Row(
            "§6.1: other codings in lines of their own",
            chunks("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"), unknownCoding),
        Row(
            "§6.1: chunks in HTTP/1.0",
            chunks("Transfer-Encoding: chunked", "POST / HTTP/1.0\r\nHost: a.example\r\n"), .malformed),
        Row(
            "RFC 9112 §6.3: a name that only resembles Content-Length frames nothing",
            "POST / HTTP/1.1\r\n" + host + "r-length: 5\r\n\r\n", .arrivesUnchanged),
        Row(
            "RFC 9112 §6.3: a name that only resembles Transfer-Encoding frames nothing",
            "POST / HTTP/1.1\r\n" + host + "mncoding: chunked\r\n\r\n", .arrivesUnchanged),
        Row(
            "RFC 9110 §9.3.8: TRACE with a body", "TRACE / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\nx",
            .malformed),
    ]

    @Test("RFC 9112 §6: a request has one end, or no origin hears of it", arguments: framings)
    static func framing(_ row: Row) async throws { try await prove(row) }

    @Test("RFC 9110 §8.6: in classic mode, too, equal lengths become one or are refused")
    static func classicLengths() async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.classic("a.example", origin)])) { proxy in
            let response = try ask(proxy, five("Content-Length: 5\r\nContent-Length: 5"))
            let lengths = origin.connections.flatMap { HTTPText.values(of: "content-length", in: $0.receivedText) }
            #expect(response.status == 200)
            #expect(lengths == ["5"])
        }
    }
}
