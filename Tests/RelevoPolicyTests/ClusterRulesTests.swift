// What the settings of a cluster may be, for values built in Swift code.
// That files show each problem at its place is tested in RelevoConfigTests.

import RelevoPolicy
import Testing

@Suite struct ClusterRulesTests {
    typealias Cluster = ProxyConfiguration.Cluster

    private func build(_ change: (inout Cluster) -> Void) throws(ConfigurationError) -> ProxySnapshot {
        var cluster = Cluster("api", endpoints: ["10.0.0.1", "10.0.0.2"])
        change(&cluster)
        return try SnapshotBuilder.build(
            ProxyConfiguration(
                listeners: ["127.0.0.1:0"], domains: [.init("a.example", cluster: "api")], clusters: [cluster]))
    }

    private func problems(_ change: (inout Cluster) -> Void) -> [String] {
        do {
            _ = try build(change)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    private func problems(_ balance: BalanceMethod) -> [String] { problems { $0.balance = balance } }

    private func probeProblems(_ change: (inout HTTPProbe) -> Void) -> [String] {
        var probe = HTTPProbe()
        change(&probe)
        return problems { $0.health = HealthCheck(.http(probe)) }
    }

    @Test("the defaults are right, and so is everything off")
    func defaults() {
        #expect(problems { _ in } == [])
        #expect(problems { ($0.ejection, $0.retry, $0.queue.length) = (nil, nil, 0) } == [])
        #expect(problems { ($0.health, $0.adaptiveLimit) = (HealthCheck(), AdaptiveLimit()) } == [])
        #expect(problems { $0.health = HealthCheck(.tcp) } == [])
    }

    @Test("a snapshot's cluster has the settings, and its endpoints the cluster's limit unless they have their own")
    func snapshot() throws {
        let snapshot = try build { cluster in
            cluster.health = HealthCheck(.tcp)
            cluster.retry = nil
            (cluster.slowStart, cluster.hold) = (.seconds(30), .seconds(2))
            (cluster.maxRequests, cluster.concurrency, cluster.adaptiveLimit) = (5, 70, AdaptiveLimit())
            cluster.queue.length = 9
            cluster.endpoints[1].maxRequests = 8
            cluster.endpoints[1].backup = 2
        }
        let cluster = snapshot.clusters[0]
        #expect(cluster.health == HealthCheck(.tcp))
        #expect(cluster.ejection == Ejection())
        #expect(cluster.retry == nil)
        #expect([cluster.slowStart, cluster.hold] == [.seconds(30), .seconds(2)])
        #expect([cluster.maxRequests, cluster.concurrency] == [5, 70])
        #expect(cluster.adaptiveLimit == AdaptiveLimit())
        #expect(cluster.queue.length == 9)
        #expect(cluster.endpoints.map(\.maxRequests) == [5, 8])
        #expect(cluster.endpoints.map(\.backup) == [0, 2])
    }

    @Test("everything out of bounds is told at once, by the keys of a file and the cluster's name")
    func bounds() {
        let found = problems { cluster in
            var health = HealthCheck(.tcp)
            (health.rise, health.fall, health.port) = (0, 0, 65_536)
            cluster.health = health
            cluster.ejection?.consecutive = -1
            cluster.ejection?.rate = 101
            cluster.ejection?.share = -1
            cluster.ejection?.volume = 0
            cluster.ejection?.window = .zero
            cluster.retry?.attempts = 11
            cluster.retry?.budget = 101
            cluster.retry?.reserve = -1
            cluster.retry?.bodyBytes = -1
            cluster.retry?.backoff = .seconds(-1)
            cluster.retry?.statuses = [0...Int.max]
            (cluster.slowStart, cluster.hold) = (.zero, .seconds(86_401))
            (cluster.maxRequests, cluster.concurrency) = (0, 0)
            (cluster.queue.length, cluster.queue.timeout) = (-1, .zero)
        }
        #expect(found.count == 20, "\(found)")
        #expect(found.contains("`health.rise` of `api` is out of bounds: 0 (write 1 to 100)"))
        #expect(found.contains("`ejection.rate` of `api` is out of bounds: 101% (write 0% to 100%)"))
        #expect(found.contains("`hold` of `api` is out of bounds: 86401s (write 1ms to 24h)"))
    }

    @Test("bounds themselves are inside")
    func edges() {
        for (attempts, share) in [(1, 0), (10, 100)] {
            let found = problems {
                $0.retry?.attempts = attempts
                $0.retry?.budget = share
                $0.ejection?.rate = share
                $0.ejection?.share = share
                $0.ejection?.consecutive = share
                $0.retry?.statuses = [100...599]
                $0.retry?.backoff = share == 0 ? .zero : .seconds(10)
            }
            #expect(found == [])
        }
    }

    @Test("a check that may last longer than the time between two is refused")
    func timeoutAboveInterval() {
        var health = HealthCheck(.tcp)
        health.timeout = .seconds(3)
        #expect(
            problems { $0.health = health } == [
                "`health.timeout` of `api` is 3s, longer than `interval` (2s)"
                    + " (write `timeout: 2s` or less, or a longer `interval`)"
            ])
        health.timeout = .seconds(2)
        #expect(problems { $0.health = health } == [])
    }

    @Test(
        "a path that no request has is refused",
        arguments: [
            ("", "write `/`"), ("health", "write `/health`"), ("/a b", "%20"), ("/ü", "%20"), ("/a#b", "write `/a`"),
        ])
    func paths(path: String, cure: String) {
        let found = probeProblems { $0.path = path }
        #expect(found.count == 1)
        #expect(found.first?.contains(cure) == true, "\(found)")
    }

    @Test(
        "a method that is none, or tells nothing, is refused",
        arguments: [("", 1), ("get", 1), ("G T", 1), ("CONNECT", 1), ("GET", 0), ("HEAD", 0), ("PROPFIND", 0)])
    func methods(method: String, expected: Int) {
        #expect(probeProblems { $0.method = method }.count == expected)
    }

    @Test(
        "a Host field that no request may have is refused",
        arguments: [
            ("", 1), ("a b", 1), ("http://a", 1), ("a/b", 1), ("::1", 1), ("a:99999", 1), ("a,b", 1), ("a\r\nX: y", 1),
            ("a.example", 0), ("a.example:81", 0), ("[::1]:80", 0), ("10.0.0.1", 0),
        ])
    func hosts(host: String, expected: Int) {
        #expect(probeProblems { $0.host = host }.count == expected)
    }

    @Test("statuses are 100 to 599, and a check accepts at least one")
    func statuses() {
        #expect(probeProblems { $0.statuses = [] }.count == 1)
        #expect(probeProblems { $0.statuses = [99...200, 200...200, 599...600] }.count == 2)
        #expect(probeProblems { $0.statuses = [100...100, 599...599] }.isEmpty)
    }

    @Test("a text that every answer has, or none can have, is refused")
    func bodies() {
        #expect(probeProblems { $0.body = "" }.count == 1)
        #expect(probeProblems { ($0.body, $0.method) = ("ok", "HEAD") }.count == 1)
        #expect(probeProblems { $0.body = String(repeating: "x", count: 65_537) }.count == 1)
        #expect(probeProblems { $0.body = String(repeating: "x", count: 65_536) }.isEmpty)
    }

    @Test(
        "a field to hash is one that says something about the client",
        arguments: [
            ("", 1), ("X User", 1), ("X:", 1), ("Connection", 1), ("TE", 1), ("transfer-encoding", 1), ("Upgrade", 1),
            ("keep-alive", 1), ("X-User", 0), ("Host", 0), ("Authorization", 0),
        ])
    func fields(name: String, expected: Int) {
        #expect(problems(.hash(.header(name))).count == expected)
    }

    @Test(
        "the name of a cookie is a token",
        arguments: [("", 1), ("a b", 1), ("a;b", 1), ("a=b", 1), ("é", 1), ("cart", 0), ("a.b-c", 0)])
    func cookies(name: String, expected: Int) {
        #expect(problems(.hash(.cookie(name))).count == expected)
        #expect(problems(.sticky(StickyCookie(name: name))).count == expected)
    }

    @Test("a secret has at least 16 bytes, and no message shows it")
    func secrets() {
        for secret in ["", "a", "fifteen-bytes-x"] {
            let found = problems(.sticky(StickyCookie(secret: secret)))
            #expect(found.count == 1)
            #expect(secret.count < 2 || found.allSatisfy { !$0.contains(secret) })
        }
        #expect(problems(.sticky(StickyCookie(secret: "sixteen-bytes-xx"))).isEmpty)
        #expect(problems(.sticky(StickyCookie(secret: String(repeating: "x", count: 1025)))).count == 1)
    }

    @Test(
        "a cookie lives for whole seconds, at most 400 days",
        arguments: [
            (Duration.zero, 1), (.milliseconds(999), 1), (.milliseconds(1500), 1), (.seconds(1), 0),
            (.seconds(400 * 86_400), 0), (.seconds(400 * 86_400 + 1), 1),
        ])
    func lifetimes(lifetime: Duration, expected: Int) {
        #expect(problems(.sticky(StickyCookie(lifetime: lifetime))).count == expected)
    }

    @Test("the longest ejection is not shorter than the first, the highest limit not below the lowest")
    func order() {
        var ejection = Ejection()
        (ejection.time, ejection.maxTime) = (.seconds(9), .seconds(8))
        #expect(problems { $0.ejection = ejection }.count == 1)
        ejection.maxTime = .seconds(9)
        #expect(problems { $0.ejection = ejection }.isEmpty)
        var limit = AdaptiveLimit()
        (limit.minimum, limit.maximum) = (50, 49)
        #expect(problems { $0.adaptiveLimit = limit }.count == 1)
        limit.maximum = 50
        #expect(problems { $0.adaptiveLimit = limit }.isEmpty)
        #expect(problems { ($0.adaptiveLimit, $0.concurrency) = (limit, 49) }.count == 1)
        #expect(problems { ($0.adaptiveLimit, $0.concurrency) = (limit, 50) }.isEmpty)
    }

    @Test("endpoints that are all in reserve, or have odd ranks or limits, are refused")
    func endpoints() {
        #expect(problems { for index in 0...1 { $0.endpoints[index].backup = 1 } }.count == 1)
        #expect(problems { $0.endpoints[0].backup = 9 }.isEmpty)
        #expect(problems { ($0.endpoints[0].backup, $0.endpoints[1].backup) = (10, -1) }.count == 2)
        #expect(problems { ($0.endpoints[0].maxRequests, $0.endpoints[1].maxRequests) = (0, -1) }.count == 2)
    }

    @Test("settings that can do nothing are warned about, not refused")
    func warnings() throws {
        #expect(try build { $0.queue.length = 5 }.warnings.count == 1)
        #expect(try build { ($0.queue.length, $0.concurrency) = (5, 10) }.warnings.isEmpty)
        #expect(try build { ($0.queue.length, $0.endpoints[0].maxRequests) = (5, 10) }.warnings.isEmpty)
        #expect(try build { $0.queue.length = 0 }.warnings.isEmpty)
        var retry = RetrySettings()
        (retry.attempts, retry.statuses) = (1, [502...502])
        #expect(try build { $0.retry = retry }.warnings.count == 1)
        retry.statuses = []
        #expect(try build { $0.retry = retry }.warnings.isEmpty)
    }
}
