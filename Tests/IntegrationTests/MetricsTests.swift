// What is counted for domains, routes, clusters and endpoints, as values and as others read it.
// That the form is Prometheus' own is said by its own tool, which is not asked here.

import CLibevent
import Foundation
import MetricsTestKit
import Relevo
import RelevoAdmin
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Metrics") struct Metrics: Reloading {
        @Test("each request is counted once, where it belongs, by whichever worker")
        func counting() async throws {
            let origin = try Origin.ok("hello")
            let settings = configuration([
                .init("a.example", cluster: "api"),
                .init(
                    "b.example",
                    routes: [.init(.respond(status: 404, body: ""), path: "/no"), .init(.cluster("api"))]),
            ]) { $0.clusters = [.init("api", endpoints: [.init(origin.text), "127.0.0.1:9"])] }
            try await withRunning(settings) { proxy, address in
                for _ in 0..<12 { #expect(try ask(address, "a.example").status == 200) }
                for _ in 0..<3 { #expect(try ask(address, "b.example", "/no/x").status == 404) }
                #expect(try ask(address, "b.example").status == 200)
                #expect(try ask(address, "c.example").status == 421)
                #expect(await eventually { await proxy.statistics().requestsActive == 0 })
                let metrics = await proxy.metrics()
                #expect(metrics.domains.map(\.name) == ["a.example", "b.example", ""])
                #expect(metrics.domains.map(\.answers) == [[2: 12], [2: 1, 4: 3], [4: 1]])
                #expect(metrics.domains[1].routes.map(\.answers) == [[4: 3], [2: 1]])
                #expect(metrics.domains.map(\.faults) == [[:], [:], [.routeUnknownDomain: 1]])
                #expect(metrics.domains.map(\.duration.count) == [12, 4, 1])
                #expect(metrics.domains.map(\.responseStart.count) == [12, 1, 0])
                let cluster = try #require(metrics.clusters.first)
                #expect(cluster.name == "api" && metrics.clusters.count == 1)
                #expect(cluster.endpoints.map(\.answers) == [[2: 13], [:]])
                let refused = cluster.endpoints[1].faults[.connectRefused] ?? 0
                #expect(cluster.retries == refused && cluster.endpoints[1].faults.count == (refused > 0 ? 1 : 0))
                #expect(cluster.connect.count >= 1 && cluster.connect.sum > 0)
                #expect(cluster.endpoints[0].idleConnections >= 1)
                #expect(cluster.endpoints.allSatisfy { $0.status.requestsActive == 0 })
            }
        }

        @Test("a reload keeps what is counted for what keeps its name, and forgets the rest")
        func reload() async throws {
            let origin = try Origin.ok("hello")
            func settings(_ names: [String], _ change: (inout ProxyConfiguration) -> Void = { _ in })
                -> ProxyConfiguration
            {
                configuration(names.map { .init($0, cluster: "api") }) {
                    $0.clusters = [.init("api", endpoints: [.init(origin.text)])]
                    change(&$0)
                }
            }
            try await withRunning(settings(["a.example", "b.example"])) { proxy, address in
                for name in ["a.example", "b.example", "b.example", "none.example"] { _ = try ask(address, name) }
                try await proxy.reload(
                    settings(["c.example", "b.example"]) { $0.clusters[0].balance = .roundRobin })
                _ = try ask(address, "c.example")
                _ = try ask(address, "b.example")
                #expect(await eventually { await proxy.statistics().requestsActive == 0 })
                let metrics = await proxy.metrics()
                #expect(metrics.domains.map(\.name) == ["c.example", "b.example", ""])
                #expect(metrics.domains.map(\.answers) == [[2: 1], [2: 3], [4: 1]])
                #expect(metrics.domains[1].routes.map(\.answers) == [[2: 3]])
                #expect(metrics.clusters[0].endpoints.map(\.answers) == [[2: 5]])
            }
        }

        @Test("the text has each family once, its samples behind it, and labels that nobody can break out of")
        func text() throws {
            let directory = try TemporaryDirectory()
            let origin = try Origin.ok("hello")
            let file = try directory.write(
                "relevo.yaml",
                """
                workers: 2
                listeners: [127.0.0.1:0]
                domains: { a.example: { cluster: 'od"d\\' } }
                clusters: { 'od"d\\': [\(origin.text)] }
                access_log: off
                admin: unix:\(directory.path)/admin.sock
                """)
            let program = try Program(Program.relevo, ["run", file])
            let words = program.complaints { $0.contains("serving=") }
            let port = words.split(separator: "addresses=127.0.0.1:").dropFirst().first?.prefix { $0.isNumber }
            let address = SocketAddress.loopback(port: try #require(port.flatMap { UInt16($0) }, "\(words)"))
            for _ in 0..<5 { #expect(try ask(address, "a.example").status == 200) }
            let reload = try Program.run("reload", "--admin", "unix:\(directory.path)/admin.sock")
            #expect(reload.status == 0, "\(reload.complaints)")
            let client = try Client(.unix(path: "\(directory.path)/admin.sock"))
            try client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = try client.response()
            #expect(answer.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            let lines = answer.text.split(separator: "\n").map(String.init)
            let families = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
            #expect(Set(families).count == families.count && families.count > 30)
            var family = ""
            for line in lines {
                if line.hasPrefix("# TYPE ") { family = String(line.split(separator: " ")[2]) }
                guard !line.hasPrefix("#") else { continue }
                #expect(line.hasPrefix(family), "\(line)")
                #expect(Double(line.split(separator: " ").last ?? "") != nil, "\(line)")
            }
            for line in [
                "relevo_requests_total{domain=\"a.example\",class=\"2xx\"} 5",
                "relevo_route_requests_total{domain=\"a.example\",route=\"/\",class=\"2xx\"} 5",
                "relevo_request_duration_seconds_bucket{domain=\"a.example\",le=\"10\"} 5",
                "relevo_request_duration_seconds_bucket{domain=\"a.example\",le=\"+Inf\"} 5",
                "relevo_request_duration_seconds_count{domain=\"a.example\"} 5",
                "relevo_endpoint_requests_total{cluster=\"od\\\"d\\\\\",endpoint=\"\(origin.text)\",class=\"2xx\"} 5",
                "relevo_reloads_total{result=\"done\"} 1", "relevo_client_connections_accepted_total 5",
            ] { #expect(lines.contains(line), "\(line)") }
            program.signal(SIGTERM)
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
        }

        @Test("swift-metrics gets the same: counters by what they have grown, gauges as they are, until the proxy ends")
        func report() async throws {
            let origin = try Origin.ok("hello")
            let settings = configuration([.init("a.example", cluster: "api")]) {
                $0.clusters = [.init("api", endpoints: [.init(origin.text)])]
            }
            let backend = TestMetrics()
            let requests = ("relevo_requests_total", [("domain", "a.example"), ("class", "2xx")])
            func total() -> Int64 { (try? backend.expectCounter(requests.0, requests.1))?.totalValue ?? 0 }
            try await withRunning(settings) { proxy, address in
                for _ in 0..<3 { _ = try ask(address, "a.example") }
                let report = Task { await proxy.reportMetrics(to: backend, every: .milliseconds(100)) }
                #expect(await eventually { total() == 3 })
                for _ in 0..<2 { _ = try ask(address, "a.example") }
                #expect(await eventually { total() == 5 })
                let labels = [("domain", "a.example"), ("le", "+Inf")]
                let bucket = try backend.expectCounter("relevo_request_duration_seconds_bucket", labels)
                #expect(await eventually { bucket.totalValue == 5 })
                let endpoint = [("cluster", "api"), ("endpoint", origin.text)]
                #expect(try backend.expectMeter("relevo_endpoint_available", endpoint).lastValue == 1)
                await proxy.shutdown()
                await report.value
                #expect(backend.counters.isEmpty && backend.meters.isEmpty)
            }
        }
    }
}
