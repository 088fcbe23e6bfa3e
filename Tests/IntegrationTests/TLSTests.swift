// Clients that speak TLS, with curl as the client: which certificate they see, what endpoints are told, large bodies,
// and what is refused before anything starts. Handshakes by themselves are tested in CLibeventTLSTests.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Clients that speak TLS") struct SecureClients {
        /// Certificates that issued themselves, in a directory that ends with the test.
        private final class Certificates {
            let directory: ScratchDirectory

            init() throws { directory = try ScratchDirectory() }

            /// Makes a certificate for a name.
            func make(_ name: String, days: Int = 30) throws -> CertificateFiles {
                let certificate = try directory.write("\(name).pem", "")
                let key = try directory.write("\(name).key", "")
                let outcome = try Program(
                    "/usr/bin/openssl",
                    [
                        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "\(days)", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)", "-keyout", key,
                        "-out", certificate,
                    ]
                ).outcome()
                try #require(outcome.status == 0, "\(outcome.complaints)")
                return CertificateFiles(certificate, key: key)
            }
        }

        private func configuration(_ certificates: [CertificateFiles], _ origin: Origin) -> ProxyConfiguration {
            var configuration = ProxyConfiguration.loopback([
                .init("a.example", endpoints: [.init(origin.text)]),
                .init("b.example", endpoints: [.init(origin.text)]),
            ])
            configuration.listeners[0].tls = ListenerTLS(certificates: certificates)
            return configuration
        }

        /// Asks by curl, which believes the given certificate alone.
        private func curl(
            _ proxy: TestProxy, _ name: String, believing certificate: String, _ arguments: String...
        ) throws -> Program.Outcome {
            let port = proxy.address.port ?? 0
            return try Program(
                "/usr/bin/curl",
                [
                    "-sS", "--http1.1", "--max-time", "60", "--cacert", certificate, "--resolve",
                    "\(name):\(port):127.0.0.1", "https://\(name):\(port)/",
                ] + arguments
            ).outcome()
        }

        @Test("each name has its certificate, and endpoints are told of https")
        func names() async throws {
            let certificates = try Certificates()
            let (one, two) = (try certificates.make("a.example"), try certificates.make("b.example"))
            let origin = try Origin.ok("hello")
            try await withProxy(configuration([one, two], origin)) { proxy in
                for (name, files) in [("a.example", one), ("b.example", two)] {
                    let outcome = try curl(proxy, name, believing: files.certificate)
                    #expect(outcome.status == 0 && outcome.output == "hello", "\(outcome.complaints)")
                }
                #expect(origin.connections.allSatisfy { $0.request(0).contains("X-Forwarded-Proto: https\r\n") })
                let stranger = try curl(proxy, "b.example", believing: one.certificate)
                #expect(stranger.status == 60)
                #expect(await eventually { await proxy.group.statistics().handshakesFailed == 1 })
                #expect(try proxy.log.line().number("status") == 200)
            }
        }

        @Test("large bodies cross in both directions, and a connection serves again")
        func large() async throws {
            let certificates = try Certificates()
            let files = try certificates.make("a.example")
            let body = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
            let origin = try Origin { connection in
                while true {
                    let head = try connection.readHead()
                    let request = try connection.readRequest()
                    let answer = head.hasPrefix("POST") ? Array(request.suffix(body.count)) : Array("small".utf8)
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: \(answer.count)\r\n\r\n")
                    try connection.wire.send(answer)
                }
            }
            let sent = try certificates.directory.write("body", "")
            try Data(body).write(to: URL(fileURLWithPath: sent))
            try await withProxy(configuration([files], origin)) { proxy in
                let port = proxy.address.port ?? 0
                let got = sent + ".got"
                let outcome = try curl(
                    proxy, "a.example", believing: files.certificate, "--data-binary", "@" + sent, "-H", "Expect:",
                    "-o", got, "--next", "-sS", "--http1.1", "--cacert", files.certificate, "--resolve",
                    "a.example:\(port):127.0.0.1", "https://a.example:\(port)/", "-w", "%{num_connects}")
                #expect(outcome.status == 0, "\(outcome.complaints)")
                #expect(outcome.output == "small0")
                let returned = try Data(contentsOf: URL(fileURLWithPath: got))
                #expect(Array(returned) == body)
                #expect(await proxy.group.statistics().connectionsAccepted == 1)
            }
        }

        @Test(
            "what is no TLS, and what stops in the middle of it, ends; others are served",
            arguments: ["GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}", "nonsense\n", ""])
        func noTLS(_ bytes: String) async throws {
            let certificates = try Certificates()
            let files = try certificates.make("a.example")
            let origin = try Origin.ok("hello")
            var configuration = configuration([files], origin)
            configuration.timeouts.head = .seconds(1)
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send(bytes)
                _ = client.readToEnd()
                let outcome = try curl(proxy, "a.example", believing: files.certificate)
                #expect(outcome.output == "hello", "\(outcome.complaints)")
                #expect(await proxy.isQuiet())
            }
        }

        @Test("who speaks plain HTTP is told that this port does not")
        func plainHTTP() async throws {
            let files = try Certificates()
            try await withProxy(configuration([files.make("a.example")], try Origin.ok())) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                let answer = try client.response()
                #expect(answer.status == 400 && answer.text.contains("https://"))
                #expect(client.end() == .orderly)
                #expect(await eventually { await proxy.group.statistics().handshakesFailed == 1 })
            }
        }

        @Test("a proxy is not made with certificates that cannot serve, and says where they are named")
        func broken() throws {
            let certificates = try Certificates()
            let (one, two) = (try certificates.make("a.example"), try certificates.make("b.example"))
            let origin = try Origin.ok()
            let place = SourceLocation(file: "relevo.yaml", line: 4, column: 9)
            let crossed = CertificateFiles(one.certificate, key: two.key, location: place)
            let missing = CertificateFiles("/nowhere/a.pem")
            let error = #expect(throws: ConfigurationError.self) {
                try ReverseProxy(
                    configuration: configuration([crossed, missing, one], origin), logger: Logger(label: "test"))
            }
            let problems = error?.problems ?? []
            #expect(problems.count == 2)
            #expect(problems.first?.location == place)
            #expect(problems.first?.message.contains("a.example.pem") == true, "\(problems)")
            #expect(problems.last?.message.contains("No such file") == true, "\(problems)")
        }

        @Test("a certificate that ends soon, and a key that everybody may read, are warned about")
        func warnings() throws {
            let certificates = try Certificates()
            let files = try certificates.make("a.example", days: 3)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: files.key ?? "")
            let proxy = try ReverseProxy(
                configuration: configuration([files], try Origin.ok()), logger: Logger(label: "test"))
            let texts = proxy.warnings.map(\.message)
            #expect(texts.count == 3)
            #expect(texts.contains { $0.contains("no certificate is for domain `b.example`") }, "\(texts)")
            #expect(texts.contains { $0.contains("ends in 2 days") || $0.contains("ends in 3 days") }, "\(texts)")
            #expect(texts.contains { $0.contains("everybody can read the private key") }, "\(texts)")
        }
    }
}
