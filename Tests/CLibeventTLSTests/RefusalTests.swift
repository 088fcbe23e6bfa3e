// Handshakes that must fail, and the words in which both sides hear of it.
// Ends of connections that were open: EndingTests.

import CLibevent
import CLibeventTLS
import TestSupport
import Testing

@Suite struct RefusalTests {
    private func authority() throws -> Authority { try Authority.shared.get() }

    /// The words of both sides, the client's first.
    private func words(
        _ server: TLSServerContext, _ client: TLSClientContext, host: String = "a.test"
    ) throws -> [String] {
        let connection = try Connection(server, client, host: host)
        try #require(connection.fail())
        return [connection.client, try #require(connection.server)].map { $0.failure?.reason ?? "none" }
    }

    @Test("a certificate for another name is refused")
    func wrongName() throws {
        let found = try words(authority().server("a.test"), authority().client(), host: "b.test")
        #expect(found[0] == "hostname mismatch")
        #expect(found[1].hasPrefix("the peer refuses: "))
    }

    @Test("a certificate for another address is refused, one for the address is taken")
    func address() throws {
        let found = try words(authority().server("127.0.0.2"), authority().client(), host: "127.0.0.1")
        #expect(found[0] == "IP address mismatch")
        let connection = try Connection(authority().server("127.0.0.1"), authority().client(), host: "127.0.0.1")
        #expect(connection.open())
        #expect(connection.server?.layer?.facts.serverName == nil)
    }

    @Test("RFC 9525 §6.3: a wildcard stands for one label")
    func wildcard() throws {
        let server = try authority().server("*.w.test")
        #expect(try Connection(server, authority().client(), host: "x.w.test").open())
        #expect(try words(server, authority().client(), host: "x.y.w.test")[0] == "hostname mismatch")
    }

    @Test("expired, not yet valid, of an unknown authority, self-signed: each with its words")
    func untrusted() throws {
        let past = try TLSServerContext([.init(authority().identity("a.test", validity: .past))])
        let expired = try words(past, authority().client())
        #expect(expired == ["certificate has expired", "the peer refuses: certificate expired"])
        let future = try TLSServerContext([.init(authority().identity("a.test", validity: .future))])
        #expect(try words(future, authority().client())[0] == "certificate is not yet valid")
        let unknown = try words(authority().server("a.test"), Authority.other.get().client())
        #expect(unknown == ["unable to get local issuer certificate", "the peer refuses: unknown CA"])
        let other = try Authority.other.get()
        let own = try TLSIdentity(certificateFile: other.path("ca.pem"), keyFile: other.path("ca.key"))
        #expect(try words(TLSServerContext([.init(own)]), authority().client())[0].hasPrefix("self-signed certificate"))
    }

    @Test("without verification all are taken, and that has to be said")
    func unverified() throws {
        let connection = try Connection(
            authority().server("a.test"), TLSClientContext(.offTrustingAnyone), host: "b.test")
        #expect(connection.open())
    }

    @Test("the system's authorities do not know the test's")
    func systemAuthorities() throws {
        let found = try words(authority().server("a.test"), TLSClientContext())
        #expect(found[0] == "unable to get local issuer certificate")
    }

    @Test("RFC 7301 §3.2: a client that offers other protocols only is refused")
    func protocols() throws {
        let server = try TLSServerContext([.init(authority().identity("a.test"))], protocols: ["http/1.1"])
        let found = try words(server, authority().client(protocols: ["h2"]))
        #expect(found[0] == "the peer refuses: no application protocol")
    }

    @Test("a handshake's failure is told apart from a connect's")
    func kinds() throws {
        let connection = try Connection(authority().server("a.test"), authority().client(), host: "b.test")
        #expect(connection.fail())
        #expect(connection.client.failure?.isHandshakeFailure == true)
        #expect(connection.server?.failure?.isHandshakeFailure == true)
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        let address = listener.address
        listener.close()
        let layer = try authority().client().makeConnection(host: "a.test", endpoint: "x")
        let end = End(try Bufferevent(loop: loop, connectingTo: address, layer: layer), layer)
        #expect(serve(loop) { end.failure != nil })
        #expect(end.failure?.isRefused == true)
        #expect(end.failure?.isHandshakeFailure == false)
    }

    @Test(
        "plain HTTP and other bytes fail at once, with words",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "plain HTTP instead of TLS"),
            ("SSH-2.0-OpenSSH_9.2\r\n", "what the peer sends is no TLS that is spoken here"),
            (String(repeating: "\u{16}", count: 3000), "what the peer sends is no TLS that is spoken here"),
        ])
    func foreign(bytes: String, wanted: String) throws {
        let raw = try RawConnection(authority().server("a.test"))
        raw.peer.output.append(bytes)
        #expect(serve(raw.loop) { raw.server?.failure != nil })
        #expect(raw.server?.failure?.reason == wanted)
        #expect(raw.server?.signals.count == 1)
        raw.server?.bufferevent.close()
        #expect(serve(raw.loop) { raw.hasPeerEnded })
    }

    @Test("random bytes in the form of records never trap and fail at some time")
    func garbage() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let raw = try RawConnection(authority().server("a.test"))
            let count = Int.random(in: 1...600, using: &random)
            let body = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let head: [UInt8] = [0x16, 3, 1, UInt8(count >> 8), UInt8(count & 255)]
            raw.peer.output.append(head + body)
            raw.peer.output.append(head + body)
            try #require(serve(raw.loop) { raw.peer.phase == .open && raw.peer.output.isEmpty })
            settle(raw.loop)
            raw.peer.close()
            #expect(serve(raw.loop) { raw.server?.failure != nil })
            #expect(raw.server?.isOpen == false)
        }
    }

    @Test("a client that ends before or amid the handshake is a failure", arguments: [0, 5, 100])
    func half(count: Int) throws {
        let raw = try RawConnection(authority().server("a.test"))
        let hello: [UInt8] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](repeating: 1, count: 200)
        raw.peer.output.append(Array(hello.prefix(count)))
        try #require(serve(raw.loop) { raw.peer.phase == .open && raw.peer.output.isEmpty && raw.server != nil })
        raw.peer.shutdownOutput()
        #expect(serve(raw.loop) { raw.server?.failure != nil })
        #expect(raw.server?.failure?.reason == "the peer ended the connection")
    }

    @Test("hosts that no certificate can have are refused", arguments: ["", "a b", "a\u{0}b", "ä.test"])
    func hosts(host: String) throws {
        let client = try TLSClientContext(.offTrustingAnyone)
        #expect(throws: SystemError.self) { try client.makeConnection(host: host, endpoint: "") }
    }
}
