// Certificates that clients show, or have to.
// Those of servers: HandshakeTests, RefusalTests.

import CLibevent
import CLibeventTLS
import TestSupport
import Testing

@Suite struct ClientCertificateTests {
    private func authority() throws -> Authority { try Authority.shared.get() }

    private func server(
        _ wanted: TLSServerContext.ClientCertificates, _ keys: TicketKeys = TicketKeys()
    ) throws -> TLSServerContext {
        try TLSServerContext(
            [.init(authority().identity("a.test"))], ticketKeys: keys, clientCertificates: wanted)
    }

    /// Connects, lets the server speak, and gives the connection.
    private func connect(_ server: TLSServerContext, _ client: TLSClientContext) throws -> Connection {
        let connection = try Connection(server, client)
        _ = connection.open()
        connection.server?.say("hello")
        _ = serve(connection.loop) { connection.client.text == "hello" || connection.client.failure != nil }
        settle(connection.loop)
        return connection
    }

    @Test("a certificate that is required and shown is told, with its fingerprint")
    func shown() throws {
        let identity = try authority().identity("client.test")
        let connection = try connect(server(.required(authority().authorities)), authority().client(identity))
        let peer = try #require(connection.server?.layer?.facts.peer)
        #expect(peer.certificate.subject == "CN=client.test")
        #expect(peer.certificate.fingerprint == identity.certificate.fingerprint)
        #expect(peer.certificate.fingerprint.count == 64)
        #expect(peer.distrust == nil)
        let place = try authority().issue(["client.test"])
        let said = try run("openssl", "x509", "-in", place + ".pem", "-noout", "-fingerprint", "-sha256")
        #expect(said.lowercased().filter { $0 != ":" }.contains(peer.certificate.fingerprint))
    }

    @Test("who shows none where one is required is refused, and hears why")
    func missing() throws {
        let connection = try connect(server(.required(authority().authorities)), authority().client())
        #expect(connection.server?.failure?.reason == "peer did not return a certificate")
        #expect(connection.client.failure?.reason == "the peer refuses: certificate required")
        #expect(connection.client.text.isEmpty)
    }

    @Test("one of an unknown authority is refused where one is required, and told where one is requested")
    func unknown() throws {
        let stranger = try authority().client(Authority.other.get().identity("client.test"))
        let refused = try connect(server(.required(authority().authorities)), stranger)
        #expect(refused.server?.failure?.reason == "unable to get local issuer certificate")
        #expect(refused.client.failure?.reason == "the peer refuses: unknown CA")
        let told = try connect(server(.requested(authority().authorities)), stranger)
        let peer = try #require(told.server?.layer?.facts.peer)
        #expect(peer.certificate.subject == "CN=client.test")
        #expect(peer.distrust != nil)
    }

    @Test("who shows none where one is requested is served")
    func requested() throws {
        let connection = try connect(server(.requested(authority().authorities)), authority().client())
        #expect(connection.client.text == "hello")
        #expect(connection.server?.layer?.facts.peer == nil)
    }

    @Test("a certificate that was revoked is refused, another is not")
    func revoked() throws {
        let place = try authority().issue(["revoked.test"])
        let identity = try TLSIdentity(certificateFile: place + ".pem", keyFile: place + ".key")
        let list = try authority().revoke(place)
        let wanted = TLSServerContext.ClientCertificates.required(.pem(try authority().pem, revocations: list))
        let refused = try connect(server(wanted), authority().client(identity))
        #expect(refused.server?.failure?.reason == "certificate revoked")
        #expect(refused.client.failure?.reason == "the peer refuses: certificate revoked")
        let taken = try connect(server(wanted), authority().client(authority().identity("client.test")))
        #expect(taken.client.text == "hello")
    }

    @Test("a ticket from where nothing was required resumes nothing where something is")
    func tickets() throws {
        let keys = TicketKeys()
        let client = try authority().client()
        let open = try server(.off, keys)
        #expect(try connect(open, client).client.text == "hello")
        #expect(try connect(open, client).client.layer?.facts.isResumed == true)
        let refused = try connect(server(.required(authority().authorities), keys), client)
        #expect(refused.client.failure?.reason == "the peer refuses: certificate required")
    }

    @Test("a client that resumes is still known by its certificate")
    func resumed() throws {
        let keys = TicketKeys()
        let client = try authority().client(authority().identity("client.test"))
        let wanted = TLSServerContext.ClientCertificates.required(try authority().authorities)
        _ = try connect(server(wanted, keys), client)
        let connection = try connect(server(wanted, keys), client)
        let facts = try #require(connection.server?.layer?.facts)
        #expect(facts.isResumed)
        #expect(facts.peer?.certificate.subject == "CN=client.test")
    }
}
