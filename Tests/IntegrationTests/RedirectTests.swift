// Listeners that send their clients to TLS, and what browsers are told of TLS in answers.
// Which URL a request is sent to is tested in RelevoPolicyTests.

import CLibevent
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Redirects to TLS") struct RedirectsToTLS {
        private func configuration(_ origin: Origin, trusts: Bool = false) -> ProxyConfiguration {
            var challenge = ProxyConfiguration.Route(.respond(status: 200, body: "token"))
            challenge.path = "/.well-known/acme-challenge/"
            let all = ProxyConfiguration.Route(.endpoints(.init("a", endpoints: [.init(origin.text)])))
            var configuration = ProxyConfiguration.loopback([
                .init("a.example", routes: [challenge, all]), .to("b.example", origin),
                .classic("classic.example", origin),
            ])
            configuration.listeners[0].redirect = RedirectToTLS(port: 8443)
            if trusts { configuration.trustedProxies = ["127.0.0.0/8"] }
            return configuration
        }

        @Test("requests are answered with their URL at the other port, one after the other on a connection")
        func sent() async throws {
            let origin = try Origin.ok()
            try await withProxy(configuration(origin)) { proxy in
                let client = try proxy.client()
                let requests = [
                    ("GET /a?b=c HTTP/1.1\r\nHost: A.example:81\r\n\r\n", 301, "https://a.example:8443/a?b=c"),
                    ("HEAD / HTTP/1.1\r\nHost: b.example\r\n\r\n", 301, "https://b.example:8443/"),
                    (
                        "POST /form HTTP/1.1\r\nHost: b.example\r\nContent-Length: 4\r\n\r\nbody", 308,
                        "https://b.example:8443/form"
                    ),
                    ("GET http://b.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n", 301, "https://b.example:8443/x"),
                    ("OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n", 308, "https://a.example:8443"),
                    ("PROPFIND /x HTTP/1.1\r\nHost: a.example\r\n\r\n", 308, "https://a.example:8443/x"),
                ]
                for (request, status, location) in requests {
                    try client.send(request)
                    let answer = try client.response(to: request.hasPrefix("HEAD") ? "HEAD" : "GET")
                    #expect(answer.status == status && answer.field("Location") == location, "\(answer.head)")
                }
                #expect(origin.requestCount == 0)
                #expect(try proxy.log.line().text("domain") == "a.example")
            }
        }

        @Test("nobody is sent to a host that is not served, and what is no request is none here either")
        func refused() async throws {
            let origin = try Origin.ok()
            try await withProxy(configuration(origin)) { proxy in
                let cases = [
                    ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421), ("GET / HTTP/1.0\r\n\r\n", 400),
                    ("GET http://evil.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", 421),
                    ("GET / HTTP/1.1\r\nHost: a.example@evil.example\r\n\r\n", 400),
                    ("GET / HTTP/1.1\r\n\r\n", 400), ("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", 501),
                ]
                for (request, status) in cases {
                    let answer = try ask(proxy, request)
                    #expect(answer.status == status && answer.field("Location") == nil, "\(request): \(answer.head)")
                }
                let old = try ask(proxy, "GET http://a.example/x HTTP/1.0\r\n\r\n")
                #expect(old.status == 301 && old.field("Location") == "https://a.example:8443/x")
                #expect(origin.requestCount == 0)
            }
        }

        @Test("a body that is still to come ends the connection, and the answer arrives")
        func bodies() async throws {
            try await withProxy(configuration(try Origin.ok())) { proxy in
                let client = try proxy.client()
                try client.send(
                    "PUT /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
                let answer = try client.response()
                #expect(answer.status == 308 && answer.field("Connection") == "close")
                #expect(client.end() == .orderly)
            }
        }

        @Test("RFC 8555 §8.3: a route for challenges is served without TLS, in every spelling of its path and no other")
        func challenges() async throws {
            try await withProxy(configuration(try Origin.ok())) { proxy in
                for path in ["/.well-known/acme-challenge/abc", "/x/../.well-known/%61cme-challenge/abc"] {
                    let answer = try ask(proxy, "GET \(path) HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(answer.status == 200 && answer.text == "token")
                }
                for path in ["/.well-known/acme-challenge/../../x", "/.well-known/acme-challengex", "/.well-known/"] {
                    #expect(try ask(proxy, "GET \(path) HTTP/1.1\r\nHost: a.example\r\n\r\n").status == 301)
                }
                // No route is written for them there.
                let other = "GET /.well-known/acme-challenge/abc HTTP/1.1\r\nHost: b.example\r\n\r\n"
                #expect(try ask(proxy, other).status == 301)
            }
        }

        @Test("who came by TLS to a trusted proxy is served; who only says so is sent")
        func behindProxies() async throws {
            let origin = try Origin.ok()
            let request = "GET / HTTP/1.1\r\nHost: b.example\r\nX-Forwarded-Proto: "
            for (trusts, value, status) in [
                (true, "https", 200), (true, "HTTPS, http", 200), (true, "http", 301), (true, "http, https", 301),
                (true, "httpsx", 301), (true, "", 301), (false, "https", 301),
            ] {
                try await withProxy(configuration(origin, trusts: trusts)) { proxy in
                    let answer = try ask(proxy, request + value + "\r\n\r\n")
                    #expect(answer.status == status, "\(trusts) \(value)")
                }
            }
        }

        @Test("a hook may answer on such a listener, but not send a request on")
        func hooks() async throws {
            let origin = try Origin.ok()
            try await withProxy(configuration(origin)) {
                $0.hook = { request in
                    switch request.path {
                    case "/answer": .respond(HookResponse(status: 403, body: "no"))
                    case "/cluster": .cluster("a")
                    case "/nowhere": .cluster("nowhere")
                    default: .forward
                    }
                }
            } _: { proxy in
                for (path, status) in [("/answer", 403), ("/cluster", 301), ("/nowhere", 301), ("/", 301)] {
                    let answer = try ask(proxy, "GET \(path) HTTP/1.1\r\nHost: b.example\r\n\r\n")
                    #expect(answer.status == status, "\(path)")
                }
                #expect(origin.requestCount == 0)
            }
        }
    }

    @Suite("Strict-Transport-Security") struct StrictTransportSecurity {
        private static let line = "max-age=31536000"

        private func configuration(_ world: CertifiedWorld, _ dead: SocketAddress) -> ProxyConfiguration {
            world.configuration(nil) { configuration in
                configuration.hsts = StrictTransport()
                var moved = ProxyConfiguration.Route(.redirect(to: "https://b.example/", status: 307))
                moved.path = "/moved"
                configuration.domains.append(.init("own.example", routes: [moved]))
                configuration.domains.append(.init("dead.example", endpoints: [.init(dead.description)]))
                configuration.domains.append(.init("off.example", endpoints: [.init(world.origin.text)]))
                configuration.domains[5].hsts = .off
            }
        }

        /// What a client gets of the field.
        private func told(_ response: RawResponse) -> [String] {
            HTTPText.values(of: "strict-transport-security", in: response.head)
        }

        @Test("RFC 6797 §7.2: every answer over TLS says it once, in place of the endpoint; none without TLS does")
        func once() async throws {
            let world = try CertifiedWorld()
            let origin = try Origin.answering(
                "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\nX: 1\r\n"
                    + "strict-transport-security: max-age=2\r\nContent-Length: 2\r\n\r\nok")
            var configuration = configuration(world, try deadAddress())
            for place in [0, 1, 2, 5] {
                configuration.domains[place].routes[0].action = .endpoints(
                    .init("c\(place)", endpoints: [.init(origin.text)]))
            }
            try await withProxy(configuration) { proxy in
                let cases: [(host: String, target: String, status: Int, told: [String])] = [
                    ("a.example", "/", 200, [Self.line]), ("none.example", "/", 200, [Self.line]),
                    ("classic.example", "/", 200, [Self.line]), ("own.example", "/moved", 307, [Self.line]),
                    ("own.example", "/other", 404, [Self.line]), ("dead.example", "/", 502, [Self.line]),
                    ("unknown.example", "/", 421, []), ("off.example", "/", 200, ["max-age=1", "max-age=2"]),
                ]
                for (host, target, status, expected) in cases {
                    let answer = try world.client(nil, proxy).get(host, target)
                    #expect(answer.status == status && told(answer) == expected, "\(answer.head)")
                    let plain = try Client(proxy.group.addresses[1])
                    try plain.get(host, target)
                    let bare = try plain.response()
                    #expect(bare.status == status)
                    #expect(told(bare) == (host == "off.example" ? expected : []), "\(bare.head)")
                }
                let kept = try world.client(nil, proxy)
                for _ in 0..<3 { #expect(try told(kept.get("a.example")) == [Self.line]) }
            }
        }

        @Test("an answer of a hook says it too, unless it says something else itself")
        func hooks() async throws {
            let world = try CertifiedWorld()
            try await withProxy(configuration(world, try deadAddress())) {
                $0.hook = { request in
                    let own = [("Strict-Transport-Security", "max-age=7")]
                    return .respond(HookResponse(status: 200, fields: request.path == "/own" ? own : []))
                }
            } _: { proxy in
                let cases = [("a.example", "/", [Self.line]), ("a.example", "/own", ["max-age=7"])]
                for (host, target, expected) in cases + [("unknown.example", "/", [])] {
                    let answer = try world.client(nil, proxy).get(host, target)
                    #expect(told(answer) == expected, "\(answer.head)")
                }
            }
        }
    }
}
