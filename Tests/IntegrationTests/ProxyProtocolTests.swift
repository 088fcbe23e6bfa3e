// Listeners whose peers say by a header of the PROXY protocol who their client is: what of it is believed, by whom, and
// what becomes of connections without it. What endpoints are told by such headers is in AnnouncementTests.

import CLibevent
import RelevoHTTP
import RelevoPolicy
@testable import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("PROXY headers of load balancers") struct Announced {
        private static let get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
        private static let line = "PROXY TCP4 203.0.113.9 192.0.2.1 56324 443\r\n"

        private static func block(_ header: ProxyHeader) -> [UInt8] {
            var bytes: [UInt8] = []
            header.appendBlock(to: &bytes)
            return bytes
        }

        private static func client(_ text: String, port: UInt16 = 56_324) throws -> ProxyHeader {
            let address = try #require(IPAddress(text))
            return .client(.init(address, port: port), reached: .init(address, port: 443))
        }

        /// A proxy that believes the headers of the given ranges.
        private func configuration(
            _ origin: Origin, from ranges: [ProxyConfiguration.TrustedProxy] = ["127.0.0.0/8"], workers: Int = 1,
            timeout: Duration = .seconds(20), _ adjust: (inout ProxyConfiguration) -> Void = { _ in }
        ) -> ProxyConfiguration {
            .loopback([.to("a.example", origin, forwarded: .xForwarded)], workers: workers) {
                var settings = ProxyProtocolSettings(from: ranges)
                settings.timeout = timeout
                $0.listeners[0].proxyProtocol = settings
                adjust(&$0)
            }
        }

        /// What endpoint and log learn of a client that begins with the given bytes.
        private func learnt(
            _ bytes: [UInt8], _ adjust: (inout ProxyConfiguration) -> Void = { _ in }
        ) async throws -> (head: String, line: LogLine) {
            let origin = try Origin.ok()
            var line: LogLine?
            try await withProxy(configuration(origin, adjust)) { proxy in
                let client = try proxy.client()
                try client.send(bytes)
                #expect(try client.response().text == "ok")
                line = try proxy.log.line()
                #expect(await proxy.group.statistics().proxyHeadersRefused == 0)
            }
            return (try origin.connection().request(), try #require(line))
        }

        // MARK: Believed

        @Test("a header and a request in one segment: the client is who the header says, everywhere")
        func oneSegment() async throws {
            for header in [Array(Self.line.utf8), Self.block(try Self.client("203.0.113.9"))] {
                let (head, line) = try await learnt(header + Array(Self.get.utf8))
                #expect(HTTPText.values(of: "x-forwarded-for", in: head) == ["203.0.113.9"])
                #expect(line.text("client") == "203.0.113.9")
                #expect(line.text("peer") == "203.0.113.9:56324")
                #expect(line.text("relay")?.hasPrefix("127.0.0.1:") == true)
            }
        }

        @Test("IPv6, also where it is IPv4 by another name, and what is added behind the addresses")
        func families() async throws {
            let six = try await learnt(Self.block(try Self.client("2001:db8::9")) + Array(Self.get.utf8))
            #expect(six.line.text("client") == "2001:db8::9")
            #expect(six.line.text("peer") == "[2001:db8::9]:56324")
            let mapped = try await learnt(Array(("PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n" + Self.get).utf8))
            #expect(mapped.line.text("client") == "203.0.113.9")
            var added = Self.block(try Self.client("203.0.113.9"))
            added[14] = 2
            added += [UInt8](repeating: 0x47, count: 512)
            #expect(try await learnt(added + Array(Self.get.utf8)).line.text("client") == "203.0.113.9")
        }

        @Test(
            "LOCAL, UNKNOWN and what has no address by TCP leave the connection its own address",
            arguments: [
                Self.block(.local), Self.block(.unknown), Array("PROXY UNKNOWN\r\n".utf8),
                Array("PROXY UNKNOWN 203.0.113.9 192.0.2.1 1 2\r\n".utf8),
            ])
        func unknown(header: [UInt8]) async throws {
            let (head, line) = try await learnt(header + Array(Self.get.utf8))
            #expect(HTTPText.values(of: "x-forwarded-for", in: head) == ["127.0.0.1"])
            #expect(line.text("client") == "127.0.0.1")
            #expect(line.text("relay") == nil)
        }

        @Test("a header that comes byte by byte, and its request behind it")
        func pieces() async throws {
            let origin = try Origin.ok()
            try await withProxy(configuration(origin)) { proxy in
                for header in [Array(Self.line.utf8), Self.block(try Self.client("203.0.113.9"))] {
                    let client = try proxy.client()
                    for byte in header + Array(Self.get.utf8) { try client.send([byte]) }
                    #expect(try client.response().text == "ok")
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
                #expect(proxy.log.lines(4).allSatisfy { $0.text("client") == "203.0.113.9" })
                #expect(await proxy.group.statistics().connectionsAccepted == 2)
            }
        }

        @Test("X-Forwarded-For is believed of a told address that is a trusted proxy, and of no other")
        func trustedProxies() async throws {
            let request = "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n"
            let bytes = Array((Self.line + request).utf8)
            let balancer = try await learnt(bytes) { $0.trustedProxies = ["127.0.0.1"] }
            #expect(balancer.line.text("client") == "203.0.113.9")
            #expect(HTTPText.values(of: "x-forwarded-for", in: balancer.head) == ["203.0.113.9"])
            let told = try await learnt(bytes) { $0.trustedProxies = ["203.0.113.0/24"] }
            #expect(told.line.text("client") == "198.51.100.7")
            let values = HTTPText.values(of: "x-forwarded-for", in: told.head).joined(separator: ", ")
            #expect(values == "198.51.100.7, 203.0.113.9")
        }

        @Test("hooks and the balancer see the told address")
        func decisions() async throws {
            let origins = try ["one", "two", "three"].map { try Origin.ok($0) }
            let endpoints = origins.map { ProxyConfiguration.Endpoint($0.text) }
            let configuration = configuration(origins[0]) {
                $0.domains = [.init("a.example", endpoints: endpoints, balance: .hash(.client))]
            }
            let seen = Watched<Set<String>>([])
            let adjust: (inout GroupSettings) -> Void = {
                $0.hook = { request in
                    let client = request.clientAddress
                    seen.change { _ = $0.insert(client) }
                    return .forward
                }
            }
            try await withProxy(configuration, adjust: adjust) { proxy in
                func answer(_ number: Int) throws -> String {
                    let client = try proxy.client()
                    try client.send(Self.block(try Self.client("203.0.113.\(number)")) + Array(Self.get.utf8))
                    return try client.response().text
                }
                let first = try (1...30).map(answer)
                #expect(Set(first).count > 1)
                #expect(try (1...30).map(answer) == first)
                #expect(seen.current == Set((1...30).map { "203.0.113.\($0)" }))
            }
        }

        @Test("the bound on connections is for told addresses; balancers themselves have none")
        func census() async throws {
            let origin = try Origin.ok()
            try await withProxy(configuration(origin) { $0.limits.clientConnections = 1 }) { proxy in
                func connect(_ address: String) throws -> (Client, Int) {
                    let client = try proxy.client()
                    try client.send(Self.block(try Self.client(address)) + Array(Self.get.utf8))
                    return (client, try client.response().status)
                }
                let all = try (1...5).map { try connect("203.0.113.\($0)") }
                #expect(all.map(\.1) == [200, 200, 200, 200, 200])
                #expect(try connect("203.0.113.3").1 == 429)
                all[2].0.wire.close()
                #expect(await eventually { (try? connect("203.0.113.3").1) == 200 })
            }
        }

        @Test("the told address is right whichever worker serves the client")
        func workers() async throws {
            let origin = try Origin.ok()
            try await withProxy(configuration(origin, workers: 3)) { proxy in
                let clients = try (1...60).map { number in
                    let client = try proxy.client()
                    try client.send(Self.block(try Self.client("203.0.113.\(number)", port: UInt16(number))))
                    return client
                }
                for client in clients {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
                let peers = proxy.log.lines(60).compactMap { $0.text("peer") }
                #expect(Set(peers) == Set((1...60).map { "203.0.113.\($0):\($0)" }))
                #expect(proxy.group.balance.connections.reduce(0, +) == 60)
                for client in clients { client.wire.close() }
                #expect(await proxy.isQuiet())
                #expect(proxy.group.balance.connections == [0, 0, 0])
            }
        }

        @Test("a path's peers send the header, whoever they are")
        func path() async throws {
            let (origin, directory) = (try Origin.ok(), try TemporaryDirectory())
            let configuration = configuration(origin, from: []) {
                $0.listeners[0].address = "unix:\(directory.path)/proxy.sock"
            }
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send(Self.line + Self.get)
                #expect(try client.response().text == "ok")
                let line = try proxy.log.line()
                #expect(line.text("client") == "203.0.113.9")
                #expect(line.text("relay")?.hasPrefix("unix:") == true)
                let other = try proxy.client()
                try other.send(Self.get)
                #expect(other.readToEnd().bytes.isEmpty)
            }
        }

        // MARK: Refused

        @Test("who has no header to send is an ordinary client, and nobody else's header is believed")
        func untrusted() async throws {
            let origin = try Origin.ok()
            try await withProxy(configuration(origin, from: ["10.0.0.0/8", "::1"])) { proxy in
                let client = try proxy.client()
                try client.send(Self.get)
                #expect(try client.response().text == "ok")
                for header in [Array(Self.line.utf8), Self.block(try Self.client("203.0.113.9")), Self.block(.local)] {
                    let client = try proxy.client()
                    try client.send(header + Array(Self.get.utf8))
                    #expect(try client.response().status == 400)
                }
                #expect(proxy.log.lines(4).allSatisfy { $0.text("client") == "127.0.0.1" })
                #expect(origin.requestCount == 1)
                #expect(await proxy.group.statistics().proxyHeadersRefused == 0)
            }
        }

        @Test("a missing, malformed or unfinished header ends the connection without an answer, and is told once")
        func refused() async throws {
            let origin = try Origin.ok()
            let wrong = [
                Self.get, "PROXY TCP4 203.0.113.9 192.0.2.1 56324\r\n" + Self.get, "\u{16}\u{3}\u{1}\u{2}",
                "PROXY UNKNOWN\n" + Self.get, "PROXY UNKNOWN " + String(repeating: "x", count: 200),
                "\r\n\r\n\0\r\nQUIT\n\u{31}", "PROXY TC",
            ]
            try await withProxy(configuration(origin)) { proxy in
                // Who only looks whether somebody listens is no case for anybody.
                try proxy.client().wire.close()
                for bytes in wrong {
                    let client = try proxy.client()
                    try client.send(bytes)
                    if bytes == wrong.last { client.wire.finishSending() }
                    let (answer, end) = client.readToEnd()
                    #expect(answer.isEmpty && end != .timeout, "\(bytes.debugDescription)")
                }
                let client = try proxy.client()
                try client.send(Self.line + Self.get)
                #expect(try client.response().text == "ok")
                #expect(await proxy.group.statistics().proxyHeadersRefused == wrong.count)
                let notices = proxy.notices.current.filter { $0.contains("proxyHeadersRefused") }
                #expect(notices.count == 1)
                #expect(notices.first?.contains("no PROXY header") == true)
                #expect(origin.requestCount == 1)
            }
        }

        @Test("a header that does not come in time ends the connection, also while it comes slowly")
        func late() async throws {
            let origin = try Origin.ok()
            try await withProxy(configuration(origin, timeout: .milliseconds(300))) { proxy in
                let silent = try proxy.client()
                let slow = try proxy.client()
                try slow.send("PROX")
                #expect(silent.readToEnd().bytes.isEmpty)
                #expect(slow.readToEnd().bytes.isEmpty)
                #expect(await proxy.group.statistics().proxyHeadersRefused == 2)
                #expect(await proxy.isQuiet())
            }
        }

        @Test("who has not sent a header holds a place, and gives it back when its time is over")
        func places() async throws {
            let origin = try Origin.ok()
            let configuration = configuration(origin, timeout: .milliseconds(300)) { $0.limits.connections = 1 }
            try await withProxy(configuration) { proxy in
                let silent = try proxy.client()
                #expect(await eventually { await proxy.group.statistics().connectionsOpen == 1 })
                let waiting = try proxy.client()
                try waiting.send(Self.line + Self.get)
                #expect(try waiting.response().text == "ok")
                #expect(silent.readToEnd().bytes.isEmpty)
                waiting.wire.close()
                #expect(await proxy.isQuiet())
                #expect(proxy.group.balance.connections == [0])
            }
        }

        // MARK: Ending

        @Test("a proxy that ends waits no longer for headers")
        func shutdown() async throws {
            let origin = try Origin.ok()
            let proxy = try await TestProxy.start(configuration(origin))
            let client = try proxy.client()
            #expect(await eventually { await proxy.group.statistics().connectionsOpen == 1 })
            await proxy.stop(within: .seconds(60))
            #expect(client.end() != .timeout)
            #expect(proxy.group.balance.connections == [0])
        }

        @Test("whose header and request have come before the end is served")
        func servedAtTheEnd() async throws {
            let origin = try Origin.ok()
            let proxy = try await TestProxy.start(configuration(origin))
            let (near, far) = try Wire.pair()
            let client = Client(near)
            try client.send(Self.line + Self.get)
            proxy.group.balance.count(1, of: 0)
            proxy.group.workers[0].post { worker in
                worker.adopt(Socket(owning: far), Arrival(peer: .unix(path: ""), door: worker.entrances[0].door))
                worker.drain(within: .seconds(20)) { worker.loop.stop() }
            }
            let response = try await blocking { try client.response() }
            #expect(response.text == "ok")
            await proxy.stop()
            #expect(try proxy.log.line().text("client") == "203.0.113.9")
            #expect(proxy.group.balance.connections == [0])
        }
    }
}
