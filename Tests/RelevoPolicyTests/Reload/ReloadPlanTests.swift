// What a reload would change: every part of a configuration, its order, its spellings and its places.
// That changes are carried out is tested with whole proxies.

import RelevoPolicy
import Testing

@Suite("The plan of a reload")
struct ReloadPlanTests {
    private static let base: ProxyConfiguration = {
        var api = ProxyConfiguration.Cluster("api", endpoints: ["10.0.0.1", "10.0.0.2:8080"])
        api.health = HealthCheck()
        var configuration = ProxyConfiguration(
            listeners: ["0.0.0.0:80", "[::]:80"],
            domains: [
                .init(
                    "a.example",
                    routes: [
                        .init(.cluster("api"), path: "/v1/", methods: ["GET"]),
                        .init(.redirect(to: "https://b.example/", status: 308), path: "/old/"), .init(.cluster("api")),
                    ]),
                .init("b.example", endpoints: ["10.0.1.1"]),
            ], clusters: [api])
        configuration.trustedProxies = ["10.0.0.0/8"]
        return configuration
    }()

    private func plan(_ change: (inout ProxyConfiguration) -> Void) -> ReloadPlan {
        var changed = Self.base
        change(&changed)
        return ReloadPlan(from: Self.base, to: changed)
    }

    @Test("the same configuration changes nothing, wherever and however it is written")
    func same() {
        let plan = plan {
            $0.listeners[0].location = SourceLocation(file: "b.yaml", line: 7, column: 1)
            $0.domains[0].location = SourceLocation(file: "b.yaml", line: 9, column: 1)
            $0.domains[1].name = "B.example"
            $0.clusters[0].endpoints[0].address = "http://10.0.0.1:80"
            $0.clusters[0].location = SourceLocation(file: "b.yaml", line: 8, column: 1)
        }
        #expect(plan.isEmpty && plan.description == "nothing changes" && plan.lines == [])
    }

    typealias Row = (change: @Sendable (inout ProxyConfiguration) -> Void, lines: [String])

    private static let rows: [Row] = [
        ({ $0.listeners[1].address = "[::]:81" }, ["- listener [::]:80", "+ listener [::]:81"]),
        (
            { $0.listeners[0].tls = ListenerTLS(certificates: [CertificateFiles("a.pem")]) },
            ["~ listener 0.0.0.0:80: tls"]
        ),
        ({ $0.listeners[0].redirect = RedirectToTLS() }, ["~ listener 0.0.0.0:80: redirect"]),
        ({ $0.domains.removeLast() }, ["- domain b.example"]),
        ({ $0.domains[1].hsts = .off }, ["~ domain b.example: hsts"]),
        ({ $0.hsts = StrictTransport() }, ["~ setting hsts"]),
        ({ $0.domains[1].forwarded = .none }, ["~ domain b.example: forwarded"]),
        ({ $0.domains[0].routes.swapAt(0, 2) }, ["~ domain a.example: routes"]),
        ({ $0.domains[0].routes[0].path = "/v2/" }, ["- route a.example GET /v1/", "+ route a.example GET /v2/"]),
        (
            { $0.domains[0].routes[1].action = .respond(status: 410, body: "") },
            ["~ route a.example /old/: redirect, respond"]
        ),
        ({ $0.domains[0].routes[2].timeouts.body = .seconds(1) }, ["~ route a.example /: timeouts"]),
        (
            { $0.domains[1] = .init("b.example", endpoints: ["10.0.1.2"]) },
            ["- endpoint b.example 10.0.1.1", "+ endpoint b.example 10.0.1.2"]
        ),
        (
            { $0.clusters[0].endpoints[1].weight = 3 }, ["~ endpoint api 10.0.0.2:8080: weight"]
        ),
        (
            {
                $0.clusters[0].health = nil
                $0.clusters[0].hold = .seconds(2)
            }, ["~ cluster api: health, hold"]
        ),
        ({ $0.clusters.append(.init("c", endpoints: ["10.0.0.3"])) }, ["+ cluster c"]),
        (
            {
                $0.timeouts.head = .seconds(1)
                $0.limits.fields = 9
                $0.trustedProxies = []
                $0.accessLog = .standardOutput
                $0.workers = 3
            }, ["workers", "timeouts", "limits", "trusted_proxies", "access_log"].map { "~ setting \($0)" }
        ),
    ]

    @Test("each part that differs is told, with what differs of it", arguments: rows.indices)
    func parts(row: Int) {
        let row = Self.rows[row]
        #expect(plan(row.change).lines == row.lines)
    }

    @Test("the summary counts, in the order of the parts")
    func summary() {
        let plan = plan {
            $0.domains[0].routes.removeLast(2)
            $0.domains[0].routes[0].timeouts.body = .seconds(1)
            $0.clusters.append(.init("c", endpoints: ["10.0.0.3"]))
        }
        #expect(plan.description == "2 routes removed, 1 route changed, 1 cluster added")
    }

    @Test("twins are paired in their order, so that one more is one more")
    func twins() {
        let plan = plan { $0.domains[0].routes.append(.init(.cluster("api"))) }
        #expect(plan.lines == ["+ route a.example /"])
    }
}
