// What the settings of a cluster mean, in short and in long form, and where they may be written.
// What is refused is in Broken/; which values contradict each other is tested in RelevoPolicyTests too.

import RelevoConfig
import RelevoPolicy
import Testing

@Suite("Settings of clusters")
struct ClusterSettingsTests {
    typealias Cluster = ProxyConfiguration.Cluster

    /// A cluster with the given settings, as a named one.
    private func cluster(_ settings: String) throws -> Cluster {
        let head = "listeners: [a:1]\ndomains: { a.example: { cluster: c } }\n"
        return try load(head + "clusters: { c: { endpoints: [a], \(settings) } }").configuration.unlocated.clusters[0]
    }

    private func http(_ change: (inout HTTPProbe) -> Void) -> HealthCheck {
        var probe = HTTPProbe()
        change(&probe)
        return HealthCheck(.http(probe))
    }

    @Test(
        "A method of balancing is a word, or a map with what it needs",
        arguments: [
            ("random", BalanceMethod.random), ("round-robin", .roundRobin), ("least-requests", .leastRequests),
            ("power-of-two", .powerOfTwo), ("latency", .latency), ("sticky", .sticky(StickyCookie())),
            ("{ hash: client }", .hash(.client)), ("{ hash: path }", .hash(.path)),
            ("{ hash: { header: X-User } }", .hash(.header("X-User"))),
            ("{ hash: { cookie: cart } }", .hash(.cookie("cart"))), ("{ sticky: {} }", .sticky(StickyCookie())),
            (
                "{ sticky: { cookie: a, secret: 0123456789abcdef, lifetime: 48h } }",
                .sticky(StickyCookie(name: "a", secret: "0123456789abcdef", lifetime: .seconds(48 * 3600)))
            ),
            ("{ sticky: { secret: auto, lifetime: off } }", .sticky(StickyCookie())),
        ])
    func balance(text: String, expected: BalanceMethod) throws {
        #expect(try cluster("balance: \(text)").balance == expected)
    }

    @Test("Health is a path, `tcp`, a map or off")
    func health() throws {
        #expect(try cluster("health: off").health == nil)
        #expect(try cluster("health: tcp").health == HealthCheck(.tcp))
        #expect(try cluster("health: { probe: tcp }").health == HealthCheck(.tcp))
        #expect(try cluster("health: {}").health == HealthCheck())
        #expect(try cluster("health: /h?x=1").health == http { $0.path = "/h?x=1" })
        #expect(
            try cluster("health: { method: HEAD, host: a }").health == http { ($0.method, $0.host) = ("HEAD", "a") })
        var slow = http { $0.path = "/h" }
        (slow.interval, slow.timeout, slow.rise, slow.fall) = (.seconds(60), .seconds(30), 1, 5)
        (slow.port, slow.startsUp) = (8081, false)
        let text = "{ path: /h, interval: 1m, timeout: 30s, rise: 1, fall: 5, port: 8081, initial: down }"
        #expect(try cluster("health: \(text)").health == slow)
    }

    @Test(
        "Good statuses are one, a range, or a list of both",
        arguments: [
            ("200", [200...200]), ("200-399", [200...399]), ("[200, 301-302]", [200...200, 301...302]),
            ("[204]", [204...204]),
            ("100-599", [100...599]),
        ])
    func statuses(text: String, expected: [ClosedRange<Int>]) throws {
        #expect(try cluster("health: { status: \(text) }").health == http { $0.statuses = expected })
        #expect(try cluster("retry: { statuses: \(text) }").retry?.statuses == expected)
    }

    @Test("A text to look for may be the word off, in quotes")
    func bodyOff() throws {
        #expect(try cluster("health: { body: off }").health == http { $0.body = nil })
        #expect(try cluster("health: { body: \"off\" }").health == http { $0.body = "off" })
        #expect(try cluster("health: { body: 'a b' }").health == http { $0.body = "a b" })
    }

    @Test("Ejection and retries are on unless they are off; what a map leaves out stays as it was")
    func ejectionAndRetry() throws {
        #expect(try cluster("hold: off").ejection == Ejection())
        #expect(try cluster("hold: off").retry == RetrySettings())
        #expect(try cluster("ejection: off, retry: off").ejection == nil)
        #expect(try cluster("ejection: off, retry: off").retry == nil)
        var ejection = Ejection()
        (ejection.consecutive, ejection.rate, ejection.countsServerErrors) = (0, 30, false)
        #expect(try cluster("ejection: { consecutive: off, rate: 30%, server_errors: false }").ejection == ejection)
        ejection = Ejection()
        (ejection.rate, ejection.share, ejection.maxTime) = (0, 10, .seconds(300))
        #expect(try cluster("ejection: { rate: off, share: 10%, max_time: 5m }").ejection == ejection)
        var retry = RetrySettings()
        (retry.attempts, retry.budget, retry.reserve, retry.bodyBytes, retry.backoff) = (2, 5, 0, 1024, .zero)
        let text = "{ attempts: 2, budget: 5%, reserve: 0, body_bytes: 1KiB, backoff: off, statuses: off }"
        #expect(try cluster("retry: \(text)").retry == retry)
        retry = RetrySettings()
        retry.nonIdempotent = .unacknowledged
        #expect(try cluster("retry: { non_idempotent: unacknowledged }").retry == retry)
    }

    @Test("Limits are numbers or off; an adaptive one stands alone or beside a fixed one")
    func capacity() throws {
        #expect(try cluster("max_requests: 5").maxRequests == 5)
        #expect(try cluster("max_requests: off").maxRequests == nil)
        #expect(try cluster("slow_start: 30s").slowStart == .seconds(30))
        #expect(try cluster("hold: 2s").hold == .seconds(2))
        let fixed = try cluster("concurrency: 7")
        #expect(fixed.concurrency == 7 && fixed.adaptiveLimit == nil)
        let adaptive = try cluster("concurrency: { adaptive: on }")
        #expect(adaptive.concurrency == nil && adaptive.adaptiveLimit == AdaptiveLimit())
        let both = try cluster("concurrency: { limit: 50, adaptive: { minimum: 5, maximum: 20 } }")
        #expect(both.concurrency == 50 && both.adaptiveLimit?.minimum == 5 && both.adaptiveLimit?.maximum == 20)
        let none = try cluster("concurrency: off")
        #expect(none.concurrency == nil && none.adaptiveLimit == nil)
        var queue = QueueSettings()
        queue.length = 0
        #expect(try cluster("queue: off").queue == queue)
        (queue.length, queue.timeout) = (5, .seconds(2))
        #expect(try cluster("queue: { length: 5, timeout: 2s }").queue == queue)
    }

    @Test("A backup is true, false or a rank")
    func backups() throws {
        let text = """
            listeners: [0.0.0.0:80]
            domains:
              a.example:
                - { address: a, backup: false, max_requests: 9 }
                - { address: b, backup: true }
                - { address: c, backup: 0 }
                - { address: d, backup: 9 }
            """
        let configuration = try load(text).configuration
        guard case .endpoints(let cluster) = configuration.domains[0].routes[0].action else {
            Issue.record("the domain has endpoints")
            return
        }
        #expect(cluster.endpoints.map(\.backup) == [0, 1, 0, 9])
        #expect(cluster.endpoints.map(\.maxRequests) == [9, nil, nil, nil])
        let snapshot = try SnapshotBuilder.build(configuration)
        #expect(snapshot.clusters[0].endpoints.map(\.backup) == [0, 1, 0, 9])
    }

    @Test("A domain and a route that have endpoints have the settings of a cluster beside them")
    func inline() throws {
        let settings = "endpoints: [a], balance: latency, health: tcp, retry: off, max_requests: 3, queue: off"
        let text = """
            listeners: [0.0.0.0:80]
            domains:
              a.example: { \(settings) }
              b.example: { routes: [ { \(settings) } ] }
            clusters:
              c: { \(settings) }
            """
        let snapshot = try SnapshotBuilder.build(load(text).configuration)
        #expect(snapshot.clusters.count == 3)
        for cluster in snapshot.clusters {
            #expect(cluster.balance == .latency)
            #expect(cluster.health == HealthCheck(.tcp))
            #expect(cluster.retry == nil)
            #expect(cluster.ejection == Ejection())
            #expect(cluster.endpoints.map(\.maxRequests) == [3])
            #expect(cluster.queue.length == 0)
        }
    }

    @Test("Variables are texts like any other, and may switch a block off")
    func variables() throws {
        let text = """
            listeners: [0.0.0.0:80]
            domains:
              a.example: { endpoints: [a], health: "${HEALTH:-off}", hold: "${HOLD}", queue: { length: "${LENGTH}" } }
            """
        let configuration = try load(text, ["HOLD": "2s", "LENGTH": "7"]).configuration
        guard case .endpoints(let cluster) = configuration.domains[0].routes[0].action else { return }
        #expect(cluster.health == nil)
        #expect(cluster.hold == .seconds(2))
        #expect(cluster.queue.length == 7)
        #expect(problems(text, ["HOLD": "2", "LENGTH": "x"]).count == 2)
    }

    @Test("A value that cannot be read is not held against another")
    func noFalseContradiction() {
        func found(_ settings: String) -> Int {
            problems("listeners: [a:1]\ndomains: { a.example: { endpoints: [a], \(settings) } }").count
        }
        #expect(found("health: { interval: soon, timeout: 9s }") == 1)
        #expect(found("health: { interval: 1m, timeout: 9s }") == 0)
        #expect(found("ejection: { max_time: 1, time: 2m }") == 1)
        #expect(found("concurrency: { limit: 5, adaptive: { minimum: few } }") == 1)
    }
}
