// RFC 9112 §2.2 and §3: the first line of a request, and what may stand before it.
// Not for the forms of a target, which TargetTable has.

import Testing

extension Conformance {
    /// A whole request with this first line.
    private static func line(_ text: String) -> String { text + "\r\n" + host + "\r\n" }

    static let requestLines: [Row] = [
        Row("§3: the usual line", line("GET / HTTP/1.1"), .arrivesUnchanged),
        Row("§3.1: a method of every token character", line("a!#$%&'*+-.^_`|~Z9 / HTTP/1.1"), .arrivesUnchanged),
        Row("§3.1: methods are case-sensitive, so `get` is an extension", line("get / HTTP/1.1"), .arrivesUnchanged),
        Row(
            "§3.2: a target is not normalised on its way", line("GET /a//b/../c;d?x=%zz&&/?y HTTP/1.1"),
            .arrivesUnchanged),
        Row("§3.2: visible ASCII that nobody encoded", line("GET /\"<>\\^`{|} HTTP/1.1"), .arrivesUnchanged),
        Row(
            "§2.2: an empty line before the request", "\r\n" + line("GET / HTTP/1.1"),
            .arrives(line("GET / HTTP/1.1"))),
        Row("§2.2: two of them", "\r\n\r\n" + line("GET / HTTP/1.1"), .arrives(line("GET / HTTP/1.1"))),
        Row("§2.3: HTTP/1.0 goes on as HTTP/1.1", line("GET / HTTP/1.0"), .arrives(line("GET / HTTP/1.1"))),
        Row("RFC 9110 §2.5: so does HTTP/1.2", line("GET / HTTP/1.2"), .arrives(line("GET / HTTP/1.1"))),
        Row("RFC 9110 §2.5: and HTTP/1.9", line("GET / HTTP/1.9"), .arrives(line("GET / HTTP/1.1"))),

        Row("§2.2: three empty lines are too many", "\r\n\r\n\r\n" + line("GET / HTTP/1.1"), .malformed),
        Row("§2.2: a bare LF before the request", "\n" + line("GET / HTTP/1.1"), .malformed),
        Row("§2.2: a bare CR before the request", "\r" + line("GET / HTTP/1.1"), .malformed),
        Row("§2.2: a line that a bare LF ends", "GET / HTTP/1.1\n" + host + "\r\n", .malformed),
        Row("§2.2: a line that CR CR LF ends", "GET / HTTP/1.1\r\r\n" + host + "\r\n", .malformed),
        Row("§2.2: a head that bare LFs end", "GET / HTTP/1.1\nHost: a.example\n\n", .malformed),
        Row("§2.2: blanks between the line and the fields", "GET / HTTP/1.1\r\n \t\r\n" + host + "\r\n", .malformed),
        Row("§3: two spaces before the target", line("GET  / HTTP/1.1"), .malformed),
        Row("§3: two spaces before the version", line("GET /  HTTP/1.1"), .malformed),
        Row("§3: a tab for a space", line("GET\t/ HTTP/1.1"), .malformed),
        Row("§3: a tab before the version", line("GET /\tHTTP/1.1"), .malformed),
        Row("§3: a space before the method", line(" GET / HTTP/1.1"), .malformed),
        Row("§3: a space behind the version", line("GET / HTTP/1.1 "), .malformed),
        Row("§3: a vertical tab for a space", line("GET\u{B}/ HTTP/1.1"), .malformed),
        Row("§3: a space within the target", line("GET /a b HTTP/1.1"), .malformed),
        Row("§3: two lines in one, parted by a bare CR", line("GET / HTTP/1.1\rGET / HTTP/1.1"), .malformed),
        Row("§3: no target", line("GET HTTP/1.1"), .malformed),
        Row("§3: an empty target", line("GET  HTTP/1.1"), .malformed),
        Row("§3: no version, as in HTTP/0.9", line("GET /"), .malformed),
        Row("§3: nothing but the method", line("GET"), .malformed),
        Row("§3.1: no method", line("/ HTTP/1.1"), .malformed),
        Row("§3.1: a colon in the method", line("GE:T / HTTP/1.1"), .malformed),
        Row("§3.1: a slash in the method", line("GE/T / HTTP/1.1"), .malformed),
        Row("§3.1: NUL in the method", line("GE\0T / HTTP/1.1"), .malformed),
        Row("§3.1: a letter beyond ASCII in the method", line("GËT / HTTP/1.1"), .malformed),
        Row("§3.2: a control byte in the target", line("GET /\u{1} HTTP/1.1"), .malformed),
        Row("§3.2: NUL in the target", line("GET /\0 HTTP/1.1"), .malformed),
        Row("§3.2: DEL in the target", line("GET /\u{7F} HTTP/1.1"), .malformed),
        Row("§3.2: bytes beyond ASCII in the target", line("GET /ä HTTP/1.1"), .malformed),
        Row("§3.2: a fragment", line("GET /#top HTTP/1.1"), .malformed),
        Row("§2.3: a version in lower case", line("GET / http/1.1"), .malformed),
        Row("§2.3: a version of two digits", line("GET / HTTP/1.10"), .malformed),
        Row("§2.3: a version with a leading zero", line("GET / HTTP/01.1"), .malformed),
        Row("§2.3: a version with a comma", line("GET / HTTP/1,1"), .malformed),
        Row("§2.3: a version without a minor number", line("GET / HTTP/1"), .malformed),
        Row("§2.3: a space within the version", line("GET / HTTP/ 1.1"), .malformed),
        Row("§2.3: another protocol", line("GET / RTSP/1.1"), .malformed),
        Row("§2.3: HTTP/2.0", line("GET / HTTP/2.0"), .refused(505, "client.unsupported_version")),
        Row("§2.3: HTTP/0.9 spelled out", line("GET / HTTP/0.9"), .refused(505, "client.unsupported_version")),
        Row(
            "RFC 9113 §3.4: the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            .refused(505, "client.unsupported_version")),
        Row("RFC 8446 §4: a hello of TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\u{0}\r\n\r\n", .malformed),
        Row("RFC 9110 §9.3.8: TRACE ends here", line("TRACE / HTTP/1.1"), .refused(501, "client.method_refused")),
        Row(
            "RFC 9110 §9.3.6: CONNECT ends here", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
            .refused(501, "client.method_refused")),
    ]

    @Test("RFC 9112 §3: a request line arrives as it is, or no origin hears of it", arguments: requestLines)
    static func requestLine(_ row: Row) async throws { try await prove(row) }
}
