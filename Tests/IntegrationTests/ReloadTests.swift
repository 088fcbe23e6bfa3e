// Another configuration while requests run: what stays, what changes, what leaves, and what happens if it is wrong.
// Which differences there are is tested in RelevoPolicyTests.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Reload") struct Reload: Reloading {
        @Test("domains, routes and endpoints change between two requests of one connection")
        func changes() async throws {
            let (one, two) = (try Origin.ok("one"), try Origin.ok("two"))
            let before = configuration([.init("a.example", endpoints: [.init(one.text)])])
            try await withRunning(before) { proxy, address in
                let client = try Client(address)
                try client.get("a.example")
                #expect(try client.response().text == "one")
                let after = configuration([
                    .init("a.example", endpoints: [.init(two.text)]), .init("b.example", endpoints: [.init(one.text)]),
                ])
                let report = try await proxy.reload(after)
                #expect(report.plan.description == "1 domain added, 1 endpoint added, 1 endpoint removed")
                #expect(report.leaving == 0)
                for (host, text) in [("a.example", "two"), ("b.example", "one")] {
                    try client.get(host)
                    #expect(try client.response().text == text)
                }
                try await proxy.reload(before)
                try client.get("b.example")
                #expect(try client.response().status == 421)
            }
        }

        @Test("kept connections, orders and what was learnt about endpoints outlive a reload")
        func keeps() async throws {
            let origin = try Origin.ok("one")
            let other = try Origin.ok("other")
            func cluster(_ change: (inout ProxyConfiguration.Cluster) -> Void = { _ in }) -> ProxyConfiguration {
                configuration([.init("a.example", cluster: "api")]) {
                    $0.workers = 1
                    $0.clusters = [.init("api", endpoints: [.init(origin.text), .init(other.text)])]
                    change(&$0.clusters[0])
                }
            }
            try await withRunning(cluster()) { proxy, address in
                try await proxy.command(.drain, endpoint: other.text, ofCluster: "api")
                for (number, change) in [{ _ in }, { $0.hold = .seconds(1) }, { $0.balance = .leastRequests }]
                    .enumerated()
                    as EnumeratedSequence<[(inout ProxyConfiguration.Cluster) -> Void]>
                {
                    try await proxy.reload(cluster(change))
                    for _ in 0..<3 { #expect(try ask(address, "a.example").text == "one", "\(number)") }
                    let states = await proxy.endpoints().map(\.condition)
                    #expect(states == ["up", "draining"], "\(number)")
                }
                #expect(origin.connectionCount == 1 && other.connectionCount == 0)
            }
        }

        /// An origin whose answers have no end: a chunk of one byte each time that `more` grows.
        private func endlessOrigin(_ more: Watched<Int>) throws -> Origin {
            try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                var sent = more.current
                while more.wait(until: { $0 > sent }) {
                    sent += 1
                    try connection.wire.send("1\r\n.\r\n")
                }
            }
        }

        @Test(
            "a running exchange goes on with its own configuration; a route that is gone ends it when its time is over")
        func streams() async throws {
            let more = Watched(0)
            let origin = try endlessOrigin(more)
            let spare = try Origin.ok("spare")
            let stays = ProxyConfiguration.Domain("a.example", endpoints: [.init(origin.text)])
            let goes = ProxyConfiguration.Domain("b.example", endpoints: [.init(origin.text)])
            try await withRunning(configuration([stays, goes])) { proxy, address in
                let clients = [try Client(address), try Client(address)]
                try clients[0].get("a.example")
                try clients[1].get("b.example")
                for client in clients { _ = try client.readHead() }
                let moved = ProxyConfiguration.Domain("b.example", endpoints: [.init(spare.text)])
                let report = try await proxy.reload(configuration([stays, moved]))
                #expect(report.leaving == 1)
                #expect(try ask(address, "b.example").text == "spare")
                #expect(clients[1].end() != .timeout)
                #expect(await proxy.statistics().requestsActive == 1)
                more.change { $0 += 3 }
                for _ in 0..<3 { _ = try clients[0].read(6) }
            }
        }

        @Test("a stream whose route was taken back and comes back in time stays; who is cut is asked for at the end")
        func comesBack() async throws {
            let more = Watched(0)
            let origin = try endlessOrigin(more)
            let spare = try Origin.ok("spare")
            func domain(_ name: String, to origin: Origin) -> ProxyConfiguration.Domain {
                .init(name, endpoints: [.init(origin.text)])
            }
            func served(_ origins: Origin...) -> ProxyConfiguration {
                configuration(zip(["a.example", "b.example", "c.example"], origins).map { domain($0, to: $1) })
            }
            try await withRunning(served(origin, origin, origin)) { proxy, address in
                let clients = try ["a.example", "b.example", "c.example"].map { host in
                    let client = try Client(address)
                    try client.get(host)
                    _ = try client.readHead()
                    return client
                }
                #expect(try await proxy.reload(served(spare, spare, origin)).leaving == 2)
                try await proxy.reload(served(origin, spare, origin))
                // Nobody leaves before half of the time is over: when both have, one after the other, all of it is.
                #expect(clients[1].end() != .timeout)
                #expect(try await proxy.reload(served(origin, spare, spare)).leaving == 1)
                #expect(clients[2].end() != .timeout)
                more.change { $0 += 1 }
                _ = try clients[0].read(6)
                #expect(await proxy.statistics().requestsActive == 1)
            }
        }

        @Test("an upgraded connection on a route that has not changed outlives many reloads")
        func upgraded() async throws {
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
                while case .bytes(let bytes) = connection.wire.receive(4) { try connection.wire.send(bytes) }
            }
            let spare = try Origin.ok("spare")
            func numbered(_ number: Int) -> ProxyConfiguration {
                configuration([
                    .init(
                        "a.example",
                        endpoints: [.init(origin.text)] + (number % 2 == 0 ? [] : [.init(spare.text, weight: 0)])),
                    .init("\(number).example", endpoints: [.init(spare.text)]),
                ])
            }
            try await withRunning(numbered(0)) { proxy, address in
                let client = try Client(address)
                try client.get("a.example", "/", "Connection: Upgrade", "Upgrade: echo")
                #expect(try client.readHead().hasPrefix("HTTP/1.1 101"))
                for number in 1...20 {
                    #expect(try await proxy.reload(numbered(number)).leaving == 0)
                    try client.send("ping")
                    #expect(try client.read(4) == Array("ping".utf8))
                    #expect(try ask(address, "\(number).example").text == "spare")
                }
            }
        }

        @Test("a configuration that is wrong changes nothing, and says all of it")
        func wrong() async throws {
            let origin = try Origin.ok("one")
            let before = configuration([.init("a.example", endpoints: [.init(origin.text)])])
            try await withRunning(before) { proxy, address in
                var wrong = configuration([.init("a b", cluster: "nowhere")])
                wrong.limits.fields = 0
                let error = await #expect(throws: ReloadError.self) { try await proxy.reload(wrong) }
                guard case .configuration(let problems) = error else { throw WireError.timeout }
                #expect(problems.problems.count == 3)
                #expect(try ask(address, "a.example").text == "one")
                #expect(throws: ConfigurationError.self) { try proxy.plan(for: wrong) }
                #expect(try proxy.plan(for: before).isEmpty)
            }
        }

        @Test("what only a start can change is refused, and nothing else is changed")
        func needsRestart() async throws {
            let origin = try Origin.ok("one")
            let before = configuration([.init("a.example", endpoints: [.init(origin.text)])])
            try await withRunning(before) { proxy, address in
                var other = configuration([.init("b.example", endpoints: [.init(origin.text)])])
                other.accessLog = .standardOutput
                other.workers = 7
                let changed = other
                let error = await #expect(throws: ReloadError.self) { try await proxy.reload(changed) }
                #expect(error?.description == "only a restart can change this: setting workers, setting access_log")
                let (kept, refused) = (try ask(address, "a.example"), try ask(address, "b.example"))
                #expect(kept.text == "one" && refused.status == 421)
            }
        }

        @Test("a proxy that does not run reloads nothing")
        func notRunning() async throws {
            let before = configuration([.init("a.example", endpoints: ["127.0.0.1:1"])])
            let proxy = try ReverseProxy(configuration: before, logger: Logger(label: "test"))
            let error = await #expect(throws: ReloadError.self) { try await proxy.reload(before) }
            guard case .notRunning = error else { throw WireError.timeout }
        }

        @Test("reloads at the same time follow one another, under load, and no request fails")
        func underLoad() async throws {
            let (one, two) = (try Origin.ok("one"), try Origin.ok("two"))
            func numbered(_ number: Int) -> ProxyConfiguration {
                configuration([.init("a.example", cluster: "api")]) {
                    $0.clusters = [.init("api", endpoints: [.init(one.text), .init(two.text, weight: number % 7)])]
                    $0.clusters[0].hold = number % 3 == 0 ? .seconds(1) : nil
                    $0.limits.fields = 64 + number
                }
            }
            try await withRunning(numbered(1)) { proxy, address in
                let load = Load(4) { try ask(address, "a.example").status }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 1...60 { group.addTask { try await proxy.reload(numbered(number)) } }
                    try await group.waitForAll()
                }
                #expect(load.end() == [200])
                #expect(await proxy.statistics().requestsActive == 0)
            }
        }
    }
}
