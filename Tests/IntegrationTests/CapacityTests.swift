// Limits on the requests that endpoints and clusters have in flight: who waits, who is refused, and that no limit is
// ever passed. The parts are tested in RelevoPolicyTests.

import CLibevent
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Limits on requests in flight") struct Capacity {
        /// An origin that answers when its gate opens, and counts what it has in flight.
        private final class Busy: Sendable {
            let gate = Gate()
            let inFlight = Watched(0)
            let most = Watched(0)
            let origin: Origin

            init() throws {
                let (gate, inFlight, most) = (gate, inFlight, most)
                origin = try Origin { connection in
                    while true {
                        try connection.readRequest()
                        let count = inFlight.change { count in
                            count += 1
                            return count
                        }
                        most.change { $0 = max($0, count) }
                        gate.pass()
                        inFlight.change { $0 -= 1 }
                        try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    }
                }
            }
        }

        private func configuration(
            _ origins: [Origin], workers: Int = 1, _ adjust: (inout ProxyConfiguration.Cluster) -> Void
        ) -> ProxyConfiguration {
            var cluster = ProxyConfiguration.Cluster("c", endpoints: origins.map { .init($0.text) })
            cluster.queue.timeout = .seconds(30)
            adjust(&cluster)
            return .loopback([.init("a.example", routes: [.init(.endpoints(cluster))])], workers: workers)
        }

        private func clients(_ proxy: TestProxy, _ count: Int) throws -> [Client] {
            try (0..<count).map { _ in
                let client = try proxy.client()
                try client.get("a.example")
                return client
            }
        }

        @Test("no endpoint gets more than it may have, and everybody is served in the end", arguments: [1, 3])
        func endpoints(workers: Int) async throws {
            let (one, two) = (try Busy(), try Busy())
            let configuration = configuration([one.origin, two.origin], workers: workers) { $0.maxRequests = 2 }
            try await withProxy(configuration) { proxy in
                let clients = try clients(proxy, 20)
                #expect(await eventually { one.inFlight.current + two.inFlight.current == 4 })
                #expect(await eventually { await proxy.group.statistics().requestsActive == 20 })
                one.gate.open()
                two.gate.open()
                for client in clients { #expect(try client.response().text == "ok") }
                let most = (one.most.current, two.most.current)
                #expect(most.0 <= 2 && most.1 <= 2, "\(most)")
            }
        }

        @Test("nor does a cluster", arguments: [1, 2])
        func cluster(workers: Int) async throws {
            let busy = try Busy()
            let configuration = configuration([busy.origin], workers: workers) { $0.concurrency = 3 }
            try await withProxy(configuration) { proxy in
                let clients = try clients(proxy, 12)
                #expect(await eventually { busy.inFlight.current == 3 })
                busy.gate.open()
                for client in clients { #expect(try client.response().text == "ok") }
                #expect(busy.most.current == 3)
            }
        }

        @Test("whoever finds the line full is refused at once, and told when to come back")
        func full() async throws {
            let busy = try Busy()
            let configuration = configuration([busy.origin]) {
                $0.maxRequests = 1
                $0.queue.length = 1
            }
            let proxy = try await TestProxy.start(configuration)
            let first = try clients(proxy, 1)
            #expect(await eventually { busy.inFlight.current == 1 })
            let second = try clients(proxy, 1)
            #expect(await eventually { await proxy.group.statistics().requestsActive == 2 })
            let refused = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            #expect(refused.status == 503)
            #expect(refused.code == "endpoint.overloaded")
            #expect(refused.field("retry-after") == "1")
            busy.gate.open()
            for client in first + second { #expect(try client.response().text == "ok") }
            await proxy.stop()
        }

        @Test("whoever sends one request behind the other does not overtake those who wait")
        func fair() async throws {
            let order = Watched<[String]>([])
            let busy = try Busy()
            let origin = try Origin { connection in
                while true {
                    let head = try connection.readHead()
                    try connection.readRequest()
                    order.change { $0.append(head.contains("/greedy") ? "greedy" : "patient") }
                    if order.current.count == 1 { busy.gate.pass() }
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            }
            try await withProxy(configuration([origin]) { $0.maxRequests = 1 }) { proxy in
                let greedy = try proxy.client()
                let one = "GET /greedy HTTP/1.1\r\nHost: a.example\r\n\r\n"
                try greedy.send(String(repeating: one, count: 20))
                #expect(await eventually { order.current.count == 1 })
                let patient = try clients(proxy, 1)[0]
                #expect(await eventually { await proxy.group.statistics().requestsActive == 2 })
                busy.gate.open()
                #expect(try patient.response().text == "ok")
                for _ in 0..<20 { #expect(try greedy.response().text == "ok") }
                #expect(order.current.prefix(2) == ["greedy", "patient"], "\(order.current)")
            }
        }

        @Test("whoever waits too long is refused, and whoever leaves is waited for no longer")
        func patience() async throws {
            let busy = try Busy()
            let configuration = configuration([busy.origin]) {
                $0.maxRequests = 1
                $0.queue.timeout = .milliseconds(300)
            }
            try await withProxy(configuration) { proxy in
                let first = try clients(proxy, 1)
                #expect(await eventually { busy.inFlight.current == 1 })
                let leaver = try clients(proxy, 1)[0]
                let waiter = try clients(proxy, 1)[0]
                #expect(await eventually { await proxy.group.statistics().requestsActive == 3 })
                leaver.wire.reset()
                #expect(await eventually { await proxy.group.statistics().requestsActive == 2 })
                #expect(try waiter.response().code == "endpoint.overloaded")
                busy.gate.open()
                #expect(try first[0].response().text == "ok")
                #expect(busy.origin.requestCount == 1)
            }
        }

        @Test("an adaptive limit lets through what it may, and the rest waits")
        func adaptive() async throws {
            let busy = try Busy()
            let configuration = configuration([busy.origin]) {
                $0.adaptiveLimit = AdaptiveLimit()
                $0.adaptiveLimit?.minimum = 2
            }
            try await withProxy(configuration) { proxy in
                let clients = try clients(proxy, 6)
                #expect(await eventually { busy.inFlight.current == 2 })
                busy.gate.open()
                for client in clients { #expect(try client.response().text == "ok") }
            }
        }

        @Test("clients that are slow to send take none of an adaptive limit's places, until they have sent")
        func slowClients() async throws {
            let busy = try Busy()
            let configuration = configuration([busy.origin]) {
                $0.adaptiveLimit = AdaptiveLimit()
                $0.adaptiveLimit?.minimum = 2
                $0.adaptiveLimit?.maximum = 2
            }
            try await withProxy(configuration) { proxy in
                let hasteless = try (0..<2).map { _ in
                    let client = try proxy.client()
                    try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\na")
                    return client
                }
                // They have the places for a moment, since many clients send a body right behind its head.
                let quick = try clients(proxy, 2)
                #expect(await eventually { busy.inFlight.current == 2 })
                let late = try clients(proxy, 1)
                for client in hasteless { try client.send("bc") }
                #expect(await eventually { busy.inFlight.current == 4 })
                busy.gate.open()
                for client in hasteless + quick + late { #expect(try client.response().text == "ok") }
                #expect(busy.most.current == 4)
            }
        }

        @Test("requests whose bodies come right behind their heads keep within an adaptive limit")
        func twoWrites() async throws {
            let busy = try Busy()
            let configuration = configuration([busy.origin]) {
                $0.adaptiveLimit = AdaptiveLimit()
                $0.adaptiveLimit?.minimum = 2
                $0.adaptiveLimit?.maximum = 2
            }
            try await withProxy(configuration) { proxy in
                let clients = try (0..<8).map { _ in try proxy.client() }
                for client in clients {
                    try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\n")
                }
                for client in clients { try client.send("abc") }
                #expect(await eventually { busy.inFlight.current == 2 })
                busy.gate.open()
                for client in clients { #expect(try client.response().text == "ok") }
                #expect(busy.most.current == 2)
            }
        }

        @Test("nor do answers that are on their way")
        func slowAnswers() async throws {
            let rest = Gate()
            let origin = try Origin { connection in
                while true {
                    let head = try connection.readHead()
                    try connection.readRequest()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
                    if head.contains("/slow") { rest.pass() }
                    try connection.wire.send("k")
                }
            }
            let configuration = configuration([origin]) {
                $0.adaptiveLimit = AdaptiveLimit()
                $0.adaptiveLimit?.minimum = 2
                $0.adaptiveLimit?.maximum = 2
            }
            try await withProxy(configuration) { proxy in
                let slow = try (0..<2).map { _ in
                    let client = try proxy.client()
                    try client.send("GET /slow HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(try client.readHead().contains("200 OK"))
                    return client
                }
                for client in try clients(proxy, 3) { #expect(try client.response().text == "ok") }
                rest.open()
                for client in slow { #expect(try client.read(2) == Array("ok".utf8)) }
            }
        }

        @Test("a request that goes on to another endpoint is not stopped by those who wait for its place")
        func retriesHaveTheirPlace() async throws {
            let origin = try Origin.ok()
            let dead = try Integration.deadAddress()
            var cluster = ProxyConfiguration.Cluster("c", endpoints: [.init(dead.description), .init(origin.text)])
            (cluster.concurrency, cluster.ejection, cluster.balance) = (2, nil, .roundRobin)
            let domain = ProxyConfiguration.Domain("a.example", routes: [.init(.endpoints(cluster))])
            try await withProxy(.loopback([domain], workers: 1)) { proxy in
                let clients = try clients(proxy, 20)
                for client in clients { #expect(try client.response().text == "ok") }
            }
        }
    }
}
