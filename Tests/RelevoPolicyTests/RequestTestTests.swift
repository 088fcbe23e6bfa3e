// Expectations of requests: which hold, and the words for those that do not. How they are read is tested in
// RelevoConfigTests, what would become of requests in RequestForecastTests.

import RelevoPolicy
import Testing

@Suite struct RequestTestTests {
    private static let place = SourceLocation(file: "relevo.yaml", line: 9, column: 3)

    private static func explainer() throws -> RequestExplainer {
        var secure = ProxyConfiguration.Endpoint("10.0.0.3")
        secure.tls = true
        let api = ProxyConfiguration.Cluster("api", endpoints: ["10.0.0.1", "10.0.0.2:81", secure])
        var route = ProxyConfiguration.Route(.cluster("api"), path: "/v1", methods: ["GET"])
        route.location = SourceLocation(file: "relevo.yaml", line: 4, column: 9)
        route.timeouts.response = .seconds(3)
        let old = ProxyConfiguration.Route(.redirect(to: "/v1/", status: 308), path: "/old/")
        let text = ProxyConfiguration.Route(.respond(status: 200, body: "ok\n"), path: "/health")
        return RequestExplainer(
            try SnapshotBuilder.build(
                ProxyConfiguration(
                    listeners: ["127.0.0.1:80"], domains: [.init("*.A.example", routes: [route, old, text])],
                    clusters: [api])))
    }

    private static func failures(_ url: String, _ statements: [RequestExpectation.Statement]) throws -> [String] {
        let test = RequestTest(
            .init(url: url), expectations: statements.map { RequestExpectation($0, location: place) }, location: place)
        return try test.judged(by: explainer()).failures.map(\.text)
    }

    @Test("expectations that hold, however they may be written")
    func passes() throws {
        let all: [(String, [RequestExpectation.Statement])] = [
            (
                "b.a.example/v1/x",
                [
                    .domain("*.a.example"), .domain("*.A.example"), .route("/v1"), .route("GET /v1"), .cluster("api"),
                    .endpoint("10.0.0.1"), .endpoint("10.0.0.1:80"), .endpoint("http://10.0.0.1"),
                    .endpoint("10.0.0.3"), .endpoint("https://10.0.0.3"), .endpoint("10.0.0.3:443"),
                    .endpoints(["https://10.0.0.3", "10.0.0.2:81", "10.0.0.1"]),
                    .header("host", .text("b.a.example")), .header("X-Request-ID", .present),
                    .header("Cookie", .absent), .timeout(.response, .seconds(3)), .timeout(.connect, .seconds(5)),
                ]
            ), ("b.a.example/old/x?y", [.status(308), .location("/v1/x?y"), .route("/old/")]),
            ("b.a.example/health", [.status(200), .body("ok\n")]),
            ("b.a.example/", [.status(404), .code(.routeNone), .domain("*.a.example")]),
            ("a.example/", [.status(421), .code(.routeUnknownDomain)]),
        ]
        for (url, statements) in all { #expect(try Self.failures(url, statements) == []) }
    }

    @Test(
        "what does not hold is told with what would be instead",
        arguments: [
            (.domain("b"), "domain: expected `b`, got `*.A.example` (there is no domain `b`)"),
            (.route("/v2"), "route: expected `/v2`, got `GET /v1`"),
            (.cluster("apj"), "cluster: expected `apj`, got `api` (there is no cluster `apj`: did you mean `api`?)"),
            (
                .endpoint("10.0.0.1:81"),
                "endpoint: expected `10.0.0.1:81`, got `10.0.0.1:80`, `10.0.0.2:81`, `https://10.0.0.3:443`"
            ),
            (
                .endpoint("https://10.0.0.1"),
                "endpoint: expected `https://10.0.0.1`, got `10.0.0.1:80`, `10.0.0.2:81`, `https://10.0.0.3:443`"
            ),
            (
                .endpoints(["10.0.0.1", "10.0.0.2:81"]),
                "endpoint: expected `10.0.0.1`, `10.0.0.2:81`,"
                    + " got `10.0.0.1:80`, `10.0.0.2:81`, `https://10.0.0.3:443`"
            ), (.status(200), "status: expected 200, got cluster `api`"),
            (.location("/"), "location: expected `/`, got cluster `api`"),
            (.body("a\nb"), "body: expected `\"a\\nb\"`, got cluster `api`"),
            (.code(.routeNone), "code: expected `route.none`, got cluster `api`"),
            (.header("Via", .absent), "headers.Via: expected none, got `1.1 relevo`"),
            (.header("Cookie", .present), "headers.Cookie: expected any value, got none"),
            (.header("Cookie", .text("a")), "headers.Cookie: expected `a`, got none"),
            (.header("Host", .text("a")), "headers.Host: expected `a`, got `b.a.example`"),
            (
                .header("X-Request-Id", .text("0000000000000000")),
                "headers.X-Request-Id: expected `0000000000000000`, got another one for each request (write `any`)"
            ), (.timeout(.response, .seconds(4)), "timeouts.response: expected 4s, got 3s"),
        ] as [(RequestExpectation.Statement, String)])
    func differences(statement: RequestExpectation.Statement, words: String) throws {
        #expect(try Self.failures("b.a.example/v1/x", [statement]) == [words])
    }

    @Test("where no endpoint is asked, everything about endpoints fails, and the reason is told")
    func answers() throws {
        let statements: [RequestExpectation.Statement] = [
            .cluster("api"), .endpoint("10.0.0.1"), .endpoints(["10.0.0.1"]), .header("Via", .absent),
            .timeout(.body, .seconds(30)), .route("/old/"), .domain("*.a.example"),
        ]
        let unknown = "421 route.unknown_domain"
        #expect(
            try Self.failures("c.example/", statements) == [
                "cluster: expected `api`, got \(unknown)", "endpoint: expected `10.0.0.1`, got \(unknown)",
                "endpoint: expected `10.0.0.1`, got \(unknown)", "headers.Via: expected none, got \(unknown)",
                "timeouts.body: expected 30s, got \(unknown)", "route: expected `/old/`, got no route",
                "domain: expected `*.a.example`, got no domain",
            ])
        #expect(
            try Self.failures("b.a.example/old/", [.status(307), .location("/"), .body("")]) == [
                "status: expected 307, got 308", "location: expected `/`, got `/v1/`",
                "body: expected `\"\"`, got redirect 308 to `/v1/`",
            ])
        #expect(
            try Self.failures("b.a.example/health", [.body("ok")]) == ["body: expected `\"ok\"`, got `\"ok\\n\"`"])
    }

    @Test(
        "the reason is the route with its place, or why there is none",
        arguments: [
            ("b.a.example/v1", "route `GET /v1`, relevo.yaml:4"),
            ("b.a.example/", "no route of `*.A.example` takes it"),
            ("c.example", "no domain has this name"),
            ("b.a.example/x y", "The protocol version is malformed"),
        ])
    func reasons(url: String, reason: String) throws {
        let test = RequestTest(
            .init(url: url), expectations: [RequestExpectation(.status(599), location: Self.place)],
            location: Self.place)
        let verdict = try test.judged(by: Self.explainer())
        #expect(verdict.reason == reason)
        #expect(!verdict.hasPassed)
    }
}
