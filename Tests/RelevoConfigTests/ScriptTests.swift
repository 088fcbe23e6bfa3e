// Scripts of simulations: what they can say, and what people read when one is wrong. Every file in Scripts/ has an
// `.expected` file beside it with the exact output. What becomes of a script is tested with the policies.

import Foundation
import RelevoPolicy
import Testing

@testable import RelevoConfig

@Suite("Scripts of simulations")
struct ScriptTests {
    private static let configuration = """
        workers: 3
        listeners: [0.0.0.0:8080]
        domains: { a.example: { cluster: api }, b.example: ["[::1]:81"] }
        clusters:
          api: { endpoints: [10.0.0.1, "10.0.0.2:8080"], timeouts: { response: 3s } }
        """

    private static func snapshot() throws -> ProxySnapshot {
        try SnapshotBuilder.build(load(configuration).configuration)
    }

    private static func script(_ text: String) throws -> SimulationScript {
        try ConfigurationLoader(environment: ["RATE": "70/s"])
            .loadScript(text: text, file: "script.yaml", for: snapshot())
    }

    @Test(
        "A wrong script is refused with exactly the expected words",
        arguments: ["wrong-values", "wrong-places", "empty", "no-cluster"])
    func broken(name: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Scripts")
        let text = try String(contentsOf: folder.appendingPathComponent(name + ".yaml"), encoding: .utf8)
        let expected = try String(contentsOf: folder.appendingPathComponent(name + ".expected"), encoding: .utf8)
        let error = try #require(throws: ConfigurationFileError.self) {
            try ConfigurationLoader().loadScript(text: text, file: name + ".yaml", for: Self.snapshot())
        }
        #expect(error.rendered() + "\n" == expected)
    }

    @Test("What a script leaves out has its default, workers and time limits those of the configuration")
    func defaults() throws {
        let script = try Self.script("cluster: api")
        #expect(script.cluster.name == "api")
        #expect(script.duration == .seconds(60) && script.rate == 1000 && script.posts == 0)
        #expect(script.workers == 3 && script.clients == 1000)
        #expect(script.timeouts.response == .seconds(3))
        #expect(try Self.script("cluster: b.example").cluster.endpoints.map(\.text) == ["[::1]:81"])
    }

    @Test("Values are those that were written, variables included")
    func values() throws {
        let script = try Self.script(
            "{ cluster: api, duration: 90s, rate: \"${RATE}\", posts: 15%, workers: 1, clients: 5 }")
        #expect(script.duration == .seconds(90) && script.rate == 70 && script.posts == 15)
        #expect(script.workers == 1 && script.clients == 5)
        #expect(try Self.script("{ cluster: api, rate: 250 }").rate == 250)
    }

    @Test("Phases do what they say: each mode has its failure, and latency stays until it is said anew")
    func phases() throws {
        let codes = [
            ("refuses: true", "connect.refused"), ("ignores: true", "connect.timeout"),
            ("drops: true", "upstream.closed"), ("hangs: true", "upstream.timeout"), ("errors: true", "status 503"),
            ("errors: { status: 500 }", "status 500"), ("latency: 5s", "upstream.timeout"),
        ]
        for (mode, code) in codes {
            let text = "{ cluster: api, duration: 5s, rate: 20, endpoints: { \"*\": { \(mode) } } }"
            let report = Simulation.run(try Self.script(text))
            #expect(report.failures.map(\.reason.description) == [code])
            #expect(report.answered == 0)
        }
        let quiet = Simulation.run(
            try Self.script(
                """
                { cluster: b.example, duration: 5s, rate: 20,
                  endpoints:
                    { "[::1]:81": [{ latency: 1ms-2ms }, { at: 2s, latency: { exponential: 1ms } }, { at: 3s }] } }
                """))
        #expect(quiet.answered == quiet.requests && quiet.median < 2_000_000)
    }

    @Test("An endpoint's name may leave out port 80; half of the requests fail where half are said to")
    func shares() throws {
        let text = "{ cluster: api, duration: 20s, endpoints: { 10.0.0.1: { errors: { share: 50%, status: 599 } } } }"
        var script = try Self.script(text)
        var source = ProxyConfiguration.Cluster("api", endpoints: ["10.0.0.1", "10.0.0.2:8080"])
        (source.ejection, source.retry) = (nil, nil)
        let plain = ProxyConfiguration(
            listeners: ["0.0.0.0:80"], domains: [.init("a.example", endpoints: ["a"])], clusters: [source])
        script.cluster = try #require(SnapshotBuilder.build(plain).cluster(named: "api"))
        let report = Simulation.run(script)
        let part = Double(report.requests - report.answered) / Double(report.requests)
        #expect(abs(part - 0.25) < 0.02)
        #expect(report.endpoints[1].failures == 0)
    }

    @Test("Keys of scripts are no keys of configurations, and nobody is sent from one to the other")
    func apart() {
        let found = problems("listeners: [0.0.0.0:80]\ndomains: { a.example: [a] }\nrefuses: true\n")
        #expect(found.count == 1)
        #expect(found.first?.contains("a phase") == false)
    }
}
