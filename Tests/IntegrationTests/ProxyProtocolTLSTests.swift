// A load balancer that passes TLS on, with a PROXY header before the client's first words. The client is curl.
// Headers without TLS are in ProxyProtocolTests.

import CLibevent
import Foundation
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("PROXY headers before TLS") struct AnnouncedTLS {
        /// Passes connections on, each with a header in front of the first bytes, in one segment with them or alone.
        private final class Relay: Sendable {
            let port: UInt16
            private let listener: Wire

            init(to target: SocketAddress, header: String, isApart: Bool) throws {
                let listener = try Wire.listen(on: .loopback(port: 0))
                self.listener = listener
                port = listener.localPort
                Thread.detachNewThread {
                    while let client = listener.accept() {
                        Thread.detachNewThread { try? Self.pass(client, to: target, header, isApart) }
                    }
                }
            }

            deinit { listener.interrupt() }

            private static func pass(
                _ client: Wire, to target: SocketAddress, _ header: String, _ isApart: Bool
            ) throws {
                let server = try Wire.connect(to: target)
                if isApart { for byte in header.utf8 { try server.send([byte]) } }
                guard case .bytes(let hello) = client.receive() else { return }
                try server.send((isApart ? [] : Array(header.utf8)) + hello)
                Thread.detachNewThread { pump(server, client) }
                pump(client, server)
            }

            private static func pump(_ source: Wire, _ target: Wire) {
                while case .bytes(let bytes) = source.receive() {
                    guard (try? target.send(bytes)) != nil else { break }
                }
                target.finishSending()
            }
        }

        /// A certificate for names, and the file of who has issued it.
        private func certificate(_ names: String...) throws -> (files: CertificateFiles, authority: String) {
            let authority = try Authority.shared.get()
            let place = try authority.issue(names, .now)
            return (CertificateFiles(place + ".pem", key: place + ".key"), authority.path("ca.pem"))
        }

        /// A proxy that speaks TLS behind a header.
        private func configuration(_ origin: Origin, _ files: CertificateFiles) -> ProxyConfiguration {
            .loopback([.to("a.example", origin, forwarded: .xForwarded)]) {
                $0.listeners[0].tls = ListenerTLS(certificates: [files])
                $0.listeners[0].proxyProtocol = ProxyProtocolSettings(from: ["127.0.0.0/8"])
            }
        }

        @Test("TLS begins right behind the header, in one segment with it or not", arguments: [false, true])
        func behind(isApart: Bool) async throws {
            let origin = try Origin.ok("hello")
            let (files, authority) = try certificate("a.example")
            try await withProxy(configuration(origin, files)) { proxy in
                let header = "PROXY TCP4 203.0.113.9 192.0.2.1 56324 443\r\n"
                let relay = try Relay(to: proxy.address, header: header, isApart: isApart)
                let outcome = try Program(
                    "/usr/bin/curl",
                    [
                        "-sS", "--http1.1", "--max-time", "60", "--cacert", authority, "--resolve",
                        "a.example:\(relay.port):127.0.0.1", "https://a.example:\(relay.port)/",
                    ]
                ).outcome()
                #expect(outcome.output == "hello", "\(outcome.complaints)")
                let head = try origin.connection().request()
                #expect(HTTPText.values(of: "x-forwarded-for", in: head) == ["203.0.113.9"])
                #expect(HTTPText.values(of: "x-forwarded-proto", in: head) == ["https"])
                #expect(try proxy.log.line().text("peer") == "203.0.113.9:56324")
            }
        }

        @Test("TLS without the header ends before the handshake")
        func without() async throws {
            let origin = try Origin.ok()
            let (files, _) = try certificate("a.example")
            try await withProxy(configuration(origin, files)) { proxy in
                let port = proxy.address.port ?? 0
                let outcome = try Program(
                    "/usr/bin/curl", ["-sS", "--max-time", "60", "-k", "https://127.0.0.1:\(port)/"]
                ).outcome()
                #expect(outcome.status == 35)
                let stats = await proxy.group.statistics()
                #expect(stats.proxyHeadersRefused == 1 && stats.handshakesFailed == 0)
            }
        }

        @Test(
            "an endpoint that speaks TLS is told before the handshake, by checks and for each client",
            arguments: ProxyProtocolVersion.allCases)
        func toEndpoint(version: ProxyProtocolVersion) async throws {
            let origin = try Origin.ok("hello")
            let (files, authority) = try certificate("127.0.0.1")
            try await withProxy(configuration(origin, files)) { endpoint in
                let port = endpoint.address.port ?? 0
                var cluster = ProxyConfiguration.Cluster("c", endpoints: [.init("https://127.0.0.1:\(port)")])
                cluster.tls.authorities = authority
                cluster.proxyProtocol = version
                var probe = HTTPProbe()
                (probe.host, probe.statuses) = ("a.example", [200...200])
                cluster.health = HealthCheck(.http(probe))
                let front = ProxyConfiguration.loopback([.init("a.example", routes: [.init(.endpoints(cluster))])])
                try await withProxy(front) { proxy in
                    let isChecked = await eventually { origin.requestCount > 0 }
                    #expect(isChecked)
                    let clients = try (0..<2).map { _ in try proxy.client() }
                    for client in clients + clients {
                        try client.get("a.example")
                        #expect(try client.response().text == "hello")
                    }
                    #expect(proxy.log.lines(4).filter { $0.text.contains("\"upstream_reused\":true") }.count == 2)
                    let wanted = Set(clients.map { "127.0.0.1:\($0.wire.localPort)" })
                    let told = await eventually {
                        endpoint.log.lines(5).compactMap { $0.text("peer") }.filter { wanted.contains($0) }.count == 4
                    }
                    #expect(told)
                    #expect(await endpoint.group.statistics().proxyHeadersRefused == 0)
                }
            }
        }
    }
}
