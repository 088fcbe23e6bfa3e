// Targets and hosts: whom a request is for.
// Not for the choice of an endpoint.

import RelevoHTTP
import Testing

@Suite("Targets and hosts")
struct HostTests {
    @Test(
        "RFC 9112 §3.2: the host is known in one form",
        arguments: [
            ("a.example", "a.example", nil), ("A.ExAmple", "a.example", nil), ("a.example.", "a.example", nil),
            ("a.example:8080", "a.example", 8080), ("a.example.:80", "a.example", 80), ("a:", "a", nil),
            ("a:0", "a", 0),
            ("a:65535", "a", 65535), ("a:00080", "a", 80), ("127.0.0.1:1", "127.0.0.1", 1), ("[::1]", "[::1]", nil),
            ("[2001:DB8:0:0:0:0:0:1]:443", "[2001:db8::1]", 443), ("[::FFFF:1.2.3.4]", "[::ffff:1.2.3.4]", nil),
            ("a_b-c.x", "a_b-c.x", nil), ("xn--bcher-kva.example", "xn--bcher-kva.example", nil),
            ("a!$&'()*+;=~", "a!$&'()*+;=~", nil),
        ] as [(String, String, Int?)])
    func normalForm(text: String, host: String, port: Int?) throws {
        let authority = try Authority.parse(Array(text.utf8)[...])
        #expect(authority.hostText == host)
        #expect(authority.port == port)
        let head = try request("GET / HTTP/1.1\r\nHost: \(text)\r\n\r\n")
        #expect(head.authority == authority)
        #expect(String(decoding: head.fields.slice(head.authorityRange), as: UTF8.self) == text)
    }

    @Test(
        "RFC 9110 §7.2: what is no host, or could be read as two, is refused",
        arguments: [
            "", ".", "..", "a..b", ".a", "a..", "user@a", "a@b:80", "a:b", "a:1:2", "a:80 ", "a b", "a,b", "a,",
            "a%2eb", "a/b",
            "a?b", "a#b", "a:65536", "a:99999999999999999999", "a:-1", "a:+1", "a:0x50", ":80", "::1", "[::1", "::1]",
            "[]",
            "[::1]80", "[::1]:x", "[::1]]", "[[::1]]", "[127.0.0.1]", "[v1.a]", "[fe80::1%25eth0]", "[1:2:3]",
            "http://a",
            "a\\b", "a\"b", "<a>", "\u{e4}.example", "a\u{0}", "a\tb", "a|b", "{a}", "a^b", "[a.example]",
        ])
    func badHosts(text: String) {
        #expect(throws: HTTPParseError.self) { try Authority.parse(Array(text.utf8)[...]) }
        let error = text.contains("\0") ? HTTPParseError.nul : .badHost
        if !text.hasSuffix(" ") {  // blanks at the end are no part of the value
            #expect(throws: error) { _ = try request("GET / HTTP/1.1\r\nHost: \(text)\r\n\r\n") }
        }
    }

    @Test(
        "Nothing is left of a host that is refused",
        arguments: ["a\".example", "a.example:x", "[::1]x", "[::1]:x", String(repeating: "a", count: 300)])
    func nothingLeft(text: String) {
        var head = RequestHead()
        head.fields.bytes = Array("GET / HTTP/1.1\r\nHost: \(text)\r\n\r\n".utf8)
        #expect(throws: HTTPParseError.badHost) { try head.parse(limits: roomy) }
        #expect(head.authority == Authority())
    }

    @Test("A host longer than any DNS name is refused")
    func longHost() throws {
        let label = String(repeating: "a", count: 51)
        let name = [label, label, label, label].joined(separator: ".")
        _ = try Authority.parse(Array(name.utf8)[...])
        let longest = Array(String(repeating: "a", count: 255).utf8)
        #expect(try Authority.parse((longest + [0x2E])[...]).host == longest)
        #expect(throws: HTTPParseError.badHost) { try Authority.parse((longest + [0x61])[...]) }
        #expect(throws: HTTPParseError.badHost) { try Authority.parse(Array((name + "." + label).utf8)[...]) }
    }

    @Test("RFC 9112 §3.2: a request without Host is refused, whatever its version, unless a 1.0 target names the host")
    func missing() throws {
        #expect(throws: HTTPParseError.missingHost) { _ = try request("GET / HTTP/1.1\r\n\r\n") }
        #expect(throws: HTTPParseError.missingHost) { _ = try request("GET / HTTP/1.0\r\n\r\n") }
        #expect(throws: HTTPParseError.missingHost) { _ = try request("GET http://a/ HTTP/1.1\r\n\r\n") }
        #expect(throws: HTTPParseError.missingHost) { _ = try request("GET / HTTP/1.1\r\nX-Host: a\r\n\r\n") }
        #expect(try request("GET http://a/ HTTP/1.0\r\n\r\n").authority.hostText == "a")
    }

    @Test("RFC 9112 §3.2: two Host lines are refused, equal ones too, in any case", arguments: ["a", "b", ""])
    func duplicate(second: String) {
        #expect(throws: HTTPParseError.duplicateHost) {
            _ = try request("GET / HTTP/1.1\r\nHost: a\r\nhOST: \(second)\r\n\r\n")
        }
    }

    @Test("RFC 9112 §3.2.2: an absolute target wins over Host, and says so")
    func absolute() throws {
        let head = try request("GET HTTP://A.Example:81/p?q HTTP/1.1\r\nHost: b.example\r\n\r\n")
        #expect(head.targetForm == .absolute)
        #expect(head.authority.hostText == "a.example" && head.authority.port == 81)
        #expect(head.hostDiffers == true)
        #expect(String(decoding: head.pathBytes, as: UTF8.self) == "/p")
        #expect(String(decoding: head.queryBytes, as: UTF8.self) == "q")
        let same = try request("GET http://a.example/ HTTP/1.1\r\nHost: A.example.\r\n\r\n")
        #expect(same.hostDiffers == false)
    }

    @Test("RFC 9112 §3.2.2: Host must be valid even where the target wins")
    func absoluteWithBadHost() {
        #expect(throws: HTTPParseError.badHost) { _ = try request("GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n") }
        #expect(throws: HTTPParseError.badHost) { _ = try request("GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n") }
        #expect(throws: HTTPParseError.duplicateHost) {
            _ = try request("GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")
        }
    }

    @Test(
        "RFC 9110 §4.2.3: an empty path of an absolute target is a slash",
        arguments: [
            ("http://a", "/", ""), ("http://a?x=y", "/", "x=y"), ("https://a/?", "/", ""), ("http://a:80?", "/", ""),
        ])
    func emptyPath(target: String, path: String, query: String) throws {
        let head = try request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(String(decoding: head.pathBytes, as: UTF8.self) == path)
        #expect(String(decoding: head.queryBytes, as: UTF8.self) == query)
    }

    @Test(
        "RFC 9112 §3.2: a target that does not fit its method or scheme is refused",
        arguments: [
            ("GET *", HTTPParseError.badTarget), ("OPTIONS *x", .badTarget), ("GET a", .badTarget),
            ("GET a/b", .badTarget),
            ("GET a.example:80", .badTarget), ("GET ?x", .badTarget), ("GET http:/a", .badTarget),
            ("GET http:a", .badTarget),
            ("GET http:", .badTarget), ("GET http", .badTarget), ("GET http://", .badTarget),
            ("GET http:///x", .badHost),
            ("GET http://?x", .badHost), ("GET http://u@a/", .badHost), ("GET http://u:p@a/", .badHost),
            ("GET ftp://a/", .badTarget),
            ("GET file:///etc/passwd", .badTarget), ("GET httpx://a/", .badTarget), ("GET http://a:b/", .badHost),
            ("GET http://a\\@b/", .badHost),
            ("CONNECT /", .badHost), ("CONNECT a", .badTarget), ("CONNECT a:", .badTarget),
            ("CONNECT http://a:80", .badHost),
            ("CONNECT *", .badTarget), ("CONNECT u@a:80", .badHost), ("GET http://[::1/", .badHost),
            ("GET \\", .badTarget),
        ])
    func badTargets(line: String, error: HTTPParseError) {
        #expect(throws: error) { _ = try request("\(line) HTTP/1.1\r\nHost: a\r\n\r\n") }
    }

    @Test("RFC 9112 §3.2: authority form belongs to CONNECT, asterisk form to OPTIONS")
    func specialForms() throws {
        let connect = try request("CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n")
        #expect(connect.targetForm == .authority && connect.authority.port == 443 && connect.path.isEmpty)
        let options = try request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(options.targetForm == .asterisk && String(decoding: options.pathBytes, as: UTF8.self) == "*")
    }
}

@Suite("IP addresses")
struct IPAddressTests {
    @Test(
        "RFC 5952 §4: an address has one text form",
        arguments: [
            ("1.2.3.4", "1.2.3.4"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
            ("::1", "::1"),
            ("1::", "1::"), ("2001:DB8::0001", "2001:db8::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("0:0:3::", "0:0:3::"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("fe80::aBc", "fe80::abc"), ("1::8", "1::8"), ("0:1:0:0:0:1:0:0", "0:1::1:0:0"), ("::1.2.3.4", "::102:304"),
        ])
    func text(input: String, output: String) throws {
        let address = try #require(IPAddress(input))
        #expect(address.description == output)
        #expect(IPAddress(output) == address)
    }

    @Test(
        "RFC 4291 §2.2: what is no address is refused",
        arguments: [
            "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "01.2.3.4", "00.0.0.0", "256.1.1.1",
            "1.2.3.999", "1.2.3.4 ",
            " 1.2.3.4", "0x1.2.3.4", "1.2.3.-4", "a.b.c.d", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1::",
            "1::2::3", ":1::2", "1:",
            ":1", "1:2:3:4:5:6:7:", "::12345", "::g", "fe80::1%eth0", "[::1]", "1:2:3:4:5:6:7::8:9",
            "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3",
            "::1.2.3.4:5", "::01.2.3.4", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1.2.3.4::", "99999.1.1.1",
            "::ffff:1.2.3.256",
        ])
    func refused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("Numbers are what the text says")
    func numbers() {
        #expect(IPAddress("1.2.3.4") == .v4(0x0102_0304))
        #expect(IPAddress("2001:db8::ff") == .v6(0x2001_0DB8_0000_0000, 0xFF))
        #expect(IPAddress("1::2:3") == .v6(0x0001_0000_0000_0000, 0x0000_0000_0002_0003))
    }
}
