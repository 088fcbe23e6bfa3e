// Statements about the client: X-Forwarded-* and Forwarded, and who may make them.
// Not for the rest of an outgoing head.

import RelevoHTTP
import Testing

@Suite("Statements about the client")
struct ForwardedTests {
    private func rewrite(_ forwarded: Forwarded, _ address: String, trusted: Bool = false) -> RequestRewrite {
        var rewrite = RequestRewrite(forwarded: forwarded)
        rewrite.clientAddress = Array(address.utf8)
        rewrite.trusted = trusted
        return rewrite
    }

    private let claims = [
        "X-Forwarded-For: 6.6.6.6, 7.7.7.7", "x-forwarded-for: 8.8.8.8", "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil", "X-Forwarded-Port: 1",
        "X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6", "forwarded: for=7.7.7.7;proto=https",
    ]

    @Test("What an untrusted client claims is replaced, in both vocabularies")
    func untrusted() throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: A.example:80"] + claims))
        #expect(
            lines(sent(received, rewrite(.xForwarded, "10.0.0.1"))) == [
                "Host: A.example:80", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: http",
                "X-Forwarded-Host: A.example:80",
            ])
        #expect(
            lines(sent(received, rewrite(.rfc7239, "10.0.0.1"))) == [
                "Host: A.example:80", "Forwarded: for=10.0.0.1;host=\"A.example:80\";proto=http",
            ])
    }

    @Test("What a trusted client claims is kept, and its list continued on one line")
    func trusted() throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: a"] + claims))
        #expect(
            lines(sent(received, rewrite(.xForwarded, "10.0.0.1", trusted: true))) == [
                "Host: a", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil", "X-Forwarded-Port: 1",
                "X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6",
                "forwarded: for=7.7.7.7;proto=https", "X-Forwarded-For: 6.6.6.6, 7.7.7.7, 8.8.8.8, 10.0.0.1",
            ])
        #expect(
            lines(sent(received, rewrite(.rfc7239, "10.0.0.1", trusted: true))).last
                == "Forwarded: for=6.6.6.6, for=7.7.7.7;proto=https, for=10.0.0.1;host=a;proto=http")
    }

    @Test("Nothing is said and nothing dropped where nothing is to be said")
    func none() throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: a"] + claims))
        #expect(lines(sent(received, rewrite(.none, "10.0.0.1"))) == ["Host: a"] + claims)
    }

    @Test("RFC 7239 §6: an IPv6 address stands in brackets and quotes, an absent one is unknown")
    func nodes() throws {
        let received = try get()
        #expect(
            lines(sent(received, rewrite(.rfc7239, "2001:db8::1"))).last
                == "Forwarded: for=\"[2001:db8::1]\";host=a.example;proto=http")
        #expect(lines(sent(received, rewrite(.rfc7239, ""))).last == "Forwarded: for=unknown;host=a.example;proto=http")
        #expect(lines(sent(received, rewrite(.xForwarded, "2001:db8::1")))[1] == "X-Forwarded-For: 2001:db8::1")
    }

    @Test("Without an address X-Forwarded-For is left out, or left as a trusted client sent it")
    func noAddress() throws {
        let received = try get("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For:")
        #expect(!sent(received, rewrite(.xForwarded, "")).contains("X-Forwarded-For"))
        #expect(sent(received, rewrite(.xForwarded, "", trusted: true)).contains("X-Forwarded-For: 6.6.6.6\r\n"))
    }

    @Test("The client's scheme is told; the host is that of an absolute target")
    func schemeAndHost() throws {
        var rewrite = rewrite(.xForwarded, "::1")
        rewrite.scheme = .https
        let received = try request("GET http://A.example/ HTTP/1.1\r\nHost: b\r\n\r\n")
        #expect(
            lines(sent(received, rewrite)) == [
                "Host: A.example", "X-Forwarded-For: ::1", "X-Forwarded-Proto: https", "X-Forwarded-Host: A.example",
            ])
    }

    @Test("RFC 7239 §8.1: Connection cannot strip what the proxy says")
    func nominatedAway() throws {
        let received = try get("Connection: X-Forwarded-For, X-Forwarded-Proto, Forwarded, Via")
        #expect(lines(sent(received, rewrite(.xForwarded, "1.1.1.1"))).contains("X-Forwarded-For: 1.1.1.1"))
    }

    private static let otherClaims = [
        "X-Forwarded-Prefix: /x", "x-forwarded-: 1", "X-FORWARDED-Server: s", "X_Forwarded_For: 6.6.6.6",
        "X-Forwarded_For: 6.6.6.6", "x_forwarded-proto: https", "X_Real_IP: 6.6.6.6", "X-Forwarded-Client_Cert: c",
    ]
    private static let innocent = [
        "X-Forwarded: 1", "XX-Forwarded-For: 1", "X-Requested-With: x", "X_Real: 1", "X-Real-IPs: 1",
        "Forwarded_For: 1",
        "X-Forwardedfor: 1", "X-: 1", "X-F: 1",
    ]

    @Test("The whole family of an untrusted client's claims is dropped, in spellings that CGI takes for the same too")
    func family() throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: a"] + Self.otherClaims + Self.innocent))
        for vocabulary in [Forwarded.xForwarded, .rfc7239] {
            let result = lines(sent(received, rewrite(vocabulary, "10.0.0.1")))
            #expect(Array(result.dropFirst().prefix(Self.innocent.count)) == Self.innocent)
            #expect(
                result.dropFirst(1 + Self.innocent.count).allSatisfy { $0.hasSuffix(": 10.0.0.1") || !$0.contains("_") }
            )
            #expect(!result.contains(where: Self.otherClaims.contains))
        }
        #expect(lines(sent(received)) == ["Host: a"] + Self.otherClaims + Self.innocent)
    }

    @Test("Of a trusted client only the spellings with underscores are dropped: they may be its own client's")
    func familyOfTrusted() throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: a"] + Self.otherClaims + Self.innocent))
        let result = lines(sent(received, rewrite(.rfc7239, "10.0.0.1", trusted: true)))
        #expect(result.dropFirst().dropLast() == (Self.otherClaims.prefix(3) + Self.innocent)[...])
    }

    @Test("What a hook says in that family stays")
    func familyByHook() throws {
        var received = try get("X-Forwarded-Prefix: forged")
        try received.fields.append(name: "X-Forwarded-Prefix", value: "/own")
        #expect(lines(sent(received, rewrite(.xForwarded, "1.1.1.1")))[1] == "X-Forwarded-Prefix: /own")
    }

    @Test(
        "RFC 7239 §4: elements of a trusted client that could swallow the proxy's own are replaced",
        arguments: [
            ["for=\"1.2.3.4"], ["for=1.1.1.1, for=\"x\\\""], ["for=\"a", "b\""], ["for=a\"b;by=\"c"], ["for=\"a\"b"],
            ["for=1.1.1.1\\"], ["\""], ["for=\"\"\""], ["for=1.1.1.1", "by=\""], ["for= \"a\""],
        ])
    func malformedElements(values: [String]) throws {
        let received = try request(head("GET / HTTP/1.1", ["Host: a"] + values.map { "Forwarded: " + $0 }))
        #expect(
            lines(sent(received, rewrite(.rfc7239, "10.0.0.1", trusted: true))) == [
                "Host: a", "Forwarded: for=10.0.0.1;host=a;proto=http",
            ])
    }

    @Test(
        "RFC 7239 §4: well-formed elements of a trusted client are added to",
        arguments: [
            "for=\"[::1]:80\";by=_x", "for=\"\"", "for=unknown;ext=\"a, \\\" b\" ; host=a,for=\"b\"", ",",
            "for=\"a\\\\\"",
        ])
    func wellFormedElements(value: String) throws {
        let received = try get("Forwarded: " + value)
        #expect(
            lines(sent(received, rewrite(.rfc7239, "10.0.0.1", trusted: true))).last
                == "Forwarded: \(value), for=10.0.0.1;host=a.example;proto=http")
    }

    @Test("RFC 7239 §6: a client without an IP address is unknown")
    func noAddressText() throws {
        #expect(
            try lines(sent(get(), rewrite(.rfc7239, ""))).last
                == "Forwarded: for=unknown;host=a.example;proto=http")
        #expect(try !sent(get(), rewrite(.xForwarded, "")).contains("X-Forwarded-For"))
        let received = try get("X-Forwarded-For: 6.6.6.6")
        #expect(lines(sent(received, rewrite(.xForwarded, "", trusted: true))).contains("X-Forwarded-For: 6.6.6.6"))
    }
}
