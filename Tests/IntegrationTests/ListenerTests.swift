// Where clients are accepted: ports, paths, and starts that fail without leaving anything behind.
// How a proxy ends is in ShutdownTests.

import CLibevent
import Glibc
import Logging
import Relevo
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Listeners") struct Listeners {
        private static func make(_ listeners: [String], _ origin: Origin, workers: Int = 1) throws -> ReverseProxy {
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)], workers: workers) {
                $0.listeners = listeners.map { .init($0) }
            }
            return try ReverseProxy(configuration: configuration, logger: Shutdown.logger)
        }

        private func serves(_ address: SocketAddress) throws -> Bool {
            let client = try Client(address)
            try client.get("a.example")
            return try client.response().text == "ok"
        }

        @Test("port 0 becomes a real port for each listener, shared by both workers")
        func portZero() async throws {
            let origin = try Origin.ok()
            let proxy = try Self.make(["127.0.0.1:0", "127.0.0.1:0"], origin, workers: 2)
            let addresses = try await proxy.start()
            #expect(addresses.count == 2)
            #expect(Set(addresses).count == 2)
            #expect(addresses.allSatisfy { ($0.port ?? 0) > 0 })
            for address in addresses { for _ in 0..<20 { #expect(try serves(address)) } }
            await proxy.shutdown(within: .seconds(1))
        }

        /// Whether this machine has an IPv6 loopback.
        private static var hasIPv6: Bool {
            SocketAddress(literal: "::1", port: 0).flatMap { try? Wire.listen(on: $0) } != nil
        }

        @Test("IPv6 listens beside IPv4", .enabled(if: Listeners.hasIPv6))
        func ipv6() async throws {
            let origin = try Origin.ok()
            let proxy = try Self.make(["[::1]:0", "127.0.0.1:0"], origin)
            for address in try await proxy.start() { #expect(try serves(address)) }
            await proxy.shutdown(within: .seconds(1))
        }

        @Test("a port that somebody else has fails the start, names the listener and leaves nothing open")
        func taken() async {
            // In a process of its own: other tests open and close descriptors, too.
            await #expect(processExitsWith: .success) {
                let origin = try Origin.ok()
                let other = try Wire.listen(on: .loopback(port: 0))
                let free = try Integration.deadAddress()
                let wanted = "127.0.0.1:\(other.localPort)"
                await ThisProcess.settle()
                // The first time the runtime may open something of its own.
                _ = try? await Self.make([free.description, wanted], origin, workers: 2).start()
                let before = ThisProcess.descriptorCount
                let proxy = try Self.make([free.description, wanted], origin, workers: 2)
                let error = await #expect(throws: ProxyStartError.self) { try await proxy.start() }
                #expect(error?.listener == wanted)
                #expect(error?.description.contains("\(wanted)") == true)
                #expect(error?.description.contains("Address already in use") == true)
                #expect(await eventually { ThisProcess.descriptorCount <= before })
                #expect(throws: WireError.self) { try Client(free) }
                await proxy.waitUntilStopped()
                await proxy.shutdown()
            }
        }

        @Test("a start that fails leaves no thread, no descriptor and no file of a socket, however often it is tried")
        func failedStarts() async {
            await #expect(processExitsWith: .success) {
                let origin = try Origin.ok()
                let directory = try TemporaryDirectory()
                let other = try Wire.listen(on: .loopback(port: 0))
                let listeners = ["unix:\(directory.path)/first.sock", "127.0.0.1:\(other.localPort)"]
                await ThisProcess.settle()
                var before = (descriptors: 0, threads: 0)
                for attempt in 0..<20 {
                    let configuration = ProxyConfiguration.loopback([.to("a.example", origin)], workers: 2) {
                        $0.listeners = listeners.map { .init($0) }
                        $0.accessLog = .standardOutput
                    }
                    let proxy = try ReverseProxy(configuration: configuration, logger: Shutdown.logger)
                    await #expect(throws: ProxyStartError.self) { try await proxy.start() }
                    #expect(!directory.contains("first.sock"))
                    if attempt == 0 { before = (ThisProcess.descriptorCount, ThisProcess.threadCount) }
                }
                // The runtime may open some of its own meanwhile, and its pool of threads may grow; one for each start
                // would be more.
                #expect(await eventually { ThisProcess.descriptorCount < before.descriptors + 10 })
                #expect(await eventually { ThisProcess.threadCount < before.threads + 10 })
            }
        }

        @Test("a start without descriptors for its threads fails at once, names the reason and leaves no file")
        func noDescriptors() async {
            await #expect(processExitsWith: .success) {
                let origin = try Origin.ok()
                let directory = try TemporaryDirectory()
                // Enough for the socket and the mailboxes of worker and control, not for a loop.
                for spare in 0..<8 {
                    let descriptors = (0..<spare).map { _ in dup(0) }
                    let proxy = try Self.make(["unix:\(directory.path)/proxy.sock"], origin)
                    let shortage = try DescriptorShortage()
                    for descriptor in descriptors { close(descriptor) }
                    let error = await #expect(throws: ProxyStartError.self) { try await proxy.start() }
                    shortage.end()
                    #expect(error?.reason?.isExhaustion == true)
                    #expect(!directory.contains("proxy.sock"), "\(spare)")
                }
            }
        }

        @Test("a port that another proxy shares among its workers is taken as well")
        func takenByRelevo() async throws {
            let origin = try Origin.ok()
            let first = try Self.make(["127.0.0.1:0"], origin, workers: 2)
            let address = try #require(try await first.start().first)
            let second = try Self.make([address.description], origin, workers: 2)
            await #expect(throws: ProxyStartError.self) { try await second.start() }
            for _ in 0..<10 { #expect(try serves(address)) }
            await first.shutdown(within: .seconds(1))
        }

        @Test("a port is free again when its proxy has ended, although connections linger in the system")
        func restart() async throws {
            let origin = try Origin.ok()
            // No other test gets a port of this host.
            let first = try Self.make(["127.83.1.5:0"], origin)
            let address = try #require(try await first.start().first)
            #expect(try serves(address))
            let client = try Client(address)
            try client.get("a.example")
            _ = try client.response()
            await first.shutdown(within: .seconds(1))
            let second = try Self.make([address.description], origin)
            try await second.start()
            #expect(try serves(address))
            await second.shutdown(within: .seconds(1))
        }

        @Test("an address that this machine does not have fails the start and is named")
        func foreignAddress() async throws {
            let origin = try Origin.ok()
            let proxy = try Self.make(["192.0.2.1:8080"], origin)
            let error = await #expect(throws: ProxyStartError.self) { try await proxy.start() }
            #expect(error?.listener == "192.0.2.1:8080")
        }

        @Test("a unix socket serves, to an endpoint that is one too, and goes with its proxy", arguments: [1, 2])
        func unix(_ workers: Int) async throws {
            let directory = try TemporaryDirectory()
            let origin = try Origin(at: .unix(path: directory.path + "/origin.sock")) { connection in
                while true {
                    try connection.readRequest()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            }
            let path = directory.path + "/proxy.sock"
            let proxy = try Self.make(["unix:\(path)"], origin, workers: workers)
            let addresses = try await proxy.start()
            #expect(addresses == [.unix(path: path)])
            for _ in 0..<5 { #expect(try serves(.unix(path: path))) }
            await proxy.shutdown(within: .seconds(1))
            #expect(!directory.contains("proxy.sock"))
        }

        @Test("a socket file that nobody serves any more is replaced")
        func staleFile() async throws {
            let directory = try TemporaryDirectory()
            let origin = try Origin.ok()
            let path = directory.path + "/proxy.sock"
            try Wire.listen(on: .unix(path: path)).close()
            #expect(directory.contains("proxy.sock"))
            let proxy = try Self.make(["unix:\(path)"], origin)
            try await proxy.start()
            #expect(try serves(.unix(path: path)))
            await proxy.shutdown(within: .seconds(1))
        }

        @Test("a socket file that somebody serves, and a file that is no socket, are left alone")
        func foreignFile() async throws {
            let directory = try TemporaryDirectory()
            let origin = try Origin.ok()
            let other = try Wire.listen(on: .unix(path: directory.path + "/other.sock"))
            let text = try directory.write("text", "precious")
            for path in [directory.path + "/other.sock", text] {
                let proxy = try Self.make(["unix:\(path)"], origin)
                let error = await #expect(throws: ProxyStartError.self) { try await proxy.start() }
                #expect(error?.listener == "unix:\(path)")
            }
            #expect(directory.contains("text"))
            #expect((try? Wire.connect(to: .unix(path: directory.path + "/other.sock"))) != nil)
            withExtendedLifetime(other) {}
        }

        @Test("a burst of clients that arrives in one turn of the loop does not get past the bound either")
        func burst() async throws {
            let origin = try Origin.ok()
            let entered = Gate()
            let release = Gate()
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) { $0.limits.connections = 3 }
            try await withProxy(configuration) {
                $0.hook = { request in
                    // Holds the worker so that the burst gathers in the backlog; no hook in earnest may do this.
                    if request.target == "/hold" {
                        entered.open()
                        release.pass()
                    }
                    return .forward
                }
            } _: { proxy in
                let first = try proxy.client()
                try first.get("a.example", "/hold")
                #expect(entered.pass())
                let crowd = try (0..<20).map { _ in try proxy.client() }
                release.open()
                #expect(try first.response().text == "ok")
                let numbers = await proxy.group.statistics()
                #expect(numbers.connectionsOpen <= 3)
                for client in crowd { client.wire.close() }
                let late = try proxy.client()
                try late.get("a.example")
                #expect(try late.response().text == "ok")
            }
        }

        @Test("more clients than allowed wait in the backlog; an answer then ends its connection and lets one in")
        func full() async throws {
            let release = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                release.pass()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) { $0.limits.connections = 3 }
            try await withProxy(configuration) { proxy in
                let clients = try (0..<3).map { _ in try proxy.client() }
                for (index, client) in clients.enumerated() {
                    try client.get("a.example")
                    try origin.connection(index).awaitBytes { HTTPText.headLength($0) != nil }
                }
                let late = try proxy.client()
                try late.get("a.example")
                #expect(!late.wire.isReadable(withinMilliseconds: 200))
                #expect(proxy.notices.wait { $0.contains { $0.contains("connectionsFull") } })
                release.open()
                #expect(try late.response().text == "ok")
                let fields = try clients.map { try $0.response().field("Connection") }
                #expect(fields.contains("close"))
            }
        }

        @Test("when there are as many clients as allowed, one that waits for its next request makes room")
        func roomByIdle() async throws {
            let origin = try Origin.ok()
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) { $0.limits.connections = 3 }
            try await withProxy(configuration) { proxy in
                var clients: [Client] = []
                for _ in 0..<10 {
                    let client = try proxy.client()
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                    clients.append(client)
                }
                #expect(await proxy.group.statistics().connectionsOpen <= 3)
                #expect(await eventually { clients.count { $0.wire.isReadable(withinMilliseconds: 0) } >= 7 })
            }
        }
    }
}
