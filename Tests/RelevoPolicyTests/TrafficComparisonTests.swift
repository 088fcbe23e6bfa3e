// Logged requests decided by two configurations: how lines are read, what counts as a difference, and that neither the
// number of requests nor their variety makes memory grow. The program's output is tested in IntegrationTests.

import Testing

@testable import RelevoPolicy

@Suite struct TrafficComparisonTests {
    private static func line(_ method: String, _ host: String, _ target: String, _ more: String = "") -> String {
        "{\"time\":\"2026-11-23T10:00:00.000Z\",\"peer\":\"192.0.2.1:5000\",\"host\":\"\(host)\","
            + "\"method\":\"\(method)\",\"target\":\"\(target)\",\"status\":200,\"duration_ms\":1.5\(more)}"
    }

    private static func request(_ line: String) throws -> LoggedRequest {
        try LoggedRequest(line: Array(line.utf8)[...])
    }

    // MARK: Lines

    @Test("a line is read in any order of keys, whatever else is in it")
    func lines() throws {
        let plain = try Self.request(Self.line("GET", "a.example", "/x?y"))
        #expect(plain.method == Array("GET".utf8) && plain.host == Array("a.example".utf8))
        #expect(plain.target == Array("/x?y".utf8) && plain.peer == Array("192.0.2.1".utf8) && !plain.isSecure)
        let other = try Self.request(
            """
             { "failed_attempts" : [ { "endpoint" : "a}\\"]", "ms" : -1.5e3 } , [ ] ], "tls_version":"TLSv1.3",
             "target":"\\u002fa\\"\\u00fc\\n","peer":"[2001:db8::1]:443", "method":"X","ok":true,"none":null,"host":"h"}
            """)
        #expect(other.target == Array("/a\"".utf8) + [0xFC, 0x0A])
        #expect(other.peer == Array("2001:db8::1".utf8) && other.isSecure)
        #expect(try Self.request(Self.line("GET", "a", "/").replacing("192.0.2.1:5000", with: "/run/x")).peer == [])
        #expect(try !Self.request(Self.line("", "", "")).isRoutable)
    }

    @Test(
        "what is none of an access log is refused",
        arguments: [
            ("", LoggedRequest.Failure.noObject), ("nonsense", .noObject), ("[]", .noObject), ("{", .noObject),
            ("{\"method\":\"GET\"", .noObject), ("{\"a\":1} x", .noObject), ("{\"a\" 1}", .noObject),
            ("{\"a\":}", .noObject), ("{\"a\":1,}", .noObject), ("{\"a\":[1}", .noObject), ("{\"a\":\"x", .noObject),
            ("{\"a\":\"x\\", .noObject), ("{a:1}", .noObject), ("{\"a\":1 \"b\":2}", .noObject), ("{}", .noRequest),
            ("{\"a\":1}", .noRequest), ("{\"method\":1,\"host\":\"a\",\"target\":\"/\"}", .noRequest),
        ])
    func badLines(text: String, failure: LoggedRequest.Failure) {
        #expect(throws: failure) { try Self.request(text) }
    }

    @Test("a line that was cut off anywhere is refused, and does no harm")
    func cutOff() throws {
        let whole = Self.line("GET", "a.example", "/\\u00fc\\\"", ",\"failed_attempts\":[{\"a\":\"b\"}]")
        for length in 0..<whole.utf8.count {
            #expect(throws: LoggedRequest.Failure.self) {
                try LoggedRequest(line: Array(whole.utf8.prefix(length))[...])
            }
        }
        #expect(throws: Never.self) { try Self.request(whole) }
    }

    // MARK: Differences

    private static func snapshot(_ change: (inout ProxyConfiguration) -> Void = { _ in }) throws -> ProxySnapshot {
        var configuration = ProxyConfiguration(
            listeners: ["127.0.0.1:80", .init("127.0.0.1:443", tls: ListenerTLS(certificates: [.init("a.pem")]))],
            domains: [
                .init(
                    "*.a.example",
                    routes: [
                        .init(.cluster("api"), path: "/v1"), .init(.redirect(to: "/v1/", status: 308), path: "/old/"),
                        .init(.respond(status: 200, body: "ok"), path: "/health"),
                    ])
            ], clusters: [.init("api", endpoints: ["10.0.0.1"]), .init("other", endpoints: ["10.0.0.1"])])
        change(&configuration)
        return try SnapshotBuilder.build(configuration)
    }

    private static func changes(
        _ lines: [String], _ change: (inout ProxyConfiguration) -> Void
    ) throws -> TrafficComparison {
        var comparison = TrafficComparison(from: try snapshot(), to: try snapshot(change))
        for line in lines { comparison.add(try request(line)) }
        return comparison
    }

    private static func words(
        _ method: String, _ target: String, _ change: (inout ProxyConfiguration) -> Void
    ) throws -> [String] {
        let comparison = try changes([line(method, "b.a.example", target)], change)
        return comparison.changes.map { "\($0.subject): \($0.differences.map(\.text).joined(separator: "; "))" }
    }

    @Test("equal configurations decide everything alike, also if it is written elsewhere")
    func same() throws {
        let lines = ["/v1", "/old/x?y", "/health", "/none"].map { Self.line("GET", "b.a.example", $0) }
        let comparison = try Self.changes(lines + [Self.line("GET", "c", "/"), Self.line("", "", "")]) {
            $0.domains[0].location = SourceLocation(file: "b", line: 7, column: 1)
        }
        #expect(comparison.changed == 0 && comparison.changes.isEmpty)
        #expect(comparison.compared == 5 && comparison.unreadable == 1)
    }

    @Test("each kind of change has its words")
    func kinds() throws {
        #expect(
            try Self.words("GET", "/v1") { $0.domains[0].routes[0].action = .cluster("other") }
                == ["GET *.a.example/v1…: cluster `api` → `other`"])
        #expect(
            try Self.words("GET", "/v1") {
                $0.domains[0].routes.insert(.init(.cluster("api"), path: "/v1", methods: ["GET"]), at: 0)
            }
                == ["GET *.a.example/v1…: route `/v1` → `GET /v1`"])
        #expect(
            try Self.words("GET", "/v1") { $0.clusters[0].endpoints = ["10.0.0.2", "10.0.0.1"] }
                == ["GET *.a.example/v1…: endpoints `10.0.0.1:80` → `10.0.0.2:80`, `10.0.0.1:80`"])
        #expect(
            try Self.words("GET", "/v1") { $0.domains[0].timeouts.response = .seconds(3) }
                == ["GET *.a.example/v1…: timeouts response 1m → response 3s"])
        #expect(
            try Self.words("GET", "/v1") { $0.domains[0].forwarded = .rfc7239 }
                == [
                    "GET *.a.example/v1…: fields `X-Forwarded-For`, `X-Forwarded-Proto`, `X-Forwarded-Host`"
                        + " → `Forwarded`"
                ])
        #expect(
            try Self.words("GET", "/v1") { $0.trustedProxies = ["192.0.2.1"] }
                == ["GET *.a.example/v1…: trust in nothing that the client says → in what the client says of others"])
        #expect(
            try Self.words("GET", "/v1") { $0.domains = [.init("b.a.example", cluster: "api")] }
                == ["GET *.a.example/v1…: domain `*.a.example` → `b.a.example`; route `/v1` → `/`"])
        #expect(
            try Self.words("GET", "/health") { $0.domains[0].routes[2].action = .respond(status: 201, body: "no") }
                == ["GET *.a.example/health…: status 200 → 201; body 2 bytes → 2 other bytes"])
        #expect(
            try Self.words("GET", "/old/x") { $0.domains[0].routes[1].action = .redirect(to: "/v2/", status: 307) }
                == ["GET *.a.example/old/…: status 308 → 307; location `/v1/…` → `/v2/…`"])
        #expect(
            try Self.words("PUT", "/none") { $0.domains[0].routes.append(.init(.cluster("api"))) }
                == ["PUT *.a.example/…: 404 route.none → cluster `api`"])
        #expect(
            try Self.words("GET", "/v1") { $0.domains[0].name = "c" }
                == ["GET *.a.example/v1…: cluster `api` → 421 route.unknown_domain"])
        #expect(
            try Self.words("GET", "/old/x") { $0.listeners[0].redirect = RedirectToTLS(port: 8443) }
                == [
                    "GET *.a.example/old/…: status 308 → 301;"
                        + " location `/v1/…` → the same URL over TLS, port 8443"
                ])
    }

    @Test("whether there is a query counts where a redirect stops to take it along")
    func queries() throws {
        let lines = ["/old/x", "/old/x?a=b", "/old/x?c=d"].map { Self.line("GET", "b.a.example", $0) }
        let comparison = try Self.changes(lines) {
            $0.domains[0].routes[1].action = .redirect(to: "/v1/x", status: 308)
        }
        #expect(comparison.compared == 3 && comparison.changed == 2)
        #expect(
            comparison.changes.flatMap(\.samples) == ["http://b.a.example/old/x?a=b", "http://b.a.example/old/x?c=d"])
    }

    @Test("what came over TLS is decided as such")
    func secure() throws {
        let lines = ["", ",\"tls_version\":\"TLSv1.3\""].map { Self.line("GET", "b.a.example", "/v1", $0) }
        let comparison = try Self.changes(lines) { $0.listeners[0].redirect = RedirectToTLS() }
        #expect(comparison.changed == 1)
        #expect(comparison.changes.map(\.samples) == [["http://b.a.example/v1"]])
    }

    @Test("equal changes are one group, the largest first, with three different samples")
    func groups() throws {
        var lines = (0..<10).map { Self.line("GET", "b\($0).a.example", "/v1/\($0 / 2)?x=\($0)") }
        lines += (0..<20).map { _ in Self.line("POST", "b.a.example", "/v1") }
        let comparison = try Self.changes(lines) { $0.domains[0].routes[0].action = .cluster("other") }
        #expect(comparison.changes.map(\.count) == [20, 10])
        #expect(comparison.changes.map(\.samples.count) == [1, 3])
        #expect(comparison.changed == 30 && comparison.ungrouped == 0)
    }

    @Test("requests without end and all different neither lose count nor fill the memory")
    func bounds() throws {
        var comparison = TrafficComparison(
            from: try Self.snapshot(), to: try Self.snapshot { $0.clusters[0].endpoints = ["10.0.0.9"] })
        let count = TrafficComparison.maxMemory + 10
        for number in 0..<count {
            comparison.add(try Self.request(Self.line("GET", "b.a.example", "/v1/\(number)")))
        }
        #expect(comparison.remembered <= TrafficComparison.maxMemory)
        #expect(comparison.changes.map(\.count) == [count])
        var many = TrafficComparison(
            from: try Self.snapshot(), to: try Self.snapshot { $0.clusters[0].endpoints = ["10.0.0.9"] })
        for number in 0..<(TrafficComparison.maxGroups + 5) {
            many.add(try Self.request(Self.line("M\(number)", "b.a.example", "/v1")))
        }
        #expect(many.changes.count == TrafficComparison.maxGroups)
        #expect(many.ungrouped == 5 && many.changed == TrafficComparison.maxGroups + 5)
    }
}
