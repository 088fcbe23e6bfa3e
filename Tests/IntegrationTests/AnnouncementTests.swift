// Endpoints that are told by a header of the PROXY protocol whose connection it is: what they are told, that it comes
// first, and that no connection is ever lent to another client. What listeners are told is in ProxyProtocolTests.

import CLibevent
import Relevo
import RelevoHTTP
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("PROXY headers to endpoints") struct Announcements {
        /// An origin that takes a header from each connection, then answers each request.
        private final class Told: Sendable {
            let headers = Watched<[ProxyHeader]>([])
            let raw = Watched<[[UInt8]]>([])
            let origin: Origin

            init(
                at address: SocketAddress = .loopback(port: 0),
                _ script: @escaping Origin.Script = { connection in
                    while true {
                        try connection.readRequest()
                        try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    }
                }
            ) throws {
                let (headers, raw) = (headers, raw)
                origin = try Origin(at: address) { connection in
                    let bytes = try connection.readPreamble { (try? ProxyHeader.read($0.span))?.length }
                    raw.change { $0.append(bytes) }
                    if let reading = try? ProxyHeader.read(bytes.span) { headers.change { $0.append(reading.header) } }
                    try script(connection)
                }
            }
        }

        private func configuration(
            _ told: [Told], _ version: ProxyProtocolVersion = .v2,
            _ adjust: (inout ProxyConfiguration.Cluster) -> Void = { _ in }
        ) -> ProxyConfiguration {
            let endpoints = told.map { ProxyConfiguration.Endpoint($0.origin.text) }
            var cluster = ProxyConfiguration.Cluster("c", endpoints: endpoints, balance: .roundRobin)
            cluster.proxyProtocol = version
            adjust(&cluster)
            return .loopback([.init("a.example", routes: [.init(.endpoints(cluster))])])
        }

        /// What is told of a client's connection.
        private func header(_ client: Client, _ proxy: TestProxy) throws -> ProxyHeader {
            let reached = try #require(proxy.address.port)
            let address = IPAddress.v4(0x7F00_0001)
            return .client(
                .init(address, port: client.wire.localPort), reached: .init(address, port: reached))
        }

        @Test(
            "the client's address and the one that it has reached come first", arguments: ProxyProtocolVersion.allCases)
        func told(version: ProxyProtocolVersion) async throws {
            let told = try Told()
            try await withProxy(configuration([told], version)) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try client.response().text == "ok")
                #expect(told.headers.current == [try header(client, proxy)])
                let first: UInt8 = version == .v1 ? UInt8(ascii: "P") : 13
                #expect(told.raw.current.first?.first == first)
                #expect(try told.origin.connection().request().hasPrefix("GET / HTTP/1.1\r\n"))
            }
        }

        @Test("IPv6 is told as such", arguments: ProxyProtocolVersion.allCases)
        func ipv6(version: ProxyProtocolVersion) async throws {
            guard let loopback = SocketAddress(literal: "::1", port: 0), (try? Wire.listen(on: loopback)) != nil
            else { return }
            let told = try Told()
            var configuration = configuration([told], version)
            configuration.listeners = ["[::1]:0"]
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try client.response().text == "ok")
                let address = IPAddress.v6(0, 1)
                let expected = ProxyHeader.client(
                    .init(address, port: client.wire.localPort), reached: .init(address, port: proxy.address.port ?? 0))
                #expect(told.headers.current == [expected])
            }
        }

        @Test("who has come by a path has no address to tell", arguments: ProxyProtocolVersion.allCases)
        func path(version: ProxyProtocolVersion) async throws {
            let (told, directory) = (try Told(), try TemporaryDirectory())
            var configuration = configuration([told], version)
            configuration.listeners = [.init("unix:\(directory.path)/proxy.sock")]
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try client.response().text == "ok")
                #expect(told.headers.current == [.unknown])
            }
        }

        @Test("what a header has told is told on, both addresses")
        func chain() async throws {
            let told = try Told()
            var configuration = configuration([told])
            configuration.listeners[0].proxyProtocol = ProxyProtocolSettings(from: ["127.0.0.1"])
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send("PROXY TCP4 203.0.113.9 192.0.2.1 56324 443\r\n")
                try client.get("a.example")
                #expect(try client.response().text == "ok")
                let expected = ProxyHeader.client(
                    .init(.v4(0xCB00_7109), port: 56_324), reached: .init(.v4(0xC000_0201), port: 443))
                #expect(told.headers.current == [expected])
            }
        }

        // MARK: One client's alone

        @Test("a connection serves the client that it has told of, one request after another, and no other client")
        func reuse() async throws {
            let told = try Told()
            try await withProxy(configuration([told])) { proxy in
                let clients = try (0..<3).map { _ in try proxy.client() }
                for _ in 0..<4 {
                    for client in clients {
                        try client.get("a.example")
                        #expect(try client.response().text == "ok")
                    }
                }
                #expect(told.origin.connections.map(\.requestCount) == [4, 4, 4])
                #expect(told.headers.current == (try clients.map { try header($0, proxy) }))
                #expect(proxy.log.lines(12).filter { $0.text.contains("\"upstream_reused\":true") }.count == 9)
            }
        }

        @Test("it ends with its client, whichever way that ends")
        func endsWithClient() async throws {
            let told = try Told { connection in
                while true {
                    try connection.readRequest()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            }
            try await withProxy(configuration([told])) { proxy in
                for fields in [[], ["Connection: close"]] {
                    let client = try proxy.client()
                    try client.send(
                        "GET / HTTP/1.1\r\nHost: a.example\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
                    #expect(try client.response().text == "ok")
                    client.wire.close()
                    #expect(
                        await eventually {
                            told.origin.connections.last?.wire.isReadable(withinMilliseconds: 0) ?? false
                        })
                }
                #expect(told.origin.connectionCount == 2)
                #expect(await proxy.isQuiet())
            }
        }

        @Test("beside it, clusters without headers lend connections to everybody, also to the same address")
        func others() async throws {
            let plain = try Origin.ok()
            let told = try Told()
            var configuration = configuration([told])
            configuration.domains.append(.to("b.example", plain))
            try await withProxy(configuration) { proxy in
                for _ in 0..<3 {
                    let client = try proxy.client()
                    for name in ["a.example", "b.example"] {
                        try client.get(name)
                        #expect(try client.response().text == "ok")
                    }
                }
                #expect(told.origin.connectionCount == 3)
                #expect(plain.connectionCount == 1)
                #expect(plain.connections[0].request(2).hasPrefix("GET"))
            }
        }

        @Test("a client that comes to more endpoints than it may keep connections to is served by all of them")
        func manyEndpoints() async throws {
            let told = try (0..<11).map { _ in try Told() }
            try await withProxy(configuration(told)) { proxy in
                let client = try proxy.client()
                for _ in 0..<33 {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
                #expect(told.allSatisfy { $0.origin.requestCount == 3 })
                let expected = try header(client, proxy)
                #expect(told.allSatisfy { $0.headers.current.allSatisfy { $0 == expected } })
                #expect(told.allSatisfy { $0.origin.connectionCount == 3 })
            }
        }

        @Test("connection: close opens one for each request, each with the header")
        func closing() async throws {
            let told = try Told()
            var configuration = configuration([told])
            configuration.domains[0].connection = .close
            try await withProxy(configuration) { proxy in
                for number in 1...2 {
                    let client = try proxy.client()
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                    #expect(told.headers.current.last == (try header(client, proxy)))
                    #expect(told.origin.connectionCount == number)
                }
            }
        }

        // MARK: With everything else

        @Test("a request that is sent again begins with the header again")
        func again() async throws {
            let rude = try Told { try $0.readRequest() }
            let good = try Told()
            try await withProxy(configuration([rude, good]) { $0.ejection = nil }) { proxy in
                let client = try proxy.client()
                for _ in 0..<4 {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
                let expected = try header(client, proxy)
                #expect(rude.headers.current.count >= 2)
                #expect((rude.headers.current + good.headers.current).allSatisfy { $0 == expected })
                #expect(good.origin.requestCount == 4)
            }
        }

        @Test("a kept connection that has ended is followed by a new one with the header")
        func stale() async throws {
            let told = try Told { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
            try await withProxy(configuration([told])) { proxy in
                let client = try proxy.client()
                for number in 1...3 {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                    #expect(await eventually { told.headers.current.count == number })
                }
                let expected = try header(client, proxy)
                #expect(told.headers.current == [expected, expected, expected])
            }
        }

        @Test("a large body follows the header in its order, spliced or not")
        func large() async throws {
            let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
            let told = try Told { connection in
                let received = try connection.readRequest()
                try connection.wire.send(
                    "HTTP/1.1 200 OK\r\nContent-Length: \(received.count)\r\n\r\n")
                try connection.wire.send(received)
            }
            try await withProxy(configuration([told], .v1)) { proxy in
                let client = try proxy.client()
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(body.count)\r\n\r\n")
                let sending = Task { try await blocking { try client.send(body) } }
                let response = try await blocking { try client.response(to: "POST") }
                try await sending.value
                #expect(response.body == body)
                #expect(told.headers.current == [try header(client, proxy)])
            }
        }

        /// An origin of which each connection begins with a header or without, and what they have begun with.
        private func mixedOrigin(
            holding gate: Gate? = nil
        ) throws -> (origin: Origin, headers: Watched<[ProxyHeader?]>) {
            let headers = Watched<[ProxyHeader?]>([])
            let origin = try Origin { connection in
                let bytes = try connection.readPreamble { bytes in
                    bytes.first == UInt8(ascii: "G") ? 0 : (try? ProxyHeader.read(bytes.span))?.length
                }
                headers.change { $0.append((try? ProxyHeader.read(bytes.span))?.header) }
                while true {
                    try connection.readRequest()
                    if connection.request(connection.requestCount - 1).hasPrefix("GET /held ") { gate?.pass() }
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            }
            return (origin, headers)
        }

        private func reloadable(_ origin: Origin, _ version: ProxyProtocolVersion?) -> ProxyConfiguration {
            var cluster = ProxyConfiguration.Cluster("c", endpoints: [.init(origin.text)])
            cluster.proxyProtocol = version
            return .loopback([.init("a.example", routes: [.init(.endpoints(cluster))])])
        }

        @Test("a reload that begins or ends to tell takes other connections: none is lent to whom it does not tell of")
        func reload() async throws {
            let (origin, headers) = try mixedOrigin()
            let proxy = try ReverseProxy(configuration: reloadable(origin, nil), logger: Shutdown.logger)
            let address = try await proxy.start()[0]
            let clients = try (0..<2).map { _ in try Client(address) }
            for version in [nil, .v2, nil] as [ProxyProtocolVersion?] {
                let report = try await proxy.reload(reloadable(origin, version))
                #expect(report.plan.lines == (headers.current.isEmpty ? [] : ["~ cluster c: proxy_protocol"]))
                for client in clients {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
            }
            await proxy.shutdown(within: .seconds(1))
            let told = clients.map { client in
                let ip = IPAddress.v4(0x7F00_0001)
                return ProxyHeader.client(
                    .init(ip, port: client.wire.localPort), reached: .init(ip, port: address.port ?? 0))
            }
            #expect(headers.current == [nil, told[0], told[1], nil])
            #expect(origin.connections.map(\.requestCount) == [2, 1, 1, 2])
        }

        @Test("a connection that has told of a client and is in use during a reload is lent to nobody afterwards")
        func reloadDuringExchange() async throws {
            for (before, after) in [(.v2, nil), (nil, .v2)] as [(ProxyProtocolVersion?, ProxyProtocolVersion?)] {
                let gate = Gate()
                let (origin, headers) = try mixedOrigin(holding: gate)
                let proxy = try ReverseProxy(configuration: reloadable(origin, before), logger: Shutdown.logger)
                let address = try await proxy.start()[0]
                let clients = try (0..<2).map { _ in try Client(address) }
                try clients[0].get("a.example", "/held")
                #expect(headers.wait { $0.count == 1 })
                try await proxy.reload(reloadable(origin, after))
                gate.open()
                #expect(try clients[0].response().text == "ok")
                for client in [clients[1], clients[0]] {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
                await proxy.shutdown(within: .seconds(1))
                let hasTold = headers.current.map { $0 != nil }
                #expect(hasTold == (before == nil ? [false, true, true] : [true, false]))
                #expect(origin.connections[0].requestCount == 1)
            }
        }

        // MARK: Checks

        @Test("version 2 says of checks that they are the proxy's own")
        func checksOfVersion2() async throws {
            let told = try Told()
            try await withProxy(configuration([told]) { $0.health = HealthCheck() }) { proxy in
                #expect(told.headers.wait { !$0.isEmpty })
                #expect(told.headers.current.first == .local)
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try client.response().text == "ok")
            }
        }

        @Test("version 1 has no word for that: checks name the ends of their own connection")
        func checksOfVersion1() async throws {
            let told = try Told()
            try await withProxy(configuration([told], .v1) { $0.health = HealthCheck() }) { _ in
                #expect(told.headers.wait { !$0.isEmpty })
                guard case .client(let from, let to)? = told.headers.current.first else {
                    Issue.record("\(told.headers.current)")
                    return
                }
                #expect(to == .init(.v4(0x7F00_0001), port: told.origin.address.port ?? 0))
                #expect(from.address == to.address && from.port != to.port)
            }
        }

        @Test("a check that only connects sends its header all the same")
        func connectCheck() async throws {
            let told = try Told { $0.readToEnd() }
            let configuration = configuration([told]) { $0.health = HealthCheck(.tcp) }
            try await withProxy(configuration) { _ in
                #expect(told.headers.wait { !$0.isEmpty })
                #expect(told.headers.current.first == .local)
                let end = try told.origin.connection().awaitEnd()
                #expect(end == .orderly)
            }
        }
    }
}
