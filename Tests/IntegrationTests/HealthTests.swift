// Endpoints that fail, and how soon their clients hear no more of it: checks, ejections, recovery.
// The rules themselves are tested in RelevoPolicyTests with a virtual clock.

import CLibevent
import RelevoPolicy
import RelevoProxy
import Synchronization
import TestSupport
import Testing

extension Integration {
    @Suite("Endpoints that are well, and such that are not") struct Health {
        /// An origin whose health is another matter than how it serves.
        private final class Patient: Sendable {
            let isWell = Watched(true)
            let origin: Origin

            init(_ name: String) throws {
                let isWell = isWell
                origin = try Origin { connection in
                    while true {
                        let head = try connection.readHead()
                        try connection.readRequest()
                        let isCheck = head.hasPrefix("GET /health ")
                        let status = isCheck && !isWell.current ? "500 Ill" : "200 OK"
                        let body = isCheck ? "state: fine" : name
                        try connection.wire.send(
                            "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                    }
                }
            }
        }

        private func configuration(
            _ endpoints: [ProxyConfiguration.Endpoint], workers: Int = 1,
            _ adjust: (inout ProxyConfiguration.Cluster) -> Void
        ) -> ProxyConfiguration {
            var cluster = ProxyConfiguration.Cluster("c", endpoints: endpoints, balance: .roundRobin)
            adjust(&cluster)
            return .loopback([.init("a.example", routes: [.init(.endpoints(cluster))])], workers: workers)
        }

        private func check(_ adjust: (inout HTTPProbe) -> Void = { _ in }) -> HealthCheck {
            var probe = HTTPProbe()
            probe.path = "/health"
            adjust(&probe)
            var check = HealthCheck(.http(probe))
            check.interval = .milliseconds(200)
            check.timeout = .milliseconds(200)
            check.rise = 1
            check.fall = 1
            return check
        }

        private func answers(_ proxy: TestProxy, _ count: Int = 10) throws -> Set<String> {
            try Set((0..<count).map { _ in try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").text })
        }

        private func expectAnswers(
            _ proxy: TestProxy, _ expected: Set<String>, of count: Int = 10,
            at location: Testing.SourceLocation = #_sourceLocation
        ) throws {
            let seen = try answers(proxy, count)
            #expect(seen == expected, sourceLocation: location)
        }

        @Test("an endpoint whose checks fail gets no requests until they pass again, in every worker")
        func checked() async throws {
            let (one, two) = (try Patient("one"), try Patient("two"))
            let configuration = configuration(
                [.init(one.origin.text), .init(two.origin.text)], workers: 2
            ) { $0.health = check() }
            try await withProxy(configuration) { proxy in
                try expectAnswers(proxy, ["one", "two"])
                one.isWell.change { $0 = false }
                #expect(proxy.notices.wait { $0.contains { $0.contains("is down: a check failed: status 500") } })
                #expect(await eventually { (try? answers(proxy, 20)) == ["two"] })
                one.isWell.change { $0 = true }
                #expect(proxy.notices.wait { $0.contains { $0.contains("is up: a check passed") } })
                #expect(await eventually { (try? answers(proxy, 20)) == ["one", "two"] })
            }
        }

        @Test("a check asks what it was told to ask, and looks at the text of the answer")
        func asked() async throws {
            let patient = try Patient("one")
            let configuration = configuration([.init(patient.origin.text)]) {
                $0.health = check {
                    $0.host = "check.example"
                    $0.body = "gone"
                }
            }
            try await withProxy(configuration) { proxy in
                #expect(proxy.notices.wait { $0.contains { $0.contains("does not contain") } })
                // The only endpoint is tried whatever its checks say.
                try expectAnswers(proxy, ["one"])
            }
            let head = try patient.origin.connection().receivedText
            #expect(head.hasPrefix("GET /health HTTP/1.1\r\nHost: check.example\r\n"), "\(head)")
        }

        @Test("an endpoint that nobody listens at is down by its first check")
        func dead() async throws {
            let patient = try Patient("one")
            let dead = try Integration.deadAddress()
            let configuration = configuration([.init(dead.description), .init(patient.origin.text)]) {
                $0.health = HealthCheck(.tcp)
            }
            try await withProxy(configuration) { proxy in
                #expect(proxy.notices.wait { $0.contains { $0.contains("\(dead) is down") } })
                #expect(await eventually { await proxy.group.statistics().connectsFailed == 0 })
                try expectAnswers(proxy, ["one"])
            }
        }

        @Test("an endpoint that fails requests is ejected, and comes back")
        func ejected() async throws {
            let isIll = Watched(true)
            let ill = try Origin { connection in
                while true {
                    try connection.readRequest()
                    if isIll.current { return }
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nback")
                }
            }
            let good = try Origin.ok("good")
            let configuration = configuration([.init(ill.text), .init(good.text)]) {
                $0.ejection?.consecutive = 3
                $0.ejection?.time = .milliseconds(400)
            }
            try await withProxy(configuration) { proxy in
                try expectAnswers(proxy, ["good"], of: 10)
                #expect(proxy.notices.wait { $0.contains { $0.contains("\(ill.text) is ejected") } })
                #expect(ill.requestCount <= 4)
                isIll.change { $0 = false }
                #expect(await eventually { (try? answers(proxy, 4)) == ["good", "back"] })
            }
        }

        @Test("a client that announces a body and never sends it ejects nobody")
        func expectWithoutBody() async throws {
            let origin = try Origin { $0.readToEnd() }
            let other = try Origin { $0.readToEnd() }
            let configuration = configuration([.init(origin.text), .init(other.text)]) {
                $0.ejection?.consecutive = 1
                $0.timeouts.response = .milliseconds(200)
            }
            try await withProxy(configuration) { proxy in
                let request =
                    "POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
                for _ in 0..<3 {
                    let response = try ask(proxy, request, method: "POST")
                    #expect(response.status == 504)
                }
                #expect(!proxy.notices.current.contains { $0.contains("ejected") })
            }
        }

        @Test("answers of 500 and above eject, too, unless they are not to count")
        func serverErrors() async throws {
            let ill = try Origin.answering("HTTP/1.1 500 Ill\r\nContent-Length: 3\r\n\r\nill")
            let good = try Origin.ok("good")
            let endpoints: [ProxyConfiguration.Endpoint] = [.init(ill.text), .init(good.text)]
            try await withProxy(configuration(endpoints) { $0.ejection?.consecutive = 3 }) { proxy in
                try expectAnswers(proxy, ["ill", "good"])
                #expect(proxy.notices.wait { $0.contains { $0.contains("\(ill.text) is ejected") } })
                #expect(await eventually { (try? answers(proxy)) == ["good"] })
            }
            let lenient = configuration(endpoints) {
                $0.ejection?.consecutive = 3
                $0.ejection?.countsServerErrors = false
            }
            try await withProxy(lenient) { proxy in
                for _ in 0..<3 { try expectAnswers(proxy, ["ill", "good"]) }
                #expect(!proxy.notices.current.contains { $0.contains("ejected") })
            }
        }

        @Test("an endpoint is taken out of service and back by order, in every worker")
        func orders() async throws {
            let (one, two) = (try Origin.ok("one"), try Origin.ok("two"))
            let configuration = configuration([.init(one.text), .init(two.text)], workers: 2) { _ in }
            try await withProxy(configuration) { proxy in
                let group = proxy.group
                #expect(await group.order(.drain, endpoint: one.text, ofCluster: "c"))
                #expect(await eventually { (try? answers(proxy)) == ["two"] })
                var reports = await group.endpoints()
                #expect(reports.map(\.standing.state) == [.draining, .up])
                #expect(reports.map(\.active) == [0, 0])
                #expect(await group.order(.enable, endpoint: one.text, ofCluster: "c"))
                #expect(await group.order(.weight(0), endpoint: two.text, ofCluster: "c"))
                #expect(await eventually { (try? answers(proxy)) == ["one"] })
                reports = await group.endpoints()
                #expect(reports.map(\.standing.weight) == [1, 0])
                #expect(await group.order(.drain, endpoint: "10.0.0.1:1", ofCluster: "c") == false)
                #expect(await group.order(.drain, endpoint: one.text, ofCluster: "b") == false)
            }
        }

        @Test("an endpoint in reserve serves while no other can")
        func backup() async throws {
            let (main, reserve) = (try Patient("main"), try Patient("reserve"))
            var spare = ProxyConfiguration.Endpoint(reserve.origin.text)
            spare.backup = 1
            let configuration = configuration([.init(main.origin.text), spare]) { $0.health = check() }
            try await withProxy(configuration) { proxy in
                try expectAnswers(proxy, ["main"])
                main.isWell.change { $0 = false }
                #expect(await eventually { (try? answers(proxy)) == ["reserve"] })
                main.isWell.change { $0 = true }
                #expect(await eventually { (try? answers(proxy)) == ["main"] })
            }
        }
    }
}
