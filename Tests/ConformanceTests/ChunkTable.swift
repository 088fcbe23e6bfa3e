// RFC 9112 §7.1: chunked request bodies, their sizes, extensions and trailers.
// Not for whether a body is chunked at all, which FramingTable has.

import TestSupport
import Testing

extension Conformance {
    /// A request with this chunked body.
    private static func body(_ bytes: String) -> String { post + "Transfer-Encoding: chunked\r\n\r\n" + bytes }

    /// What the origin gets of a body of five bytes with these trailer lines.
    private static func hello(_ trailers: String = "") -> Fate {
        .arrives(body("5\r\nhello\r\n0\r\n" + trailers + "\r\n"))
    }

    private static func trailers(_ lines: String) -> String { body("5\r\nhello\r\n0\r\n" + lines + "\r\n\r\n") }

    static let chunkedBodies: [Row] = [
        Row("§7.1: several chunks", body("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"), .arrivesUnchanged),
        Row("§7.1: no data", body("0\r\n\r\n"), .arrivesUnchanged),
        Row(
            "§7.1: a size in capitals", body("A\r\n0123456789\r\n0\r\n\r\n"),
            .arrives(body("a\r\n0123456789\r\n0\r\n\r\n"))),
        Row("§7.1: leading zeros", body("0000000000000005\r\nhello\r\n000\r\n\r\n"), hello()),
        Row("§7.1: line ends in data are data", body("4\r\n\r\n\r\n\r\n0\r\n\r\n"), .arrivesUnchanged),
        Row("§7.1: a last chunk in data is data", body("5\r\n0\r\n\r\n\r\n0\r\n\r\n"), .arrivesUnchanged),
        Row("§7.1.1: extensions end at this hop", body("5;a;b=c\r\nhello\r\n0;last=1\r\n\r\n"), hello()),
        Row("§7.1.1: quoted extensions", body("5;a=\"b;\\\"c\"\r\nhello\r\n0\r\n\r\n"), hello()),
        Row("§7.1.1: blanks around extensions", body("5 ;\ta = b ; c\r\nhello\r\n0\r\n\r\n"), hello()),
        Row("§7.1.2: trailers arrive as trailers", trailers("X-Sum: 1\r\nX-B:"), hello("X-Sum: 1\r\nX-B:\r\n")),
        Row("RFC 9110 §6.5.1: Content-Length in trailers", trailers("Content-Length: 9\r\nX: 1"), hello("X: 1\r\n")),
        Row("RFC 9110 §6.5.1: Transfer-Encoding in trailers", trailers("Transfer-Encoding: chunked"), hello()),
        Row("RFC 9110 §6.5.1: Host in trailers", trailers("Host: evil.example"), hello()),
        Row("RFC 9110 §6.5.1: authentication in trailers", trailers("Authorization: x\r\nCookie: y"), hello()),
        Row("RFC 9110 §7.6.1: Connection in trailers", trailers("Connection: close\r\nUpgrade: x"), hello()),
        Row("RFC 9110 §6.5.1: claims about the client in trailers", trailers("X-Forwarded-For: 1.2.3.4"), hello()),

        Row("§7.1: no size", body("\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a size with a plus", body("+5\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a size with a minus", body("-5\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a size with 0x", body("0x5\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a size that is no number", body("zz\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a letter behind a size", body("5g\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a comma behind a size", body("5,5\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a space before a size", body(" 5\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a space behind a size", body("5 \r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a space within a size", body("0 5\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: NUL behind a size", body("5\0\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a size beyond 63 bits", body("8000000000000005\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a size that wraps to five", body("10000000000000005\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row(
            "§7.1: 17 digits, all but the last of them zeros", body("00000000000000005\r\nhello\r\n0\r\n\r\n"),
            .brokenBody),
        Row("§7.1: a size that a bare LF ends", body("5\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a size that a bare CR ends", body("5\rhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: a size that CR CR LF ends", body("5\r\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: data without a line end", body("5\r\nhello0\r\n\r\n"), .brokenBody),
        Row("§7.1: data longer than its size", body("5\r\nhello!\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: data that a bare LF ends", body("5\r\nhello\n0\r\n\r\n"), .brokenBody),
        Row("§7.1: data that CR and another byte end", body("5\r\nhello\rX0\r\n\r\n"), .brokenBody),
        Row("§7.1: a last chunk with a sign", body("5\r\nhello\r\n+0\r\n\r\n"), .brokenBody),
        Row("§7.1.1: an extension without a name", body("5;\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1.1: an extension without a value", body("5;a=\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1.1: a quotation that never ends", body("5;a=\"b\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1.1: a bare LF in a quotation", body("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1.1: a bare LF behind an extension", body("5;a\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1.1: NUL in an extension", body("5;a=\0\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1.1: something behind a quotation", body("5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"), .brokenBody),
        Row("§7.1.2: a trailer without a colon", trailers("GET /evil HTTP/1.1"), .brokenBody),
        Row("§5.1: a trailer with a space before its colon", trailers("X : 1"), .brokenBody),
        Row("§5.2: a folded trailer", trailers("X: 1\r\n 2"), .brokenBody),
        Row("§2.2: a trailer that a bare LF ends", trailers("X: 1\nY: 2"), .brokenBody),
        Row("§2.2: a trailer section that a bare LF ends", body("5\r\nhello\r\n0\r\n\n"), .brokenBody),
        Row("RFC 9110 §5.5: NUL in a trailer", trailers("X: \0"), .brokenBody),
    ]

    @Test("RFC 9112 §7.1: a chunked body arrives clean, or never as a whole", arguments: chunkedBodies)
    static func chunkedBody(_ row: Row) async throws { try await prove(row) }

    @Test(
        "RFC 9112 §8: a body that the client cuts short never looks complete",
        arguments: [
            "Content-Length: 5\r\n\r\nhel", "Content-Length: 5\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: 1\r\n",
        ])
    static func cutShort(_ rest: String) async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(post + rest)
            client.wire.finishSending()
            #expect(client.readToEnd().bytes.isEmpty)
            #expect(await proxy.isQuiet())
            for connection in origin.connections { #expect(connection.awaitEnd() != .timeout) }
            #expect(origin.requestCount == 0)
        }
    }
}
