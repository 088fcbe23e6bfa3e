// A proxy that takes the place of another in the same process: the sockets, those who are connected, and what clients
// have been given to remember. Between processes it is tested with the program.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Succession") struct Successions: Reloading {
        private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

        private func successor(
            of proxy: ReverseProxy, _ configuration: ProxyConfiguration
        ) async throws -> (ReverseProxy, [SocketAddress]) {
            let inheritance = try #require(await proxy.inheritance())
            let next = try ReverseProxy(configuration: configuration, logger: Self.silent, inheriting: inheritance)
            return (next, try await next.start())
        }

        @Test("nobody who comes is refused while one after another takes over, with as many workers as it likes")
        func chain() async throws {
            let origin = try Origin.ok("hello")
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/proxy.sock"
            var before = configuration([.init("a.example", endpoints: [.init(origin.text)])])
            before.listeners = ["127.0.0.1:0", .init("unix:\(path)")]
            var proxy = try ReverseProxy(configuration: before, logger: Self.silent)
            let addresses = try await proxy.start()
            let load = Load(3) { try ask(addresses[0], "a.example").status }
            for workers in [1, 3, 2, 1, 4] {
                before.workers = workers
                let (next, nextAddresses) = try await successor(of: proxy, before)
                #expect(nextAddresses == addresses)
                await proxy.retire()
                #expect(directory.contains("proxy.sock"))
                for _ in 0..<8 { #expect(try ask(addresses[1], "a.example").text == "hello") }
                proxy = next
            }
            #expect(load.end() == [200])
            await proxy.shutdown(within: .seconds(1))
            #expect(!directory.contains("proxy.sock"))
            #expect(throws: (any Error).self) { try Client(addresses[0]) }
        }

        @Test("who is connected may send one more request, is told, and comes to the other")
        func patience() async throws {
            let origin = try Origin.ok("hello")
            var settings = configuration([.init("a.example", endpoints: [.init(origin.text)])])
            settings.timeouts.drain = .seconds(60)
            let proxy = try ReverseProxy(configuration: settings, logger: Self.silent)
            let address = try await proxy.start()[0]
            let (used, unused) = (try Client(address), try Client(address))
            try used.get("a.example")
            #expect(try used.response().field("Connection") == nil)
            let (next, _) = try await successor(of: proxy, settings)
            let isGone = Watched(false)
            Task {
                await proxy.retire()
                isGone.change { $0 = true }
            }
            #expect(await eventually { proxy.isStopping })
            for client in [used, unused] {
                try client.get("a.example")
                let last = try client.response()
                #expect(last.text == "hello" && last.field("Connection") == "close")
                #expect(client.end() == .orderly)
            }
            #expect(await eventually { isGone.current })
            #expect(try ask(address, "a.example").text == "hello")
            #expect(await next.statistics().requests == 1)
            await next.shutdown(within: .seconds(1))
        }

        @Test("who has the head of an answer, which says nothing of an end, may send one more request")
        func amidAnAnswer() async throws {
            let rest = Gate()
            let origin = try Origin { connection in
                while true {
                    try connection.readRequest()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
                    rest.pass()
                    try connection.wire.send("llo")
                }
            }
            var settings = configuration([.init("a.example", endpoints: [.init(origin.text)])])
            settings.timeouts.drain = .seconds(60)
            let proxy = try ReverseProxy(configuration: settings, logger: Self.silent)
            let address = try await proxy.start()[0]
            let client = try Client(address)
            try client.get("a.example")
            var text = ""
            func read(until end: String) throws {
                while !text.hasSuffix(end) {
                    guard case .bytes(let more) = client.wire.receive() else { throw WireError.timeout }
                    text += String(decoding: more, as: UTF8.self)
                }
            }
            try read(until: "he")
            let (next, _) = try await successor(of: proxy, settings)
            async let retired: Void = proxy.retire()
            #expect(await eventually { proxy.isStopping })
            rest.open()
            try read(until: "hello")
            #expect(!text.lowercased().contains("connection: close"))
            try client.get("a.example")
            let last = try client.response()
            #expect(last.text == "hello" && last.field("Connection") == "close")
            await retired
            await next.shutdown(within: .seconds(1))
        }

        @Test("who stays is cut off in time, and sooner if the process is told to end", arguments: [true, false])
        func hastened(_ isTold: Bool) async throws {
            let origin = try Origin.ok("hello")
            var settings = configuration([.init("a.example", endpoints: [.init(origin.text)])])
            settings.timeouts.drain = isTold ? .seconds(600) : .milliseconds(300)
            let proxy = try ReverseProxy(configuration: settings, logger: Self.silent)
            let address = try await proxy.start()[0]
            let client = try Client(address)
            try client.get("a.example")
            #expect(try client.response().status == 200)
            let (next, _) = try await successor(of: proxy, settings)
            async let retired: Void = proxy.retire()
            if isTold {
                #expect(await eventually { proxy.isStopping })
                await proxy.shutdown(within: .seconds(5))
            }
            await retired
            #expect(client.end() == .orderly)
            await next.shutdown(within: .seconds(1))
        }

        @Test("orders, signed cookies and the keys of tickets are the same with the other")
        func state() async throws {
            let origins = try (0..<4).map { try Origin.ok("\($0)") }
            var settings = configuration([.init("a.example", cluster: "api")])
            settings.clusters = [
                .init("api", endpoints: origins.map { .init($0.text) }, balance: .sticky(StickyCookie()))
            ]
            let proxy = try ReverseProxy(configuration: settings, logger: Self.silent)
            let address = try await proxy.start()[0]
            let name = origins[0].text
            try await proxy.command(.weight(7), endpoint: name, ofCluster: "api")
            try await proxy.command(.drain, endpoint: name, ofCluster: "api")
            try await proxy.command(.disable, endpoint: origins[1].text, ofCluster: "api")
            #expect(await eventually { await proxy.endpoints().filter { $0.isAvailable }.count == 2 })
            let first = try ask(address, "a.example")
            let cookie = try #require(first.field("Set-Cookie")?.prefix { $0 != ";" })
            let before = await proxy.inheritance()?.state
            let (next, _) = try await successor(of: proxy, settings)
            await proxy.retire()
            let status = await next.endpoints()
            #expect(status.map(\.condition) == ["draining", "disabled", "up", "up"])
            #expect(status.map(\.weight) == [7, 1, 1, 1])
            for _ in 0..<12 {
                let client = try Client(address)
                try client.send("GET / HTTP/1.1\r\nHost: a.example\r\nCookie: \(cookie)\r\n\r\n")
                let answer = try client.response()
                #expect(answer.text == first.text && answer.field("Set-Cookie") == nil)
            }
            let after = await next.inheritance()?.state
            #expect(after == before && after?.secret.count == 32 && after?.ticketKeys.map(\.count) == [80])
            await next.shutdown(within: .seconds(1))
            #expect(await next.inheritance() == nil)
        }

        @Test("one that cannot start leaves the other and its files as they were")
        func failure() async throws {
            let origin = try Origin.ok("hello")
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/proxy.sock"
            let settings = configuration([.init("a.example", endpoints: [.init(origin.text)])]) {
                $0.listeners = [.init("unix:\(path)")]
            }
            try await withRunning(settings) { proxy, address in
                let inheritance = try #require(await proxy.inheritance())
                let taken = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
                var wanted = settings
                wanted.listeners = [
                    .init("unix:\(path)"), .init("unix:\(directory.path)/other.sock"), .init("\(taken.address)"),
                ]
                let next = try ReverseProxy(configuration: wanted, logger: Self.silent, inheriting: inheritance)
                await #expect(throws: ProxyStartError.self) { try await next.start() }
                #expect(!directory.contains("other.sock"))
                #expect(try ask(address, "a.example").text == "hello")
            }
        }
    }
}
