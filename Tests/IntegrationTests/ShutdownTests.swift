// How a proxy ends: what runs may finish, what waits is told, and afterwards nothing is left.
// Through the public facade.

import CLibevent
import Logging
import Relevo
import TestSupport
import Testing

extension Integration {
    @Suite("Shutdown") struct Shutdown {
        static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

        private static func running(_ configuration: ProxyConfiguration) async throws -> (ReverseProxy, SocketAddress) {
            // Tests look whether the address is refused afterwards: no other test may get its port.
            var configuration = configuration
            configuration.listeners = [.init("127.83.1.4:0")]
            let proxy = try ReverseProxy(configuration: configuration, logger: Self.logger)
            let addresses = try await proxy.start()
            return (proxy, try #require(addresses.first))
        }

        private func refuses(_ address: SocketAddress) -> Bool {
            (try? Wire.connect(to: address)) == nil
        }

        /// A connection that has been served and waits for its next request.
        private func idleClient(_ address: SocketAddress) throws -> Client {
            let client = try Client(address)
            try client.get("c.example")
            _ = try client.response()
            return client
        }

        @Test("a running exchange finishes, is told that the connection ends, and new connections are refused")
        func finishes() async throws {
            let gate = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                gate.pass()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
            let (proxy, address) = try await Self.running(.loopback([.to("a.example", origin)]))
            let client = try Client(address)
            try client.get("a.example")
            try origin.connection().awaitBytes { HTTPText.headLength($0) != nil }
            let idle = try idleClient(address)
            let ending = Task { await proxy.shutdown(within: .seconds(20)) }
            // The end of an idle connection says that the worker knows.
            let idleEnd = try await blocking { idle.end() }
            #expect(idleEnd == .orderly)
            #expect(refuses(address))
            gate.open()
            let response = try await blocking { try client.response() }
            #expect(response.text == "ok")
            #expect(HTTPText.values(of: "connection", in: response.head) == ["close"])
            #expect(client.end() == .orderly)
            await ending.value
        }

        @Test("a response that has begun before the shutdown finishes whole")
        func finishesBody() async throws {
            let gate = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
                gate.pass()
                try connection.wire.send("def")
            }
            let (proxy, address) = try await Self.running(.loopback([.to("a.example", origin)]))
            let client = try Client(address)
            try client.get("a.example")
            let head = try client.readHead()
            #expect(head.hasPrefix("HTTP/1.1 200"))
            let idle = try idleClient(address)
            let ending = Task { await proxy.shutdown(within: .seconds(20)) }
            // The end of an idle connection says that the worker knows.
            let idleEnd = try await blocking { idle.end() }
            #expect(idleEnd == .orderly)
            #expect(refuses(address))
            gate.open()
            let (bytes, end) = try await blocking { client.readToEnd() }
            #expect(String(decoding: bytes, as: UTF8.self) == "abcdef")
            #expect(end == .orderly)
            await ending.value
        }

        @Test("an idle keep-alive connection ends at once")
        func idleEnds() async throws {
            let origin = try Origin.ok()
            let (proxy, address) = try await Self.running(.loopback([.to("a.example", origin)]))
            let client = try Client(address)
            try client.get("a.example")
            #expect(try client.response().text == "ok")
            await proxy.shutdown(within: .seconds(20))
            #expect(client.end() == .orderly)
            #expect(try origin.connection().awaitEnd() == .orderly)
        }

        @Test("the deadline ends what does not finish, and the client sees that its answer is not whole")
        func deadline() async throws {
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                connection.readToEnd()
            }
            let (proxy, address) = try await Self.running(.loopback([.to("a.example", origin)]))
            let client = try Client(address)
            try client.get("a.example")
            _ = try client.readHead()
            await proxy.shutdown(within: .milliseconds(200))
            #expect(client.readToEnd().bytes.count < 10)
            #expect(try origin.connection().awaitEnd() != .timeout)
        }

        @Test("silent, half-spoken and unanswered connections do not outlive the deadline")
        func deadlineForAll() async throws {
            let origin = try Origin { $0.readToEnd() }
            let (proxy, address) = try await Self.running(.loopback([.to("a.example", origin)], workers: 2))
            let clients = try (0..<12).map { _ in try Client(address) }
            for (index, client) in clients.enumerated() {
                switch index % 3 {
                case 0: break
                case 1: try client.send("GET / HT")
                default: try client.get("a.example")
                }
            }
            for index in 0..<4 { try origin.connection(index).awaitBytes { HTTPText.headLength($0) != nil } }
            await proxy.shutdown(within: .milliseconds(200))
            for (index, client) in clients.enumerated() {
                if index % 3 == 2 {
                    let response = try client.response()
                    #expect(response.status == 503)
                    #expect(response.code == "proxy.draining")
                }
                #expect(client.end() != .timeout)
            }
        }

        @Test("shutting down twice, at the same time or later, is harmless")
        func twice() async throws {
            let origin = try Origin.ok()
            let (proxy, address) = try await Self.running(.loopback([.to("a.example", origin)]))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { await proxy.shutdown(within: .seconds(1)) } }
            }
            await proxy.shutdown()
            await proxy.waitUntilStopped()
            #expect(refuses(address))
            let statistics = await proxy.statistics()
            #expect(statistics.connectionsAccepted == 0)
            #expect(statistics.answersByStatusClass.isEmpty)
        }

        @Test("shutting down a proxy that never started returns at once")
        func neverStarted() async throws {
            let origin = try Origin.ok()
            let proxy = try ReverseProxy(
                configuration: .loopback([.to("a.example", origin)]), logger: Self.logger)
            await proxy.shutdown()
        }

        @Test("a proxy starts once only")
        func startsOnce() async throws {
            let origin = try Origin.ok()
            let (proxy, _) = try await Self.running(.loopback([.to("a.example", origin)]))
            await #expect(throws: ProxyStartError.self) { try await proxy.start() }
            await proxy.shutdown(within: .seconds(1))
            await #expect(throws: ProxyStartError.self) { try await proxy.start() }
        }

        @Test("two proxies live in one process, and one's end is not the other's")
        func twoProxies() async throws {
            let a = try Origin.ok("a")
            let b = try Origin.ok("b")
            let (first, firstAddress) = try await Self.running(.loopback([.to("a.example", a)], workers: 2))
            let (second, secondAddress) = try await Self.running(.loopback([.to("a.example", b)], workers: 2))
            let clients = (try Client(firstAddress), try Client(secondAddress))
            try clients.0.get("a.example")
            try clients.1.get("a.example")
            #expect(try clients.0.response().text == "a")
            #expect(try clients.1.response().text == "b")
            await first.shutdown(within: .seconds(1))
            try clients.1.get("a.example")
            #expect(try clients.1.response().text == "b")
            await second.shutdown(within: .seconds(1))
        }

        @Test("a proxy as a service serves until its task is cancelled")
        func service() async throws {
            let origin = try Origin.ok()
            let (proxy, address) = try await Self.running(.loopback([.to("a.example", origin)]))
            let service = Task { try await proxy.run() }
            let client = try Client(address)
            try client.get("a.example")
            #expect(try client.response().text == "ok")
            service.cancel()
            try await service.value
            await proxy.waitUntilStopped()
            #expect(refuses(address))
        }

        @Test("a hundred starts and ends leave no descriptor behind")
        func descriptors() async {
            // In a process of its own: other tests open and close descriptors, too.
            await #expect(processExitsWith: .success) {
                let origin = try Origin.ok()
                func once() async throws {
                    let (proxy, address) = try await Self.running(.loopback([.to("a.example", origin)], workers: 2))
                    let client = try Client(address)
                    try client.get("a.example")
                    _ = try client.response()
                    client.wire.close()
                    await proxy.shutdown(within: .seconds(1))
                }
                for _ in 0..<3 { try await once() }
                await ThisProcess.settle()
                let before = ThisProcess.descriptorCount
                for _ in 0..<100 { try await once() }
                // The origin's threads close their ends a moment later.
                #expect(await eventually { ThisProcess.descriptorCount <= before })
            }
        }
    }
}
