// What correct files mean: short forms, long forms, defaults, places.
// What is refused is in BrokenFileTests.

import RelevoConfig
import RelevoPolicy
import Testing

@Suite("Loading")
struct LoadingTests {
    typealias Configuration = ProxyConfiguration

    @Test("The shortest useful file is a whole configuration with every default")
    func shortest() throws {
        let expected = Configuration(
            listeners: ["0.0.0.0:8080"],
            domains: [
                .init("a.example", endpoints: ["10.0.0.1", "10.0.0.2:8080"]),
                .init("b.example", endpoints: ["10.0.1.1:3000"]),
            ],
            accessLog: .standardOutput)
        #expect(try load(SampleFile.shortest).configuration.unlocated == expected)
    }

    @Test("A full file sets every value")
    func full() throws {
        let configuration = try load(SampleFile.full).configuration.unlocated
        #expect(configuration.workers == 4)
        #expect(configuration.listeners == ["0.0.0.0:80", "[::]:80", "unix:/run/relevo.sock"])
        #expect(
            configuration.domains.map(\.name) == [
                "a.example", "*.shop.example", "api.example", "c.example", "d.example", "*",
            ])
        #expect(configuration.accessLog == .off)
        var limits = Limits()
        (limits.headBytes, limits.fields, limits.targetBytes) = (16 * 1024, 64, 8 * 1024)
        (limits.bodyBytes, limits.connections) = (10_000_000, 1000)
        #expect(configuration.limits == limits)
        let times = configuration.timeouts
        #expect([times.head, times.body, times.idle, times.connect] == [5, 6, 7, 8].map { .seconds($0) })
        #expect(
            [times.response, times.stream, times.halfClose, times.shutdown] == [9, 10, 2, 60].map { .seconds($0) })
        var api = Configuration.Cluster("api", endpoints: ["10.0.0.1:80", "api.internal:8080"], balance: .roundRobin)
        (api.timeouts.connect, api.timeouts.response) = (.seconds(1), .seconds(10))
        api.retry = nil
        #expect(configuration.clusters == [api, .init("api-read", endpoints: ["10.0.0.9"])])
    }

    @Test("The long form of a domain sets weight, balance, connection, forwarded and time limits")
    func longDomain() throws {
        let domain = try load(SampleFile.full).configuration.unlocated.domains[1]
        let cluster = Configuration.Cluster(
            "*.shop.example", endpoints: [.init("10.0.0.7:80", weight: 3), "10.0.0.8"], balance: .roundRobin)
        #expect(domain.routes == [.init(.endpoints(cluster))])
        #expect(domain.connection == .close)
        #expect(domain.forwarded == .none)
        #expect(domain.timeouts.body == .seconds(20))
        #expect(domain.timeouts.connect == .milliseconds(250))
        #expect(domain.timeouts.response == .seconds(120))
        #expect(domain.timeouts.stream == .seconds(3600))
    }

    @Test("Routes keep the order of the file, with path, methods, action and time limits")
    func routes() throws {
        let domains = try load(SampleFile.full).configuration.unlocated.domains
        var slow = Configuration.Route(.cluster("api"), path: "/v1/")
        slow.timeouts.response = .seconds(90)
        let inline = Configuration.Cluster("api.example/inline", endpoints: ["[::1]:8080"])
        #expect(
            domains[2].routes == [
                .init(.cluster("api-read"), path: "/v1/", methods: ["GET", "HEAD"]), slow,
                .init(.redirect(to: "https://api.example/v1/", status: 308), path: "/old/"),
                .init(.respond(status: 200, body: "ok"), path: "/health"),
                .init(.endpoints(inline), path: "/inline"),
            ])
        #expect(domains[3].routes == [.init(.cluster("api"))])
        #expect(domains[4].routes == [.init(.redirect(to: "https://a.example/", status: 307))])
        #expect(domains[5].routes == [.init(.respond(status: 404, body: ""))])
    }

    @Test(
        "What loads passes the checks of names and addresses",
        arguments: [SampleFile.shortest, SampleFile.full, SampleFile.settings])
    func snapshot(text: String) throws {
        let snapshot = try SnapshotBuilder.build(load(text).configuration)
        #expect(
            snapshot.warnings.allSatisfy { text == SampleFile.settings && $0.message.contains("`tls.verify` of `g`") })
    }

    @Test("A name that does not exist is shown in the file")
    func danglingName() throws {
        let loaded = try load(
            "listeners: [\"[::]:80\"]\ndomains:\n  a.example: { cluster: ap }\nclusters: { api: [a] }\n")
        let error = #expect(throws: ConfigurationError.self) { try SnapshotBuilder.build(loaded.configuration) }
        #expect(
            ConfigurationDiagnostics.render(error?.problems ?? [], text: loaded.text) == """
                relevo.yaml:3:25: error: there is no cluster `ap`
                  3 |   a.example: { cluster: ap }
                    |                         ^~
                    = did you mean `api`?
                """)
    }

    @Test(
        "What the checks refuse is shown in the file with its cure",
        arguments: [
            ("listeners: [0.0.0.0:80]\ndomains: { a.example: [\"::1\"] }", "2:24", "`\"[::1]:80\"`"),
            ("listeners: [\"::1\"]\ndomains: { a.example: [10.0.0.1] }", "1:13", "`\"[::1]:8080\"`"),
            ("listeners: [\"0.0.0.0:80\",\n  \"127.0.0.1:80\"]\ndomains: { a.example: [10.0.0.1] }", "2:3", "f:1"),
            (
                "listeners: [0.0.0.0:80]\ndomains:\n  a.example:\n    routes:\n      - { path: /%61, respond: 403 }",
                "5:9", "`/a`"
            ),
            ("listeners: [0.0.0.0:80]\ndomains: { a.example: { respond: { status: 205, body: x } } }", "2:34", "body"),
        ])
    func refusedWithPlace(text: String, place: String, cure: String) throws {
        let loaded = try ConfigurationLoader().load(text: text, file: "f")
        let error = try #require(throws: ConfigurationError.self) { try SnapshotBuilder.build(loaded.configuration) }
        let rendered = ConfigurationDiagnostics.render(error.problems, text: text)
        #expect(error.problems.count == 1)
        #expect(rendered.hasPrefix("f:\(place): error: "), "\(rendered)")
        #expect(rendered.split(separator: "\n").last?.contains(cure) == true, "\(rendered)")
    }

    @Test("Everything has its place in the file")
    func places() throws {
        let configuration = try load(SampleFile.full).configuration
        func place(_ line: Int, _ column: Int) -> RelevoPolicy.SourceLocation {
            RelevoPolicy.SourceLocation(file: "relevo.yaml", line: line, column: column)
        }
        #expect(configuration.listeners.map(\.location) == [place(3, 14), place(4, 5), place(5, 5)])
        #expect(configuration.domains[1].location == place(8, 3))
        #expect(configuration.domains[2].routes[1].location == place(17, 9))
        #expect(configuration.clusters[0].location == place(25, 3))
        #expect(configuration.clusters[0].endpoints[1].location == place(26, 31))
        guard case .endpoints(let cluster) = configuration.domains[1].routes[0].action else {
            Issue.record("the domain has endpoints")
            return
        }
        #expect(cluster.endpoints[0].location == place(9, 29))
    }

    @Test("YAML's words for true, false and nothing, and its octal numbers, are plain texts")
    func noImplicitTypes() throws {
        let loaded = try load(SampleFile.odd, SampleFile.oddEnvironment)
        #expect(loaded.configuration.clusters[1].endpoints.map(\.address) == ["off", "no", "010.example", "true"])
    }

    @Test("An alias stands for the value of its anchor, at the anchor's place")
    func aliases() throws {
        let loaded = try load(
            """
            listeners: [0.0.0.0:8080]
            domains:
              a.example: &shared [10.0.0.1]
              b.example: *shared
            """)
        let routes = loaded.configuration.domains.map { $0.routes[0].location }
        #expect(routes[0] == routes[1])
        #expect(loaded.configuration.domains[1].location?.line == 4)
    }

    @Test("A merge key brings in what the map does not say itself")
    func mergeKeys() throws {
        let configuration = try load(
            """
            listeners: [0.0.0.0:8080]
            domains: { a.example: { cluster: a } }
            clusters:
              a: &a { endpoints: [10.0.0.1], balance: round-robin, timeouts: { connect: 1s } }
              b: { <<: *a, endpoints: [10.0.0.2] }
              c: { <<: [{ balance: random, endpoints: [10.0.0.3] }, *a] }
            """
        ).configuration
        #expect(configuration.clusters.map(\.endpoints[0].address) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        #expect(configuration.clusters.map(\.balance) == [.roundRobin, .roundRobin, .random])
        #expect(configuration.clusters[1].timeouts.connect == .seconds(1))
    }

    @Test("A byte order mark, CRLF line ends and a document marker change nothing")
    func lineEnds() throws {
        let text = "\u{FEFF}---\n" + SampleFile.shortest + "\n...\n"
        let loaded = try load(text.replacing("\n", with: "\r\n"))
        #expect(loaded.configuration.unlocated == (try load(SampleFile.shortest).configuration.unlocated))
    }
}
