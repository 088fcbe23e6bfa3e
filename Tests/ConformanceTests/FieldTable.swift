// RFC 9112 §5 and RFC 9110 §5: single field lines of a request.
// Not for fields with a meaning to the proxy, which have tables of their own.

import Testing

extension Conformance {
    /// A request with these bytes where a field line belongs.
    private static func field(_ bytes: String) -> String { get + bytes + "\r\n\r\n" }

    static let fieldLines: [Row] = [
        Row("§5: case, order, blanks and duplicates stay", field("X-A:  1 \r\nx-b:\t2\t\r\nX-a:3"), .arrivesUnchanged),
        Row("§5: an empty value", field("X-Empty:"), .arrivesUnchanged),
        Row("§5: a value of blanks", field("X-Empty: \t "), .arrivesUnchanged),
        Row("§5: colons in a value", field("X: a:b::c"), .arrivesUnchanged),
        Row("RFC 9110 §5.1: a name of every token character", field("a!#$%&'*+-.^_`|~Z9: 1"), .arrivesUnchanged),
        Row("RFC 9110 §5.5: bytes beyond ASCII in a value", field("X: \u{E4}\u{20AC}\u{1F600}"), .arrivesUnchanged),
        Row("RFC 9110 §5.5: a tab in a value", field("X: a\tb"), .arrivesUnchanged),
        Row("RFC 9110 §5.3: many cookies stay apart", field("Cookie: a=1\r\nCookie: b=2"), .arrivesUnchanged),
        Row("an underscore is a token character, and no hyphen", field("Content_Length: 9"), .arrivesUnchanged),

        Row("§5.1: a space before the colon", field("X : 1"), .malformed),
        Row("§5.1: a tab before the colon", field("X\t: 1"), .malformed),
        Row("§5.1: a space before the colon of Content-Length", post + "Content-Length : 5\r\n\r\nhello", .malformed),
        Row("§5.1: a space before the colon of Host", "GET / HTTP/1.1\r\nHost : a.example\r\n\r\n", .malformed),
        Row("§5: no name", field(": 1"), .malformed),
        Row("§5: no colon", field("X"), .malformed),
        Row("§5: a blank within a name", field("X Y: 1"), .malformed),
        Row("§5.2: a folded line", field("X: a\r\n b"), .malformed),
        Row("§5.2: a line folded with a tab", field("X: a\r\n\tb"), .malformed),
        Row("§5.2: a folded Content-Length", post + "Content-Length:\r\n 5\r\n\r\nhello", .malformed),
        Row("§5.2: a folded Transfer-Encoding", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", .malformed),
        Row("§5.2: a first field that is folded", "GET / HTTP/1.1\r\n " + host + "\r\n", .malformed),
        Row("§2.2: a field that a bare LF ends", field("X: a\nY: b"), .malformed),
        Row("§2.2: a bare CR in a value", field("X: a\rY: b"), .malformed),
        Row("§2.2: a bare CR at the end of a value", field("X: a\r"), .malformed),
        Row("§2.2: a head that LF CR LF ends", get + "X: a\n\r\n", .malformed),
        Row("RFC 9110 §5.1: NUL in a name", field("X\0: 1"), .malformed),
        Row("RFC 9110 §5.1: a letter beyond ASCII in a name", field("X\u{E4}: 1"), .malformed),
        Row("RFC 9110 §5.1: a parenthesis in a name", field("X(: 1"), .malformed),
        Row("RFC 9110 §5.1: a quotation mark in a name", field("\"X\": 1"), .malformed),
        Row("RFC 9110 §5.1: a slash in a name", field("X/Y: 1"), .malformed),
        Row("RFC 9110 §5.1: a control byte before a name", field("\u{1}X: 1"), .malformed),
        Row("RFC 9110 §5.5: NUL in a value", field("X: a\0b"), .malformed),
        Row("RFC 9110 §5.5: DEL in a value", field("X: a\u{7F}b"), .malformed),
        Row("RFC 9110 §5.5: a control byte in a value", field("X: a\u{1}b"), .malformed),
        Row("RFC 9110 §5.5: a vertical tab in a value", field("X: a\u{B}b"), .malformed),
        Row("RFC 9110 §5.5: a form feed before a value", field("Content-Length:\u{C}5"), .malformed),
    ]

    @Test("RFC 9112 §5: a field line arrives as it is, or no origin hears of it", arguments: fieldLines)
    static func fieldLine(_ row: Row) async throws { try await prove(row) }
}
