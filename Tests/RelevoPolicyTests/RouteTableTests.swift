// Which domain and route a request belongs to.
// Matching only; the builder has tests of its own.

import RelevoHTTP
import RelevoPolicy
import Testing

@Suite struct RouteTableTests {
    private func snapshot(_ domains: [ProxyConfiguration.Domain]) throws -> ProxySnapshot {
        try SnapshotBuilder.build(
            ProxyConfiguration(
                listeners: ["127.0.0.1:0"], domains: domains,
                clusters: [.init("read", endpoints: ["10.0.0.1"]), .init("all", endpoints: ["10.0.0.2"])]))
    }

    private func decision(
        _ snapshot: ProxySnapshot, _ host: String, _ path: String = "/", _ method: String = "GET"
    ) -> String {
        let query = RouteQuery(
            host: Array(host.utf8)[...], path: Array(path.utf8)[...], method: Array(method.utf8)[...])
        switch snapshot.table.decide(query) {
        case .unknownDomain: return "unknown"
        case .noRoute(let domain): return "none of \(domain.name)"
        case .matched(let domain, let route): return "\(domain.name) \(route.text)"
        }
    }

    @Test(
        "the exact name wins, then the longest suffix, then the fallback",
        arguments: [
            ("a.example", "a.example /"), ("x.shop.example", "*.shop.example /"),
            ("x.y.shop.example", "*.shop.example /"), ("x.eu.shop.example", "*.eu.shop.example /"),
            ("eu.shop.example", "*.shop.example /"), ("shop.example", "* /"), ("other", "* /"), ("", "* /"),
        ])
    func domains(host: String, expected: String) throws {
        let snapshot = try snapshot(
            ["a.example", "*.shop.example", "*.eu.shop.example", "*"].map { .init($0, endpoints: ["10.0.0.1"]) })
        #expect(decision(snapshot, host) == expected)
    }

    @Test(
        "a domain that is an address takes requests in every spelling of it, however it was written",
        arguments: [
            ("::1", "[::1]:80"), ("2001:DB8::0:1", "[2001:db8::1]"), ("[2001:DB8:0::2]", "[2001:0db8::2]:443"),
            ("[::ffff:1.2.3.4]", "[::FFFF:102:304]"), ("::1.2.3.4", "[::102:304]"), ("1.2.3.4", "1.2.3.4:80"),
            ("[::]", "[0:0:0:0:0:0:0:0]"),
        ])
    func addresses(written: String, asked: String) throws {
        let snapshot = try snapshot([.init(written, endpoints: ["10.0.0.1"])])
        let host = try Authority.parse(Array(asked.utf8)[...]).hostText
        #expect(decision(snapshot, host) == "\(host) /")
        #expect(snapshot.table.domains[0].written == written)
    }

    @Test("an explanation shows a name as it was written, if that is not how it is looked up")
    func writtenName() throws {
        let snapshot = try snapshot([.init("2001:DB8::0:1", endpoints: ["10.0.0.1"])])
        let lines = RequestExplainer(snapshot).explain(.init(url: "http://[2001:db8::1]/"))
        #expect(lines.contains("domain    [2001:db8::1] is configured as 2001:DB8::0:1"), "\(lines)")
    }

    @Test(
        "a host that no pattern matches is unknown, however similar",
        arguments: ["a.example.evil", "aa.example", "xa.example", "a.exampl", ".a.example", "*.shop.example.x"])
    func unknown(host: String) throws {
        let snapshot = try snapshot([.init("a.example", endpoints: ["10.0.0.1"])])
        #expect(decision(snapshot, host) == "unknown")
    }

    @Test(
        "the first route that takes path and method wins, in the order written",
        arguments: [
            ("/v1/users", "GET", "api.example GET,HEAD /v1/"), ("/v1/users", "POST", "api.example /v1/"),
            ("/health", "GET", "api.example /health"), ("/health/x", "GET", "api.example /health"),
            ("/healthz", "GET", "none of api.example"), ("/v1", "GET", "none of api.example"),
            ("/v1/users", "get", "api.example /v1/"), ("/", "GET", "none of api.example"),
            // What an origin would decode or resolve is compared in its decoded form.
            ("/x/../v1/users", "POST", "api.example /v1/"), ("/%76%31/users", "POST", "api.example /v1/"),
            ("//v1//users", "POST", "api.example /v1/"), ("/v1/%2e%2e/health", "GET", "api.example /health"),
            ("/v1/../../..", "GET", "none of api.example"), ("/./health/.", "GET", "api.example /health"),
            ("/v1%2Fusers", "GET", "none of api.example"), ("/health%", "GET", "none of api.example"),
        ])
    func routes(path: String, method: String, expected: String) throws {
        let snapshot = try snapshot([
            .init(
                "api.example",
                routes: [
                    .init(.cluster("read"), path: "/v1/", methods: ["GET", "HEAD"]),
                    .init(.cluster("all"), path: "/v1/"), .init(.respond(status: 200, body: "ok"), path: "/health"),
                ])
        ])
        #expect(decision(snapshot, "api.example", path, method) == expected)
    }

    @Test(
        "RFC 3986 §6.2.2.1: percent-encodings are compared without regard to case",
        arguments: ["/x%2Fadmin", "/x%2fadmin", "/%78%2fadmin", "/x%2fadmin/y", "/a/../x%2fadmin"])
    func encodingCase(path: String) throws {
        let snapshot = try snapshot([
            .init("a.example", routes: [.init(.respond(status: 403, body: ""), path: "/x%2Fadmin")])
        ])
        #expect(decision(snapshot, "a.example", path) == "a.example /x%2Fadmin")
    }

    @Test(
        "the normal form encodes in upper case, and leaves what is no encoding as it is",
        arguments: [
            ("/%c3%bc", "/%C3%BC"), ("/%C3%bC", "/%C3%BC"), ("/%zz%2", "/%zz%2"), ("/%", "/%"), ("/%%2f", "/%%2F"),
            ("/%2", "/%2"), ("/a%2fb/%2e%2E/c", "/c"), ("/%7e%7E", "/~~"), ("/%00", "/%00"), ("/plain", "/plain"),
        ])
    func normalForm(path: String, expected: String) {
        #expect(String(decoding: NormalPath(Array(path.utf8)[...]).bytes, as: UTF8.self) == expected)
    }

    @Test("an explanation takes the same decision and names every step")
    func explanation() throws {
        let snapshot = try snapshot([.init("*.shop.example", endpoints: ["10.0.0.1"])])
        let query = RouteQuery(
            host: Array("a.b.shop.example".utf8)[...], path: Array("/".utf8)[...], method: Array("GET".utf8)[...])
        var trace = RouteExplanation()
        guard case .matched = snapshot.table.decide(query, trace: &trace) else {
            Issue.record("not matched")
            return
        }
        #expect(
            trace.steps == [
                "domain    a.b.shop.example is not configured by that very name",
                "domain    *.b.shop.example is not configured", "domain    shop.example matches *.shop.example",
                "route     /: takes it",
            ])
    }

    @Test(
        "a redirect to a location with a final slash keeps the rest of the path and the query",
        arguments: [
            ("/old/a/b", "?c=d", "https://n.example/v1/a/b?c=d"), ("/old/", "", "https://n.example/v1/"),
            ("/old///evil.example", "", "https://n.example/v1/evil.example"),
        ])
    func redirect(path: String, query: String, expected: String) throws {
        let snapshot = try snapshot([
            .init(
                "a.example", routes: [.init(.redirect(to: "https://n.example/v1/", status: 308), path: "/old/")])
        ])
        guard case .redirect(let target, _) = snapshot.table.domains[0].routes[0].target else {
            Issue.record("no redirect")
            return
        }
        let location = target.location(path: Array(path.utf8)[...], query: Array(query.utf8)[...])
        #expect(String(decoding: location, as: UTF8.self) == expected)
    }

    @Test("a thousand domains are all found, and nothing else")
    func many() throws {
        let snapshot = try snapshot((0..<1000).map { .init("d\($0).example", endpoints: ["10.0.0.1"]) })
        for number in 0..<1000 { #expect(decision(snapshot, "d\(number).example") == "d\(number).example /") }
        for number in 1000..<1100 { #expect(decision(snapshot, "d\(number).example") == "unknown") }
    }
}
