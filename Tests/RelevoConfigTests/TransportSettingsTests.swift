// What a file says about TLS beside a listener's own certificates: short forms, values, and where they come from.
// What is refused is in Broken/odd-transport.yaml.

import RelevoConfig
import RelevoPolicy
import Testing

@Suite("Settings of TLS")
struct TransportSettingsTests {
    private func listeners() throws -> [ProxyConfiguration.Listener] {
        try load(SampleFile.transport).configuration.unlocated.listeners
    }

    @Test("A file of authorities alone requires certificates, a map says the rest")
    func clientCertificates() throws {
        let clients = try listeners().map { $0.tls?.client }
        var third = ClientCertificates(ca: "ca.pem", mode: .request, crl: "revoked list.pem")
        third.rfc9440 = true
        #expect(clients[2] == third)
        #expect(clients[3] == ClientCertificates(ca: "ca.pem", mode: .require))
        #expect(clients[4] == ClientCertificates(ca: "ca.pem", mode: .require))
        #expect(clients[0] == nil && clients[1] == nil)
    }

    @Test("Files of authorities and of revoked certificates are looked for beside the configuration, and have a place")
    func places() throws {
        let file = """
            listeners:
              - address: 0.0.0.0:443
                tls: { certificate: a.pem, client: { ca: ca.pem, crl: /etc/b.pem } }
            domains: { a.example: [10.0.0.1] }
            """
        let loaded = try ConfigurationLoader(environment: [:]).load(text: file, file: "/etc/relevo/relevo.yaml")
        let client = try #require(loaded.configuration.listeners[0].tls?.client)
        #expect(client.ca == "/etc/relevo/ca.pem" && client.crl == "/etc/b.pem")
        #expect(client.location == SourceLocation(file: "/etc/relevo/relevo.yaml", line: 3, column: 46))
        #expect(client.crlLocation == SourceLocation(file: "/etc/relevo/relevo.yaml", line: 3, column: 59))
    }

    @Test("`https` alone is a redirect to port 443 with the usual status")
    func redirects() throws {
        let redirects = try listeners().map(\.redirect)
        #expect(redirects[0] == RedirectToTLS())
        #expect(redirects[1] == RedirectToTLS(port: 8443, status: 302))
        #expect(redirects[2] == nil)
    }

    @Test("`on`, `off`, a time or a map say what browsers are told; a domain's word goes first")
    func strictTransport() throws {
        let configuration = try load(SampleFile.transport).configuration
        #expect(configuration.hsts == StrictTransport(maxAge: .seconds(30 * 86_400)))
        #expect(
            configuration.domains.map(\.hsts) == [
                .on(StrictTransport()), .off,
                .on(StrictTransport(maxAge: .seconds(400 * 86_400), includesSubdomains: true, preload: true)),
                .on(StrictTransport(maxAge: .zero)), .inherited,
            ])
        #expect(try load(SampleFile.shortest).configuration.hsts == nil)
        #expect(StrictTransport().maxAge == .seconds(365 * 86_400))
    }

    @Test("Bounds of handshakes are read")
    func bounds() throws {
        let configuration = try load(SampleFile.transport).configuration
        #expect(configuration.timeouts.handshake == .seconds(3))
        #expect(configuration.limits.handshakes == 50)
    }

    @Test("What is written in short has its origin in the effective configuration")
    func origins() throws {
        let lines = try load(SampleFile.transport).effectiveYAML().split(separator: "\n").map { line -> String in
            let words = line.split(separator: " ")
            return words.joined(separator: " ")
        }
        for line in [
            "redirect: # line 2", "to: https # line 2", "port: auto # default", "status: 302 # line 3",
            "client: # line 7", "mode: request # line 7", "crl: off # line 9", "mode: require # default",
            "hsts: # line 16", "max_age: 30d # line 16", "hsts: off # line 12", "max_age: 0s # line 14",
            "max_age: 365d # default", "preload: true # line 13", "handshake: 3s # line 17", "handshakes: 50 # line 18",
        ] { #expect(lines.contains(line), "\(line): \(lines)") }
    }
}
