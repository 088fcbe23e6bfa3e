// What would become of a request, as values: that the rules of the request path decide it, and the fields as they reach
// an endpoint. That explanations and tests say the same is tested in RelevoConfigTests, that traffic goes there in
// IntegrationTests.

import RelevoHTTP
import RelevoPolicy
import Testing

@Suite struct RequestForecastTests {
    private static func explainer(
        _ change: (inout ProxyConfiguration) -> Void = { _ in }
    ) throws -> RequestExplainer {
        var configuration = ProxyConfiguration(
            listeners: ["127.0.0.1:8080"],
            domains: [
                .init(
                    "a.example",
                    routes: [
                        .init(.redirect(to: "https://b.example/", status: 308), path: "/old/"),
                        .init(.respond(status: 200, body: "ok"), path: "/health"),
                        .init(.endpoints(.init("a.example", endpoints: ["10.0.0.1", "10.0.0.2"])), path: "/v1"),
                    ])
            ])
        change(&configuration)
        return RequestExplainer(try SnapshotBuilder.build(configuration))
    }

    private static func summary(_ question: RequestExplainer.Question) throws -> String {
        try explainer { $0.limits.bodyBytes = 10 }.forecast(question).summary
    }

    @Test(
        "the rules that hold before routes hold here too",
        arguments: [
            ("CONNECT", [], "400 client.malformed"), ("TRACE", [], "501 client.method_refused"),
            ("POST", ["Content-Length: 11"], "413 client.body_too_large"),
            ("POST", ["Content-Length: 10"], "cluster `a.example`"),
            ("GET", Array(repeating: "Via: 1.1 relevo", count: 8), "508 route.loop"),
            ("GET", Array(repeating: "Via: 1.1 relevo", count: 7), "cluster `a.example`"),
            ("OPTIONS", ["Max-Forwards: 0"], "answer 204"), ("OPTIONS", ["Max-Forwards: 1"], "cluster `a.example`"),
        ])
    func refusals(method: String, fields: [String], expected: String) throws {
        #expect(try Self.summary(.init(url: "http://a.example/v1", method: method, fields: fields)) == expected)
    }

    @Test(
        "routes decide, and bounds of the configuration count",
        arguments: [
            ("a.example/old/x?y=z", "redirect 308 to `https://b.example/x?y=z`"), ("a.example/health", "answer 200"),
            ("a.example/none", "404 route.none"), ("b.example/", "421 route.unknown_domain"),
            ("a.example/" + String(repeating: "x", count: 20_000), "414 client.target_too_long"),
        ])
    func routes(url: String, expected: String) throws { #expect(try Self.summary(.init(url: url)) == expected) }

    private static func fields(
        _ fields: [String] = [], url: String = "http://a.example:81/v1", from client: String = "192.0.2.7",
        _ change: (inout ProxyConfiguration) -> Void = { _ in }
    ) throws -> [String] {
        try explainer(change).forecast(.init(url: url, fields: fields, client: client)).fields
            .map { "\($0.name): \($0.value)" }
    }

    private static let identifier = "X-Request-ID: 0000000000000000"

    @Test("the endpoint hears of the client what the proxy knows, not what the client says")
    func untrusted() throws {
        let found = try Self.fields(["X-Forwarded-For: 10.0.0.1", "Forwarded: for=a", "Cookie: a", "TE: x"])
        #expect(
            found == [
                "Host: a.example:81", "Cookie: a", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: http",
                "X-Forwarded-Host: a.example:81", "Via: 1.1 relevo", Self.identifier,
            ])
    }

    @Test("a trusted proxy's word is kept and added to, its identifier too")
    func trusted() throws {
        let found = try Self.fields(["X-Forwarded-For: 10.0.0.1", "X-Request-ID: abc"], url: "https://a.example/v1") {
            $0.trustedProxies = ["192.0.2.0/24"]
        }
        #expect(found.contains("X-Forwarded-For: 10.0.0.1, 192.0.2.7") && found.contains("X-Forwarded-Proto: https"))
        #expect(found.contains("X-Request-ID: abc"))
    }

    @Test("each mode of a domain writes its own fields, the classic one changes Connection alone")
    func modes() throws {
        let rfc7239 = try Self.fields { $0.domains[0].forwarded = .rfc7239 }
        #expect(rfc7239.contains("Forwarded: for=192.0.2.7;host=\"a.example:81\";proto=http"))
        #expect(!rfc7239.contains { $0.hasPrefix("X-Forwarded") })
        let classic = try Self.fields(["X-Forwarded-For: 1", "Connection: keep-alive"]) {
            ($0.domains[0].forwarded, $0.domains[0].connection) = (.none, .close)
        }
        #expect(classic == ["Host: a.example:81", "X-Forwarded-For: 1", "Connection: close"])
        #expect(try Self.fields { $0.domains[0].connection = .close }.contains("Connection: close"))
        #expect(try Self.fields(url: "http://a.example/health") == [])
    }

    @Test("candidates are those that serve: with a weight, and of the lowest number")
    func candidates() throws {
        let explainer = try Self.explainer {
            var reserve = ProxyConfiguration.Endpoint("10.0.0.3")
            reserve.backup = 1
            let endpoints = ["10.0.0.1", .init("10.0.0.2", weight: 0), reserve]
            $0.domains = [.init("a.example", endpoints: endpoints)]
        }
        #expect(explainer.forecast(.init(url: "a.example")).candidates.map(\.text) == ["10.0.0.1:80"])
        #expect(explainer.forecast(.init(url: "b.example")).candidates.isEmpty)
    }

    @Test("a listener that sends its clients to TLS decides before the routes, and says so")
    func redirectToTLS() throws {
        let explainer = try Self.explainer { $0.listeners[0].redirect = RedirectToTLS() }
        let forecast = explainer.forecast(.init(url: "http://a.example/v1?x"))
        #expect(forecast.summary == "redirect 301 to `https://a.example/v1?x`")
        #expect(forecast.reason == "the listener sends its clients to TLS")
        #expect(forecast.route == nil && forecast.domain?.name == "a.example")
    }
}
