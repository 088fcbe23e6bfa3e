// Clients with certificates: what endpoints, hooks and logs are told of them, who is refused, and that nobody else can
// claim to have one. Verification by itself is tested in CLibeventTLSTests.

import CLibevent
import CLibeventTLS
import Foundation
import Logging
import Relevo
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    /// A proxy with two listeners, one of them plain, and what its clients need.
    final class CertifiedWorld {
        let authority: Authority
        let server: CertificateFiles
        let origin: Origin

        init() throws {
            authority = try Authority("Clients")
            server = try authority.issue("/CN=a.example", host: "a.example")
            origin = try Origin.ok("hello")
        }

        /// The first listener speaks TLS, the second does not.
        func configuration(
            _ mode: ClientCertificates.Mode? = .require, crl: String? = nil,
            _ change: (inout ProxyConfiguration) -> Void = { _ in }
        ) -> ProxyConfiguration {
            var none = ProxyConfiguration.Domain.to("none.example", origin)
            none.forwarded = .none
            var configuration = ProxyConfiguration.loopback([
                .init("a.example", endpoints: [.init(origin.text)]), none, .classic("classic.example", origin),
            ])
            configuration.listeners.append("127.0.0.1:0")
            configuration.listeners[0].tls = ListenerTLS(
                certificates: [server],
                client: mode.map { ClientCertificates(ca: authority.certificate, mode: $0, crl: crl) })
            change(&configuration)
            return configuration
        }

        /// The head of the request with this target, as the endpoint got it.
        func head(_ target: String) -> String {
            let all = origin.connections.map(\.receivedText).joined()
            guard let start = all.range(of: "GET \(target) ") ?? all.range(of: "POST \(target) ") else { return "" }
            let rest = all[start.lowerBound...]
            return String(rest[..<(rest.range(of: "\r\n\r\n")?.upperBound ?? rest.endIndex)])
        }

        /// What the endpoint got about certificates, in any spelling.
        func told(_ target: String) -> [String] {
            HTTPText.lines(head(target)).filter {
                let name = $0.prefix { $0 != ":" }.lowercased().replacing("_", with: "-")
                return name.hasPrefix("client-cert") || name.hasPrefix("x-client-cert")
            }
        }

        func client(_ files: CertificateFiles?, _ proxy: TestProxy) throws -> SecureClient {
            try SecureClient(proxy.address, as: SecureClient.context(files?.identity))
        }
    }

    @Suite("Certificates of clients") struct CertificatesOfClients {
        private static let lies = [
            "X-Client-Cert-Subject: CN=admin", "X_Client_Cert_Verify: success", "x-client-cert-fingerprint: 00",
            "Client-Cert: :AAAA:", "client_cert_chain: :AAAA:", "Connection: X-Client-Cert-Subject, Client-Cert",
        ]

        @Test("endpoints are told of a certificate, once, in fields that the client cannot touch")
        func told() async throws {
            let world = try CertifiedWorld()
            let alice = try world.authority.issue("/O=Example/CN=alice")
            try await withProxy(world.configuration()) { proxy in
                let client = try world.client(alice, proxy)
                #expect(client.open() == nil)
                let fields = Self.lies.joined(separator: "\r\n")
                client.send("GET /first HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n\r\n")
                #expect(try client.response().status == 200)
                #expect(try client.get("a.example", "/second").status == 200)
                let fingerprint = try alice.identity.certificate.fingerprint
                for target in ["/first", "/second"] {
                    #expect(
                        Set(world.told(target)) == [
                            "X-Client-Cert-Verify: success", "X-Client-Cert-Subject: CN=alice,O=Example",
                            "X-Client-Cert-Issuer: CN=Clients", "X-Client-Cert-Fingerprint: \(fingerprint)",
                        ])
                    #expect(world.told(target).count == 4)
                }
                let line = try proxy.log.line()
                #expect(line.text("client_cert_subject") == "CN=alice,O=Example")
                #expect(line.text("client_cert_fingerprint") == fingerprint)
                #expect(line.text("tls_version") == "TLSv1.3" && line.text("sni") == "a.example")
                #expect(line.text("tls_cipher")?.hasPrefix("TLS_") == true)
            }
        }

        @Test("nobody can claim to have one: not without TLS, not in another mode, not in a trailer, not as a proxy")
        func lies() async throws {
            let world = try CertifiedWorld()
            let lies = Self.lies.joined(separator: "\r\n")
            let configuration = world.configuration { $0.trustedProxies = ["127.0.0.0/8"] }
            try await withProxy(configuration) { proxy in
                let plain = proxy.group.addresses[1]
                for host in ["a.example", "none.example", "classic.example"] {
                    let client = try Client(plain)
                    try client.send("GET /\(host) HTTP/1.1\r\nHost: \(host)\r\n\(lies)\r\nX: 1\r\n\r\n")
                    #expect(try client.response().status == 200)
                    #expect(world.head("/\(host)").contains("X: 1\r\n"))
                    #expect(world.told("/\(host)") == [])
                    let chunked = try Client(plain)
                    try chunked.send(
                        "POST /c-\(host) HTTP/1.1\r\nHost: \(host)\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + "4\r\nbody\r\n0\r\nX-Client-Cert-Verify: success\r\nX-Sum: 1\r\n\r\n")
                    #expect(try chunked.response(to: "POST").status == 200)
                }
                let all = world.origin.connections.map(\.receivedText).joined()
                #expect(all.components(separatedBy: "X-Sum: 1\r\n").count == 4)
                #expect(!all.lowercased().contains("client-cert") && !all.contains("Client_Cert"))
            }
        }

        @Test("while no listener asks for certificates, such fields are like any other")
        func nobodyAsks() async throws {
            let world = try CertifiedWorld()
            try await withProxy(world.configuration(nil)) { proxy in
                let client = try world.client(nil, proxy)
                #expect(try client.get("a.example", "/x", "X-Client-Cert-Subject: CN=bob").status == 200)
                #expect(world.told("/x") == ["X-Client-Cert-Subject: CN=bob"])
                #expect(try proxy.log.line().text("client_cert_subject") == nil)
            }
        }

        @Test("domains that tell endpoints nothing do not tell them of certificates either")
        func silentDomains() async throws {
            let world = try CertifiedWorld()
            let alice = try world.authority.issue("/CN=alice")
            try await withProxy(world.configuration()) { proxy in
                for host in ["none.example", "classic.example"] {
                    let client = try world.client(alice, proxy)
                    #expect(try client.get(host, "/\(host)", Self.lies[0]).status == 200)
                    #expect(world.head("/\(host)").contains("Host: \(host)"))
                    #expect(world.told("/\(host)") == [])
                }
            }
        }

        @Test("no certificate, a stranger's, an expired and a revoked one end the handshake where one is required")
        func refused() async throws {
            let world = try CertifiedWorld()
            let (alice, bob) = (try world.authority.issue("/CN=alice"), try world.authority.issue("/CN=bob"))
            let old = try world.authority.issue("/CN=carol", until: Date(timeIntervalSince1970: 1_600_000_000))
            let namesake = try Authority("Clients")
            let stranger = try namesake.issue("/CN=alice")
            let crl = try world.authority.revoke(bob)
            try await withProxy(world.configuration(crl: crl)) { proxy in
                let refusals: [(CertificateFiles?, String)] = [
                    (nil, "certificate required"), (stranger, "decrypt error"), (old, "certificate expired"),
                    (bob, "certificate revoked"),
                ]
                for (files, words) in refusals {
                    let client = try world.client(files, proxy)
                    // With TLS 1.3 a client is connected before the server has seen its certificate.
                    if client.open() == nil { client.wait { client.isOver } }
                    let reason = client.failure?.reason ?? ""
                    #expect(reason.hasPrefix("the peer refuses: "), "\(reason)")
                    #expect(files?.certificate == stranger.certificate || reason.hasSuffix(words), "\(reason)")
                }
                #expect(await eventually { await proxy.group.statistics().handshakesFailed == 4 })
                #expect(try world.client(alice, proxy).get("a.example").status == 200)
                #expect(world.origin.requestCount == 1)
                #expect(await proxy.isQuiet())
                // The first is told at once, the others with those of the next minute.
                let told = proxy.notices.current.filter { $0.contains("handshakesFailed") }
                #expect(told.count == 1 && told[0].contains("peer did not return a certificate"), "\(told)")
            }
        }

        @Test("where one is requested, who shows none is served, and a bad one is answered with the reason")
        func requested() async throws {
            let world = try CertifiedWorld()
            let alice = try world.authority.issue("/CN=alice")
            let old = try world.authority.issue("/CN=carol", until: Date(timeIntervalSince1970: 1_600_000_000))
            let others = try Authority("Strangers")
            let stranger = try others.issue("/CN=alice")
            try await withProxy(world.configuration(.request)) { proxy in
                #expect(try world.client(nil, proxy).get("a.example", "/none", Self.lies[0]).status == 200)
                #expect(world.told("/none") == ["X-Client-Cert-Verify: none"])
                #expect(try world.client(alice, proxy).get("a.example", "/alice").status == 200)
                #expect(world.told("/alice").contains("X-Client-Cert-Verify: success"))
                for (files, words) in [(old, "expired"), (stranger, "unable to")] {
                    let answer = try world.client(files, proxy).get("a.example", "/bad")
                    #expect(answer.status == 400 && answer.code == "client.certificate_refused")
                    #expect(answer.text.contains(words), "\(answer.text)")
                    #expect(answer.field("Connection") == "close")
                }
                #expect(world.origin.requestCount == 2)
                let line = try proxy.log.line(2)
                #expect(line.code == "client.certificate_refused" && line.text("client_cert_subject") == "CN=carol")
                #expect(line.text("detail")?.contains("expired") == true)
                #expect(await proxy.isQuiet())
                #expect(await proxy.group.statistics().handshakesFailed == 0)
            }
        }

        @Test("a name with line ends, with blanks and in other scripts is one line, and nothing else")
        func strangeNames() async throws {
            let world = try CertifiedWorld()
            let names = [
                ("/CN=x\r\nX-Admin: 1", "CN=x\\0D\\0AX-Admin: 1"), ("/CN=Zoë", "CN=Zo\\C3\\AB"),
                ("/CN=blank ", "CN=blank\\20"), ("/CN=a, b\"", "CN=a\\, b\\\""),
            ]
            try await withProxy(world.configuration()) { proxy in
                for (number, (subject, expected)) in names.enumerated() {
                    let client = try world.client(world.authority.issue(subject), proxy)
                    #expect(try client.get("a.example", "/\(number)").status == 200)
                    #expect(world.told("/\(number)").contains("X-Client-Cert-Subject: \(expected)"))
                    #expect(!HTTPText.lines(world.head("/\(number)")).contains { $0.hasPrefix("X-Admin") })
                    #expect(try proxy.log.line(number).text("client_cert_subject") == expected)
                }
            }
        }

        @Test("RFC 9440 §2.2: the whole certificate goes to the endpoint if that is wanted")
        func whole() async throws {
            let world = try CertifiedWorld()
            let alice = try world.authority.issue("/CN=alice")
            let configuration = world.configuration { $0.listeners[0].tls?.client?.rfc9440 = true }
            try await withProxy(configuration) { proxy in
                #expect(try world.client(alice, proxy).get("a.example", "/x").status == 200)
                let field = try #require(HTTPText.value(of: "Client-Cert", in: world.head("/x")))
                #expect(field.hasPrefix(":") && field.hasSuffix(":"))
                let text = try String(contentsOfFile: alice.certificate, encoding: .utf8)
                let pem = text.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
                #expect(field.dropFirst().dropLast() == pem)
            }
        }

        @Test("who comes back with a ticket is known by the same certificate")
        func resumed() async throws {
            let world = try CertifiedWorld()
            let alice = try world.authority.issue("/CN=alice")
            let context = try SecureClient.context(alice.identity)
            try await withProxy(world.configuration()) { proxy in
                let first = try SecureClient(proxy.address, as: context)
                #expect(try first.get("a.example", "/first").status == 200)
                let second = try SecureClient(proxy.address, as: context)
                #expect(try second.get("a.example", "/second").status == 200)
                #expect(second.isResumed)
                #expect(world.told("/second").count == 4 && world.told("/second") == world.told("/first"))
            }
        }

        @Test("a ticket does not make a certificate live longer", arguments: ClientCertificates.Mode.allCases)
        func outlived(mode: ClientCertificates.Mode) async throws {
            let world = try CertifiedWorld()
            let alice = try world.authority.issue("/CN=alice", until: Date(timeIntervalSinceNow: 2))
            let context = try SecureClient.context(alice.identity)
            try await withProxy(world.configuration(mode)) { proxy in
                #expect(try SecureClient(proxy.address, as: context).get("a.example", "/first").status == 200)
                let end = try alice.identity.certificate.notAfter
                #expect(await eventually { Int64(WallTime.now.seconds) > end })
                let second = try SecureClient(proxy.address, as: context)
                let answer = try second.get("a.example", "/second")
                #expect(second.isResumed)
                #expect(answer.status == 400 && answer.code == "client.certificate_refused", "\(answer.head)")
                #expect(answer.text.contains("certificate has expired"))
            }
        }
    }
}
