// Redirects to TLS and Strict-Transport-Security: what is refused, what is warned about, what is said.
// That clients get it is tested in IntegrationTests.

import RelevoHTTP
import RelevoPolicy
import Testing

@Suite struct TransportRulesTests {
    private func configuration(_ change: (inout ProxyConfiguration) -> Void = { _ in }) -> ProxyConfiguration {
        var challenge = ProxyConfiguration.Route(.respond(status: 200, body: "token"))
        challenge.path = "/.well-known/acme-challenge/"
        var configuration = ProxyConfiguration(
            listeners: ["0.0.0.0:80", "0.0.0.0:443"],
            domains: [
                .init("a.example", routes: [challenge, .init(.respond(status: 200, body: ""), path: "/served")]),
                .init("b.example", endpoints: ["10.0.0.1"]),
            ])
        configuration.listeners[0].redirect = RedirectToTLS()
        configuration.listeners[1].tls = ListenerTLS(certificates: [.init("a.pem")])
        change(&configuration)
        return configuration
    }

    private func problems(_ change: (inout ProxyConfiguration) -> Void) -> [String] {
        let error = #expect(throws: ConfigurationError.self) { try SnapshotBuilder.build(configuration(change)) }
        return error?.problems.map(\.message) ?? []
    }

    private func warnings(_ change: (inout ProxyConfiguration) -> Void = { _ in }) throws -> [String] {
        try SnapshotBuilder.build(configuration(change)).warnings.map(\.message)
    }

    @Test("a redirect beside TLS, to no port, or with a status that changes the method is refused")
    func badRedirects() {
        #expect(
            problems { $0.listeners[0].tls = $0.listeners[1].tls } == [
                "listener `0.0.0.0:80` speaks TLS and sends its clients to TLS"
            ])
        for port in [0, -1, 65_536] {
            #expect(problems { $0.listeners[0].redirect?.port = port } == ["`port` of a redirect is \(port)"])
        }
        for status in [200, 303, 304, 404] {
            #expect(
                problems { $0.listeners[0].redirect?.status = status } == [
                    "`status` of a redirect to https is \(status)"
                ])
        }
    }

    @Test("a redirect to where nobody listens is warned about, one whose port was chosen is not")
    func lostRedirects() throws {
        #expect(try warnings().isEmpty)
        #expect(try warnings { $0.listeners[1].tls = nil }.count == 1)
        let elsewhere = try warnings { $0.listeners[1].address = "0.0.0.0:8443" }
        #expect(elsewhere == ["listener `0.0.0.0:80` sends its clients to port 443, where no listener speaks TLS"])
        let chosen = try warnings {
            $0.listeners[1].address = "0.0.0.0:8443"
            $0.listeners[0].redirect?.port = 443
        }
        #expect(chosen.isEmpty)
    }

    @Test("what browsers would not take is refused, what nobody hears is warned about")
    func strictTransport() throws {
        func on(_ settings: StrictTransport) -> [String] {
            problems { $0.hsts = settings } + problems { $0.domains[0].hsts = .on(settings) }
        }
        #expect(on(.init(maxAge: .seconds(-1))).count == 2)
        #expect(on(.init(maxAge: .seconds(400_000_000))).count == 2)
        #expect(on(.init(maxAge: .milliseconds(1500))).count == 2)
        #expect(on(.init(preload: true)).count == 2)
        #expect(on(.init(maxAge: .seconds(86_400), includesSubdomains: true, preload: true)).count == 2)
        #expect(try warnings { $0.hsts = StrictTransport(includesSubdomains: true, preload: true) }.isEmpty)
        let unheard = try warnings {
            $0.listeners = ["0.0.0.0:80"]
            $0.hsts = StrictTransport()
        }
        #expect(unheard == ["`hsts` is said to nobody"])
    }

    @Test("each domain has the line that was written for it, or that of the whole proxy")
    func lines() throws {
        let snapshot = try SnapshotBuilder.build(
            configuration {
                $0.hsts = StrictTransport(maxAge: .zero)
                $0.domains[1].hsts = .on(StrictTransport(includesSubdomains: true, preload: true))
                $0.domains.append(.init("c.example", endpoints: ["10.0.0.1"]))
                $0.domains[2].hsts = .off
            })
        #expect(
            snapshot.table.domains.map { String(decoding: $0.hsts, as: UTF8.self) } == [
                "Strict-Transport-Security: max-age=0\r\n",
                "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\n", "",
            ])
    }

    private func location(_ line: String, _ redirect: RedirectToTLS = RedirectToTLS()) throws -> String {
        var head = RequestHead()
        let host = line.hasSuffix("1.0") ? "" : "Host: A.example:8080\r\n"
        head.fields.bytes = Array("\(line)\r\n\(host)\r\n".utf8)
        try head.parse(limits: HeadLimits())
        return String(decoding: redirect.location(of: head), as: UTF8.self)
    }

    @Test(
        "a redirect keeps path and query as they were sent, and the host without its port",
        arguments: [
            ("GET / HTTP/1.1", "https://a.example/"),
            ("GET /a/../b%2f?c=d&e HTTP/1.1", "https://a.example/a/../b%2f?c=d&e"),
            ("GET //evil.example/ HTTP/1.1", "https://a.example//evil.example/"),
            ("GET /? HTTP/1.1", "https://a.example/?"),
            ("GET http://b.example:81/x?y HTTP/1.1", "https://b.example/x?y"),
            ("GET http://b.example HTTP/1.1", "https://b.example/"),
            ("GET http://b.example?q HTTP/1.1", "https://b.example/?q"),
            ("GET http://[2001:DB8::0:1]:81/ HTTP/1.0", "https://[2001:db8::1]/"),
            ("OPTIONS * HTTP/1.1", "https://a.example"),
        ])
    func locations(line: String, expected: String) throws {
        #expect(try location(line) == expected)
    }

    @Test("another port than 443 is named; GET and HEAD get 301, anything else keeps its method")
    func statuses() throws {
        #expect(try location("GET /x HTTP/1.1", .init(port: 8443)) == "https://a.example:8443/x")
        #expect(try location("GET /x HTTP/1.1", .init(port: 443)) == "https://a.example/x")
        for method in Method.allCases {
            let isOld = method == .get || method == .head
            #expect(RedirectToTLS().status(answering: method) == (isOld ? 301 : 308))
            #expect(RedirectToTLS(status: 302).status(answering: method) == 302)
        }
    }

    private func explain(
        _ url: String, fields: [String] = [], from client: String = "10.0.0.1",
        _ change: (inout ProxyConfiguration) -> Void = { _ in }
    ) throws -> [String] {
        let snapshot = try SnapshotBuilder.build(configuration(change))
        return RequestExplainer(snapshot).explain(.init(url: url, fields: fields, client: client))
    }

    @Test("explain shows where a plain request is sent, and what is served all the same")
    func explained() throws {
        let sent = try explain("http://a.example/served?x")
        #expect(sent.contains("listener  0.0.0.0:80: sends its clients to https, port 443"))
        #expect(sent.contains("listener  0.0.0.0:443: TLS"))
        #expect(sent.last == "outcome   redirect, status 301, to https://a.example/served?x")
        #expect(try explain("http://a.example/unknown").last?.contains("redirect, status 301") == true)
        let challenge = try explain("http://a.example/.well-known/acme-challenge/x")
        #expect(challenge.last == "outcome   answered at once: status 200, 5 bytes")
        #expect(try explain("http://c.example/").last?.contains("421") == true)
        let trusted = try explain("http://a.example/served", fields: ["X-Forwarded-Proto: https"]) {
            $0.trustedProxies = ["10.0.0.0/8"]
        }
        #expect(trusted.last == "outcome   answered at once: status 200, 0 bytes")
        #expect(
            try explain("http://a.example/served", fields: ["X-Forwarded-Proto: https"]).last
                == sent.last.map {
                    $0.replacing("?x", with: "")
                })
    }

    @Test("explain looks at the scheme and the port of the URL, and says what browsers are told")
    func doors() throws {
        let secure = try explain("https://a.example/served") { $0.hsts = StrictTransport() }
        #expect(secure.contains("hsts      Strict-Transport-Security: max-age=31536000"))
        #expect(secure.last == "outcome   answered at once: status 200, 0 bytes")
        #expect(!(try explain("http://a.example/") { $0.hsts = StrictTransport() }).contains { $0.hasPrefix("hsts") })
        let several = try explain("http://a.example:81/served") { $0.listeners.append("0.0.0.0:81") }
        #expect(several.last == "outcome   answered at once: status 200, 0 bytes")
        let unclear = try explain("http://a.example:82/served") { $0.listeners.append("0.0.0.0:81") }
        #expect(unclear.contains("note      0.0.0.0:80 would send the client to https instead"))
        let plain = try explain("https://a.example/served") { $0.listeners = ["0.0.0.0:81"] }
        #expect(plain.contains("note      no listener speaks TLS: explained as if one did"))
        let asking = try explain("https://a.example/") {
            $0.listeners[1].tls?.client = ClientCertificates(ca: "ca.pem", mode: .request)
        }
        #expect(asking.contains("listener  0.0.0.0:443: TLS, asks for a certificate"))
        let told = try explain("https://b.example/") {
            $0.listeners[1].tls?.client = ClientCertificates(ca: "ca.pem")
        }
        #expect(told.contains { $0.contains("X-Client-Cert-* and Client-Cert is removed; where a listener asks") })
        #expect(!(try explain("https://b.example/")).contains { $0.contains("X-Client-Cert") })
    }
}
