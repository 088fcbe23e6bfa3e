// RFC 9112 §4, §6 and §8 on the way back: what an origin may answer, and what a client never gets to see.
// Not for interim responses, which InterimTests have.

import TestSupport
import Testing

extension Conformance {
    /// What a client gets of an answer.
    enum Crossing: Sendable {
        /// Exactly these bytes, and its connection stays.
        case arrives(String)
        /// Exactly these bytes, and its connection ends.
        case arrivesAndEnds(String)
        /// 502 with this code.
        case refused(String)
        /// A part that is visibly not the whole, or 502.
        case cut
    }

    /// One row of a table of answers. The origin closes behind each.
    struct Answer: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var sends: String
        var crossing: Crossing
        var request = get + "\r\n"

        init(_ rule: String, _ sends: String, _ crossing: Crossing, to request: String = get + "\r\n") {
            testDescription = rule
            self.sends = sends
            self.crossing = crossing
            self.request = request
        }
    }

    private static let ok = "HTTP/1.1 200 OK\r\n"
    private static let two = ok + "Content-Length: 2\r\n\r\nok"
    private static let malformed = Crossing.refused("upstream.malformed")
    private static let head = "HEAD / HTTP/1.1\r\n" + host + "\r\n"
    private static let old = "GET / HTTP/1.0\r\n" + host + "\r\n"

    private static func chunked(_ body: String) -> String { ok + "Transfer-Encoding: chunked\r\n\r\n" + body }

    static let answers: [Answer] = [
        Answer("§6.2: a length", two, .arrives(two)),
        Answer("§6.2: a length of zero", ok + "Content-Length: 0\r\n\r\n", .arrives(ok + "Content-Length: 0\r\n\r\n")),
        Answer(
            "§4: a status of its own and no reason", "HTTP/1.1 799 \r\nContent-Length: 0\r\n\r\n",
            .arrives("HTTP/1.1 799 \r\nContent-Length: 0\r\n\r\n")),
        Answer(
            "§4: the space behind the status may be missing", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
            .arrives("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n")),
        Answer("§2.3: HTTP/1.0 becomes HTTP/1.1", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", .arrives(two)),
        Answer("§7.1: chunks", chunked("2\r\nok\r\n0\r\n\r\n"), .arrives(chunked("2\r\nok\r\n0\r\n\r\n"))),
        Answer(
            "§7.1.1: extensions end at this hop", chunked("2;a=\"b\"\r\nok\r\n0;c\r\n\r\n"),
            .arrives(chunked("2\r\nok\r\n0\r\n\r\n"))),
        Answer(
            "§7.1.2: trailers pass", chunked("2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"),
            .arrives(chunked("2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"))),
        Answer(
            "RFC 9110 §6.5.1: trailers that would change what was decided do not",
            chunked("2\r\nok\r\n0\r\nSet-Cookie: a\r\nContent-Length: 9\r\n\r\n"),
            .arrives(chunked("2\r\nok\r\n0\r\n\r\n"))),
        Answer(
            "RFC 9110 §8.6: equal lengths become one", ok + "Content-Length: 2\r\nContent-Length: 2, 2\r\n\r\nok",
            .arrives(two)),
        Answer(
            "§6.3: what only the end of a connection ends is chunked for a client that stays", ok + "\r\nok",
            .arrives(chunked("2\r\nok\r\n0\r\n\r\n"))),
        Answer(
            "§6.3: and passes as it is to HTTP/1.0", ok + "\r\nok", .arrivesAndEnds(ok + "Connection: close\r\n\r\nok"),
            to: old),
        Answer(
            "§7.1.3: chunks do not pass to HTTP/1.0", chunked("1\r\no\r\n1\r\nk\r\n0\r\nX: 1\r\n\r\n"),
            .arrivesAndEnds(ok + "Connection: close\r\n\r\nok"), to: old),
        Answer(
            "RFC 9110 §9.3.2: HEAD has no body whatever it says", ok + "Content-Length: 9\r\n\r\n",
            .arrives(ok + "Content-Length: 9\r\n\r\n"), to: head),
        Answer(
            "RFC 9110 §9.3.2: chunks in an answer to HEAD are a promise", ok + "Transfer-Encoding: chunked\r\n\r\n",
            .arrives(ok + "Transfer-Encoding: chunked\r\n\r\n"), to: head),
        Answer(
            "RFC 9110 §15.3.5: 204 has no body and no length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
            .arrives("HTTP/1.1 204 No Content\r\n\r\n")),
        Answer(
            "§6.1: 204 has no coding", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
            .arrives("HTTP/1.1 204 No Content\r\n\r\n")),
        Answer(
            "RFC 9110 §15.4.5: 304 keeps the length of what it stands for",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
            .arrives("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")),
        Answer(
            "bytes behind an answer are nobody's", two + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
            .arrives(two)),
        Answer(
            "bytes behind 204 are nobody's", "HTTP/1.1 204 No Content\r\n\r\nevil",
            .arrives("HTTP/1.1 204 No Content\r\n\r\n")),
        Answer(
            "bytes behind 304 are nobody's", "HTTP/1.1 304 Not Modified\r\n\r\nevil",
            .arrives("HTTP/1.1 304 Not Modified\r\n\r\n")),
        Answer(
            "a body behind an answer to HEAD is nobody's", two, .arrives(ok + "Content-Length: 2\r\n\r\n"), to: head),

        Answer(
            "§6.3: coding and length",
            ok + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n", malformed),
        Answer(
            "§6.3: length and coding",
            ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", malformed),
        Answer("§6.3: differing lengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok", malformed),
        Answer("§6.3: differing lengths in a list", ok + "Content-Length: 2, 3\r\n\r\nok", malformed),
        Answer("§6.3: a length with a sign", ok + "Content-Length: +2\r\n\r\nok", malformed),
        Answer("§6.3: a negative length", ok + "Content-Length: -2\r\n\r\nok", malformed),
        Answer("§6.3: a hexadecimal length", ok + "Content-Length: 0x2\r\n\r\nok", malformed),
        Answer("§6.3: an empty length", ok + "Content-Length:\r\n\r\nok", malformed),
        Answer("§6.3: a length beyond 63 bits", ok + "Content-Length: 9223372036854775808\r\n\r\nok", malformed),
        Answer("§6.1: another coding", ok + "Transfer-Encoding: gzip\r\n\r\nok", malformed),
        Answer(
            "§6.1: another coding under chunked", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            malformed),
        Answer(
            "§6.1: chunked twice", ok + "Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", malformed),
        Answer(
            "§6.1: chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            malformed),
        Answer(
            "§6.3: differing lengths in an answer to HEAD", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
            malformed, to: head),
        Answer("§4: no status", "HTTP/1.1\r\n\r\n", malformed),
        Answer("§4: a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", malformed),
        Answer("§4: a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", malformed),
        Answer("RFC 9110 §15: a status below 100", "HTTP/1.1 099 OK\r\n\r\n", malformed),
        Answer("§4: a status that is no number", "HTTP/1.1 2x0 OK\r\n\r\n", malformed),
        Answer("§4: two spaces before the status", "HTTP/1.1  200 OK\r\n\r\n", malformed),
        Answer("§4: a tab before the reason", "HTTP/1.1 200\tOK\r\n\r\n", malformed),
        Answer("§2.3: another version", "HTTP/2.0 200 OK\r\n\r\n", malformed),
        Answer("§2.3: a version in lower case", "http/1.1 200 OK\r\n\r\n", malformed),
        Answer("another protocol", "ICY 200 OK\r\n\r\n", malformed),
        Answer("§4: NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n", malformed),
        Answer("§2.2: a bare LF behind the status line", "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok", malformed),
        Answer("§2.2: a head that bare LFs end", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", malformed),
        Answer("§2.2: a bare CR in a field", ok + "X: a\rb\r\n\r\n", malformed),
        Answer("§2.2: an empty line before the answer", "\r\n" + two, malformed),
        Answer("§5.1: a space before a colon", ok + "Content-Length : 2\r\n\r\nok", malformed),
        Answer("§5.2: a folded field", ok + "X: a\r\n b\r\nContent-Length: 2\r\n\r\nok", malformed),
        Answer("§5: no name", ok + ": 1\r\n\r\n", malformed),
        Answer("RFC 9110 §5.5: NUL in a field", ok + "X: \0\r\n\r\n", malformed),
        Answer(
            "RFC 959 §4.2: a greeting of another protocol", "220 ftp.example ready\r\n", .refused("upstream.closed")),
        Answer("nothing", "", .refused("upstream.closed")),
        Answer("half a status line", "HTTP/1.1 20", .refused("upstream.closed")),
        Answer("half a head", ok + "Content-Le", .refused("upstream.closed")),
        Answer("§8: a body that ends early", ok + "Content-Length: 9\r\n\r\nok", .cut),
        Answer("§8: no byte of the body", ok + "Content-Length: 9\r\n\r\n", .cut),
        Answer("§8: chunks that end early", chunked("2\r\nok\r\n"), .cut),
        Answer("§8: a chunk that ends early", chunked("9\r\nok"), .cut),
        Answer("§8: a last chunk without the end of its trailers", chunked("2\r\nok\r\n0\r\n"), .cut),
        Answer("§7.1: a size that is no number", chunked("2\r\nok\r\nzz\r\nevil\r\n0\r\n\r\n"), .cut),
        Answer("§7.1: a size that wraps", chunked("2\r\nok\r\n10000000000000004\r\nevil\r\n0\r\n\r\n"), .cut),
        Answer("§7.1: a size with a sign", chunked("2\r\nok\r\n+4\r\nevil\r\n0\r\n\r\n"), .cut),
        Answer("§7.1: data without a line end", chunked("2\r\nokevil\r\n0\r\n\r\n"), .cut),
        Answer("§7.1: a size that a bare LF ends", chunked("2\r\nok\r\n4\nevil\r\n0\r\n\r\n"), .cut),
        Answer("§7.1.2: a folded trailer", chunked("2\r\nok\r\n0\r\nX: 1\r\n 2\r\n\r\n"), .cut),
        Answer("§7.1.2: a trailer without a colon", chunked("2\r\nok\r\n0\r\nevil\r\n\r\n"), .cut),
        Answer(
            "RFC 9110 §15.2.2: 101 that nobody asked for",
            "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" + two, malformed),
        Answer(
            "§6.1: a promise of chunks in an answer to HEAD, to HTTP/1.0", ok + "Transfer-Encoding: chunked\r\n\r\n",
            .arrivesAndEnds(ok + "Connection: close\r\n\r\n"), to: "HEAD / HTTP/1.0\r\n" + host + "\r\n"),
        Answer(
            "§6.1: a promise of chunks in a 304, to HTTP/1.0",
            "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
            .arrivesAndEnds("HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"), to: old),
        Answer("§7.1.3: chunks that break, to HTTP/1.0", chunked("2\r\nok\r\nzz\r\n"), .cut, to: old),
        Answer("§8: chunks that end early, to HTTP/1.0", chunked("2\r\nok\r\n"), .cut, to: old),
    ]

    @Test("RFC 9112 §6: an answer arrives whole and clean, or visibly not", arguments: answers)
    static func answer(_ row: Answer) async throws {
        let origin = try Origin.answeringOnce(dated(row.sends))
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(row.request)
            switch row.crossing {
            case .arrives(let bytes):
                let received = try client.read(dated(bytes).utf8.count)
                #expect(String(decoding: received, as: UTF8.self) == dated(bytes))
                // The connection stays: the proxy's own answer comes next, and nothing before it.
                try client.get("unknown.example")
                #expect(try client.response().status == 421)
            case .arrivesAndEnds(let bytes):
                let (received, end) = client.readToEnd()
                #expect(String(decoding: received, as: UTF8.self) == dated(bytes))
                #expect(end == .orderly)
            case .refused(let code):
                let response = try client.response(to: row.request.hasPrefix("HEAD") ? "HEAD" : "GET")
                #expect(response.status == 502)
                #expect(response.code == code)
            case .cut:
                try expectCut(client, isOld: row.request == old)
            }
        }
    }

    /// The same with a date behind each final status line, so that the proxy need not add one.
    private static func dated(_ text: String) -> String {
        let crlf: Character = "\r\n"
        return text.split(separator: crlf, omittingEmptySubsequences: false)
            .flatMap { isFinalStatusLine($0) ? [String($0), "Date: today"] : [String($0)] }
            .joined(separator: "\r\n")
    }

    private static func isFinalStatusLine(_ line: Substring) -> Bool {
        line.hasPrefix("HTTP/1.") && !["0", "1"].contains(line.dropFirst(9).prefix(1))
    }

    private static func expectCut(_ client: Client, isOld: Bool) throws {
        let (received, end) = client.readToEnd()
        let text = String(decoding: received, as: UTF8.self)
        #expect(!text.contains("evil"))
        if text.hasPrefix("HTTP/1.1 502") || text.isEmpty { return }
        #expect(text.hasPrefix(dated(ok)))
        // Without length and chunks only a reset tells an early end from a good one.
        if isOld { #expect(end == .reset) } else { #expect(!text.hasSuffix("0\r\n\r\n")) }
        if text.contains("Content-Length: 9") { #expect(!text.hasSuffix("123456789")) }
    }
}
