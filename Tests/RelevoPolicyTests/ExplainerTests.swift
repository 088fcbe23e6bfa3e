// What `relevo explain` says of requests that no route sees, and of clusters.
// That the program prints it is tested in ProgramTests.

import RelevoHTTP
import RelevoPolicy
import Testing

@Suite struct ExplainerTests {
    private func outcome(_ question: RequestExplainer.Question) throws -> String? {
        let snapshot = try SnapshotBuilder.build(
            ProxyConfiguration(
                listeners: ["127.0.0.1:0"], domains: [.init("a.example", endpoints: ["10.0.0.1"])]))
        return RequestExplainer(snapshot).explain(question).last
    }

    @Test(
        "a request that the parser refuses has its failure code in the outcome",
        arguments: [
            ("GET", "http://a.example/x y", [], "client.malformed: status 400"),
            ("G T", "http://a.example/", [], "client.malformed: status 400"),
            ("GET", "http://a.example/", ["Host: a", "Host: b"], "client.malformed: status 400"),
            (
                "POST", "http://a.example/", ["Transfer-Encoding: gzip, chunked"],
                "client.unsupported_coding: status 501"
            ),
            ("TRACE", "http://a.example/", [], "client.method_refused: status 501"),
            ("GET", "http://b.example/", [], "route.unknown_domain: status 421"),
        ])
    func codes(method: String, url: String, fields: [String], expected: String) throws {
        let outcome = try outcome(.init(url: url, method: method, fields: fields))
        #expect(outcome == "outcome   \(expected), and no endpoint sees the request")
    }

    private func lines(_ balance: BalanceMethod, backups: [Int] = [0, 0]) throws -> [String] {
        var endpoints: [ProxyConfiguration.Endpoint] = [.init("10.0.0.1", weight: 3), "10.0.0.2"]
        for position in endpoints.indices { endpoints[position].backup = backups[position] }
        let snapshot = try SnapshotBuilder.build(
            ProxyConfiguration(
                listeners: ["127.0.0.1:0"], domains: [.init("a.example", endpoints: endpoints, balance: balance)]))
        return RequestExplainer(snapshot).explain(.init(url: "http://a.example/"))
    }

    @Test(
        "it says in words how an endpoint is chosen, and shares where there are any",
        arguments: [
            (BalanceMethod.random, "75.0 %", "chosen at random by weight"),
            (.roundRobin, "75.0 %", "taken in turn by weight, in an order of each worker's own"),
            (.leastRequests, "weight 3", "the one with the fewest requests in flight for its weight"),
            (
                .powerOfTwo, "weight 3",
                "of two chosen at random by weight the one with fewer requests in flight for its weight"
            ),
            (
                .latency, "weight 3",
                "of two chosen at random by weight the one that has answered sooner of late, for its requests in flight"
            ),
            (
                .hash(.header("X-User")), "75.0 % of keys",
                "the same for the same value of the field `X-User` unless it has more than its share to do,"
                    + " else at random by weight"
            ),
            (
                .sticky(StickyCookie()), "75.0 % of new clients",
                "the one that the cookie `relevo` names, else chosen at random by weight"
            ),
        ])
    func balance(method: BalanceMethod, part: String, rule: String) throws {
        let lines = try lines(method)
        #expect(lines.contains("endpoint  10.0.0.1:80  \(part)"))
        #expect(lines.last == "outcome   goes to one of 2 endpoints of `a.example`, \(rule); if it refuses, to another")
    }

    @Test("endpoints in reserve have no share")
    func reserve() throws {
        let lines = try lines(.random, backups: [0, 2])
        #expect(lines.contains("endpoint  10.0.0.1:80  100.0 %"))
        #expect(lines.contains("endpoint  10.0.0.2:80  in reserve (2)"))
        #expect(
            lines.last
                == "outcome   goes to the one endpoint of `a.example` that serves; while none can be had,"
                + " to one in reserve")
    }

    @Test("every error of the parser has a failure code with the status that it is answered with")
    func faults() {
        for error in HTTPParseError.allCases {
            #expect(Fault(refusing: error.kind).row.status == error.kind.status, "\(error)")
        }
    }

    private func explanation(_ change: (inout ProxyConfiguration.Cluster) -> Void) throws -> [String] {
        var cluster = ProxyConfiguration.Cluster("api", endpoints: ["10.0.0.1", .init("10.0.0.2", weight: 3)])
        (cluster.ejection, cluster.retry) = (nil, nil)
        change(&cluster)
        let snapshot = try SnapshotBuilder.build(
            ProxyConfiguration(
                listeners: ["127.0.0.1:0"], domains: [.init("a.example", cluster: "api")], clusters: [cluster]))
        return RequestExplainer(snapshot).explain(.init(url: "http://a.example/"))
    }

    @Test("a cluster of which everything is off has no line for what is off")
    func off() throws {
        let lines = try explanation { _ in }
        for label in ["health", "ejection", "retry", "recovery", "hold", "capacity"] {
            #expect(!lines.contains { $0.hasPrefix(label) }, "\(lines)")
        }
        #expect(lines.contains("endpoint  10.0.0.2:80  75.0 %"))
        #expect(
            lines.last == "outcome   goes to one of 2 endpoints of `api`, chosen at random by weight;"
                + " if it refuses, to another")
    }

    @Test("each setting of a cluster that is not off has a line of its own")
    func settings() throws {
        let lines = try explanation { cluster in
            var probe = HTTPProbe()
            (probe.path, probe.statuses) = ("/health", [200...200, 204...299])
            cluster.health = HealthCheck(.http(probe))
            (cluster.ejection, cluster.retry) = (Ejection(), RetrySettings())
            cluster.retry?.statuses = [502...503]
            (cluster.slowStart, cluster.hold) = (.seconds(30), .seconds(2))
            (cluster.maxRequests, cluster.concurrency, cluster.adaptiveLimit) = (5, 70, AdaptiveLimit())
            cluster.endpoints[1].backup = 1
        }
        let expected = [
            "endpoint  10.0.0.1:80  100.0 %, at most 5 at a time",
            "endpoint  10.0.0.2:80  in reserve (1), at most 5 at a time",
            "health    GET /health: status 200, 204-299 within 1s, every 2s;"
                + " up after 2, down after 3; up at first",
            "ejection  after 5 failures in a row or 50 % failures of 20 requests or more in 10s, for 5s to 1m;"
                + " at most 50 % of the endpoints",
            "retry     3 attempts in all if it can do no harm, also after 502-503;"
                + " for 20 % of the requests, or 3 a second",
            "recovery  back to its full share within 30s", "hold      waits up to 2s while all endpoints refuse",
            "capacity  5 requests at a time for each endpoint; 70 in all; 10 to 1000 in all, by latency;"
                + " 100 wait up to 1s",
        ]
        for line in expected { #expect(lines.contains(line), "\(lines)") }
    }

    @Test(
        "every way to choose an endpoint has words of its own",
        arguments: [
            (BalanceMethod.roundRobin, "taken in turn"), (.leastRequests, "fewest requests"),
            (.powerOfTwo, "the one with fewer requests"), (.latency, "answered sooner"),
            (.hash(.client), "same address of the client"), (.hash(.path), "the same path"),
            (.hash(.header("X-User")), "field `X-User`"),
            (.hash(.cookie("cart")), "cookie `cart`"), (.sticky(StickyCookie()), "cookie `relevo`"),
        ])
    func choices(method: BalanceMethod, words: String) throws {
        let lines = try explanation { $0.balance = method }
        #expect(lines.contains("cluster   api, balance \(method.name)"))
        #expect(lines.last?.contains(words) == true, "\(lines)")
    }
}
