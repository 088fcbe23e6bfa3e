// The first line of a request: what is taken from it and what is refused.
// Not for hosts and targets in detail.

import RelevoHTTP
import Testing

@Suite("Request line")
struct RequestLineTests {
    @Test("RFC 9112 §3: method, target and version are found where they stand")
    func parts() throws {
        let head = try request("POST /a/b?c=d&e HTTP/1.1\r\nHost: a.example\r\n\r\n")
        #expect(head.method == .post)
        #expect(String(decoding: head.target, as: UTF8.self) == "/a/b?c=d&e")
        #expect(String(decoding: head.pathBytes, as: UTF8.self) == "/a/b")
        #expect(String(decoding: head.queryBytes, as: UTF8.self) == "c=d&e")
        #expect(head.version == .http11)
        #expect(head.targetForm == .origin)
        #expect(head.hasQuery == true)
    }

    @Test("RFC 9112 §2.3: HTTP/1.0 is understood")
    func version10() throws {
        #expect(try request("GET / HTTP/1.0\r\nHost: a\r\n\r\n").version == .http10)
    }

    @Test("RFC 9110 §2.5: a higher minor version counts as 1.1, and the proxy says its own", arguments: 2...9)
    func higherMinorVersion(minor: Int) throws {
        let head = try request("GET /a?b HTTP/1.\(minor)\r\nHost: a\r\n\r\n")
        #expect(head.version == .http11)
        #expect(sent(head) == "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n")
        let reply = try response("HTTP/1.\(minor) 200 OK\r\nA: b\r\n\r\n")
        #expect(sent(reply) == "HTTP/1.1 200 OK\r\nA: b\r\n\r\n")
    }

    @Test(
        "RFC 9110 §9.1: methods are case-sensitive; unknown tokens are extension methods",
        arguments: [
            "get", "PROPFIND", "M-SEARCH", "Get", "GETS", "!#$%&'*+-.^_`|~0aZ", "CONNECTX", "X",
        ])
    func extensionMethods(name: String) throws {
        let head = try request("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(head.method == .other)
        #expect(String(decoding: head.methodBytes, as: UTF8.self) == name)
    }

    @Test("RFC 9110 §9: every known method is recognised by its name", arguments: Method.allCases)
    func knownMethods(method: Method) {
        guard let name = method.name else {
            #expect(method == .other)
            return
        }
        #expect(Method.known(Array(name.utf8)[...]) == method)
    }

    @Test("RFC 9110 §9.2.2: POST, PATCH, CONNECT and unknown methods are not idempotent")
    func properties() {
        let others: Set = [Method.post, .patch, .connect, .other]
        for method in Method.allCases { #expect(method.isIdempotent != others.contains(method)) }
    }

    @Test(
        "RFC 9112 §3: a malformed request line is refused by name",
        arguments: [
            ("", HTTPParseError.badRequestLine), ("GET", .badRequestLine), ("GET /", .badRequestLine),
            ("GET  / HTTP/1.1", .badRequestLine), ("GET / ", .badVersion), (" GET / HTTP/1.1", .badRequestLine),
            ("\tGET / HTTP/1.1", .badRequestLine), ("GET\t/ HTTP/1.1", .badMethod), ("GET /\tHTTP/1.1", .badTarget),
            ("GET /  HTTP/1.1", .badVersion), ("GET / HTTP/1.1 ", .badVersion), ("GET / HTTP/1.1\t", .badVersion),
            ("GET /a b HTTP/1.1", .badVersion), ("G\u{1}T / HTTP/1.1", .badMethod), ("GET: / HTTP/1.1", .badMethod),
            ("G(T / HTTP/1.1", .badMethod), ("G\u{e9}T / HTTP/1.1", .badMethod), ("GET\u{0} / HTTP/1.1", .nul),
            ("GET /\u{0} HTTP/1.1", .nul), ("GET / HTTP/1.1\u{0}", .nul), ("\u{0}GET / HTTP/1.1", .nul),
            ("GET /\u{b} HTTP/1.1", .badTarget), ("GET /\u{7f} HTTP/1.1", .badTarget),
            ("GET /\u{e4} HTTP/1.1", .badTarget),
            ("GET /#x HTTP/1.1", .badTarget), ("GET /\rx HTTP/1.1", .bareCR), ("GET /\nx HTTP/1.1", .bareLF),
            ("GET\r/ HTTP/1.1", .bareCR), ("GET\n/ HTTP/1.1", .bareLF), ("GET / HTTP/1.1\rx", .bareCR),
            ("\nGET / HTTP/1.1", .bareLF), ("\rGET / HTTP/1.1", .bareCR), ("GET / \u{1}HTTP/1.1", .badVersion),
        ])
    func malformed(line: String, error: HTTPParseError) {
        #expect(throws: error) { _ = try request("\(line)\r\nHost: a\r\n\r\n") }
    }

    @Test(
        "RFC 9112 §2.3: every major version but 1 is refused, malformed ones as such",
        arguments: [
            ("HTTP/2.0", HTTPParseError.unsupportedVersion), ("HTTP/0.9", .unsupportedVersion),
            ("HTTP/3.1", .unsupportedVersion), ("HTTP/1", .badVersion),
            ("HTTP/1.", .badVersion), ("HTTP/.1", .badVersion), ("HTTP/11", .badVersion), ("HTTP/1.10", .badVersion),
            ("HTTP/01.1", .badVersion), ("HTTP/1,1", .badVersion), ("http/1.1", .badVersion), ("Http/1.1", .badVersion),
            ("HTTP1.1", .badVersion), ("XHTTP/1.1", .badVersion), ("HTTPS/1.1", .badVersion), ("HTTP/a.b", .badVersion),
            ("HTTP/1.1x", .badVersion), ("ICY/1.1", .badVersion), ("HTTP/-1.1", .badVersion),
        ])
    func versions(version: String, error: HTTPParseError) {
        #expect(throws: error) { _ = try request("GET / \(version)\r\nHost: a\r\n\r\n") }
    }

    @Test("RFC 9113 §3.4: the HTTP/2 preface is an unsupported version")
    func preface() {
        #expect(throws: HTTPParseError.unsupportedVersion) { _ = try request("PRI * HTTP/2.0\r\n\r\n") }
    }

    @Test("RFC 9112 §3: a target longer than the limit is refused, one of the limit's length is not")
    func targetLimit() throws {
        let limits = HeadLimits(headBytes: 1000, fields: 10, targetBytes: 5)
        _ = try request("GET /1234 HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits)
        #expect(throws: HTTPParseError.targetTooLong) {
            _ = try request("GET /12345 HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits)
        }
    }

    @Test("A head cut short at any place is refused and never trapped on")
    func everyPrefix() throws {
        let whole = Array("GET /a?b HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\n\r\n".utf8)
        for count in 0..<whole.count {
            #expect(throws: HTTPParseError.self) { _ = try request(bytes: Array(whole[..<count])) }
        }
        _ = try request(bytes: whole)
    }

    @Test("Bytes behind the head are refused: the caller passes exactly one")
    func bytesBehind() {
        #expect(throws: HTTPParseError.incompleteHead) { _ = try request("GET / HTTP/1.1\r\nHost: a\r\n\r\nx") }
    }
}
