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

        private func certificate(_ directory: TemporaryDirectory) throws -> CertificateFiles {
            let files = CertificateFiles("\(directory.path)/a.pem", key: "\(directory.path)/a.key")
            let outcome = try Program(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", "/CN=a.example", "-addext", "subjectAltName=DNS:a.example", "-keyout", files.key ?? "",
                    "-out", files.certificate,
                ]
            ).outcome()
            try #require(outcome.status == 0, "\(outcome.complaints)")
            return files
        }

        @Test("TLS begins right behind the header, in one segment with it or not", arguments: [false, true])
        func behind(isApart: Bool) async throws {
            let (directory, origin) = (try TemporaryDirectory(), try Origin.ok("hello"))
            let files = try certificate(directory)
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin, forwarded: .xForwarded)]) {
                $0.listeners[0].tls = ListenerTLS(certificates: [files])
                $0.listeners[0].proxyProtocol = ProxyProtocolSettings(from: ["127.0.0.0/8"])
            }
            try await withProxy(configuration) { proxy in
                let header = "PROXY TCP4 203.0.113.9 192.0.2.1 56324 443\r\n"
                let relay = try Relay(to: proxy.address, header: header, isApart: isApart)
                let outcome = try Program(
                    "/usr/bin/curl",
                    [
                        "-sS", "--http1.1", "--max-time", "60", "--cacert", files.certificate, "--resolve",
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
            let (directory, origin) = (try TemporaryDirectory(), try Origin.ok())
            let files = try certificate(directory)
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) {
                $0.listeners[0].tls = ListenerTLS(certificates: [files])
                $0.listeners[0].proxyProtocol = ProxyProtocolSettings(from: ["127.0.0.0/8"])
            }
            try await withProxy(configuration) { proxy in
                let port = proxy.address.port ?? 0
                let outcome = try Program(
                    "/usr/bin/curl", ["-sS", "--max-time", "60", "-k", "https://127.0.0.1:\(port)/"]
                ).outcome()
                #expect(outcome.status == 35)
                let stats = await proxy.group.statistics()
                #expect(stats.proxyHeadersRefused == 1 && stats.handshakesFailed == 0)
            }
        }
    }
}
