// Status lines and persistence.
// Not for framing of responses.

import RelevoHTTP
import Testing

@Suite("Response heads")
struct ResponseHeadTests {
    @Test("RFC 9112 §4: status and reason are found")
    func parts() throws {
        let head = try response("HTTP/1.1 404 Not  Found \r\nServer: x\r\n\r\n")
        #expect(head.status == 404)
        #expect(String(decoding: head.fields.slice(head.reason), as: UTF8.self) == "Not  Found ")
        #expect(head.fields.first(named: "server") == "x")
    }

    @Test("RFC 9112 §4: an empty reason is legal, with its space and without")
    func emptyReason() throws {
        for line in ["HTTP/1.1 200 ", "HTTP/1.1 200"] {
            let head = try response("\(line)\r\nX: y\r\n\r\n")
            #expect(head.status == 200 && head.reason.isEmpty)
            #expect(sent(head) == "HTTP/1.1 200 \r\nX: y\r\n\r\n")
        }
    }

    @Test(
        "RFC 9112 §4: a malformed status line is refused by name",
        arguments: [
            ("", HTTPParseError.badStatusLine), ("HTTP/1.1", .badStatusLine), ("HTTP/1.1 ", .badStatusLine),
            ("HTTP/1.1 20", .badStatusLine),
            ("HTTP/1.1  200 OK", .badStatus), ("HTTP/1.1\t200 OK", .badStatusLine), ("HTTP/1.1 2000 OK", .badStatus),
            ("HTTP/1.1 099 X", .badStatus),
            ("HTTP/1.1 000 X", .badStatus), ("HTTP/1.1 2x0 OK", .badStatus), ("HTTP/1.1 +20 OK", .badStatus),
            ("HTTP/1.1 200OK", .badStatusLine),
            ("HTTP/1.1 200\tOK", .badStatusLine), ("HTTP/2.0 200 OK", .unsupportedVersion),
            ("HTTP/1.1x 200 OK", .badStatusLine),
            ("HTTP/1.x 200 OK", .badVersion), ("http/1.1 200 OK", .badVersion), (" HTTP/1.1 200 OK", .badVersion),
            ("ICY 200 OK", .badVersion),
            ("HTTP/1.1 200 O\0K", .nul), ("HTTP/1.1 200 O\nK", .bareLF), ("HTTP/1.1 200 O\rK", .bareCR),
            ("HTTP/1.1 200 O\u{1}K", .badStatusLine),
            ("200 OK", .badStatusLine), ("<html>", .badStatusLine), ("GET / HTTP/1.1", .badVersion),
            ("HTTP/3.1 200 OK", .unsupportedVersion),
        ])
    func malformed(line: String, error: HTTPParseError) {
        #expect(throws: error) { _ = try response("\(line)\r\nX: y\r\n\r\n") }
    }

    @Test(
        "RFC 9112 §5: fields of a response are as strict as those of a request",
        arguments: [
            ("X-A : 1", HTTPParseError.spaceBeforeColon), (" fold", .obsFold), ("X-A: a\0", .nul),
            (": x", .emptyFieldName), ("no colon", .badFieldName),
        ])
    func fields(line: String, error: HTTPParseError) {
        #expect(throws: error) { _ = try response("HTTP/1.1 200 OK\r\nX: y\r\n\(line)\r\n\r\n") }
    }

    @Test("RFC 9110 §15.2: 1xx is interim, 101 is not")
    func interim() throws {
        for (status, isInterim) in [(100, true), (103, true), (199, true), (101, false), (200, false), (404, false)] {
            #expect(try response("HTTP/1.1 \(status) X\r\n\r\n").isInterim == isInterim)
        }
    }

    @Test("A response head cut short at any place is refused and never trapped on")
    func everyPrefix() {
        let whole = Array("HTTP/1.1 200 OK\r\nX: y\r\n\r\n".utf8)
        for count in 0..<whole.count {
            #expect(throws: HTTPParseError.self) { _ = try response(String(decoding: whole[..<count], as: UTF8.self)) }
        }
    }

    @Test("RFC 9110 §15: every status that the proxy answers with has a phrase")
    func phrases() {
        for status in [200, 301, 308, 400, 403, 404, 408, 413, 414, 421, 429, 431, 500, 501, 502, 503, 504, 505] {
            #expect(Status.reason(status) != "Unknown")
        }
        #expect(Status.reason(999) == "Unknown" && Status.reason(-1) == "Unknown")
    }
}

@Suite("Persistence")
struct PersistenceTests {
    @Test(
        "RFC 9112 §9.3: close wins, 1.1 persists by default, 1.0 only when asked to",
        arguments: [
            ("1.1", [], true), ("1.1", ["Connection: close"], false), ("1.1", ["Connection: Close"], false),
            ("1.1", ["Connection: keep-alive"], true),
            ("1.1", ["Connection: keep-alive, close"], false),
            ("1.1", ["Connection: keep-alive", "connection: CLOSE"], false), ("1.1", ["Connection: closed"], true),
            ("1.1", ["Connection: x,,close ,"], false), ("1.1", ["Connection:"], true),
            ("1.1", ["Proxy-Connection: close"], true), ("1.0", [], false),
            ("1.0", ["Connection: Keep-Alive"], true), ("1.0", ["Connection: keep-alive, close"], false),
            ("1.0", ["Keep-Alive: 5"], false),
            ("1.0", ["Proxy-Connection: keep-alive"], false), ("1.1", ["Connection: \"close\""], true),
            ("1.1", ["Connection: clo se"], true),
        ] as [(String, [String], Bool)])
    func rule(version: String, fields: [String], persists: Bool) throws {
        let client = try request(head("GET / HTTP/\(version)", ["Host: a"] + fields))
        #expect(Persistence.clientWantsKeepAlive(client) == persists)
        let endpoint = try response(head("HTTP/\(version) 200 OK", fields))
        #expect(Persistence.upstreamAllowsReuse(endpoint) == persists)
    }

    @Test("RFC 9110 §15.2.2: a connection that switched protocols is not reused")
    func switched() throws {
        #expect(try !Persistence.upstreamAllowsReuse(response("HTTP/1.1 101 X\r\n\r\n")))
    }
}
