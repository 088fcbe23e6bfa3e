// What both sides agree on: certificates by name and key, protocols, resumption, and what is told of it.
// Refusals: RefusalTests.

import CLibevent
import CLibeventTLS
import Synchronization
import TestSupport
import Testing

@Suite struct HandshakeTests {
    private func authority() throws -> Authority { try Authority.shared.get() }

    /// The names of the certificate that a client is shown.
    private func shown(_ server: TLSServerContext, _ host: String) throws -> [String] {
        let connection = try Connection(server, TLSClientContext(.offTrustingAnyone), host: host)
        try #require(connection.open())
        return connection.client.layer?.facts.peer?.certificate.names ?? []
    }

    @Test("both sides know version, suite, name and protocol")
    func facts() throws {
        let server = try TLSServerContext(
            [.init(authority().identity("a.test"))], protocols: ["h2", "http/1.1"])
        let connection = try Connection(server, authority().client(protocols: ["http/1.1", "h2"]))
        try #require(connection.open())
        let facts = try #require(connection.server?.layer?.facts)
        #expect(facts.version == "TLSv1.3")
        #expect(facts.cipher.hasPrefix("TLS_"))
        #expect(facts.serverName == "a.test")
        #expect(facts.applicationProtocol == "h2")
        #expect(!facts.isResumed)
        #expect(facts.peer == nil)
        let seen = try #require(connection.client.layer?.facts)
        #expect(seen.applicationProtocol == "h2")
        #expect(seen.peer?.distrust == nil)
        #expect(seen.peer?.certificate.issuer == "CN=Test CA")
    }

    @Test("a client without ALPN, or a server without, agrees on no protocol")
    func noProtocol() throws {
        let offering = try TLSServerContext([.init(authority().identity("a.test"))], protocols: ["h2"])
        let one = try Connection(offering, authority().client())
        #expect(one.open())
        #expect(one.server?.layer?.facts.applicationProtocol == nil)
        let other = try Connection(authority().server("a.test"), authority().client(protocols: ["h2"]))
        #expect(other.open())
        #expect(other.client.layer?.facts.applicationProtocol == nil)
    }

    @Test(
        "RFC 6066 §3: the exact name wins over a wildcard, that over the first certificate",
        arguments: [
            ("b.test", "b.test"), ("B.TEST", "b.test"), ("b.test.", "b.test"), ("x.w.test", "*.w.test"),
            ("own.w.test", "own.w.test"), ("x.y.w.test", "first.test"), ("w.test", "first.test"),
            ("nobody.test", "first.test"), ("127.0.0.1", "first.test"),
        ])
    func names(asked: String, wanted: String) throws {
        let server = try TLSServerContext(
            ["first.test", "b.test", "*.w.test", "own.w.test"].map { .init(try authority().identity($0)) })
        #expect(try shown(server, asked) == [wanted])
    }

    @Test("names that were given count instead of the certificate's own")
    func givenNames() throws {
        let server = try TLSServerContext([
            .init(authority().identity("first.test")), .init(authority().identity("b.test"), names: ["c.test"]),
        ])
        #expect(try shown(server, "c.test") == ["b.test"])
        #expect(try shown(server, "b.test") == ["first.test"])
    }

    @Test("of two certificates for a name the client gets the one that it can use")
    func bothKeys() throws {
        let server = try TLSServerContext([
            .init(authority().identity("first.test")), .init(authority().identity("a.test", key: .rsa)),
            .init(authority().identity("a.test", key: .ec)),
        ])
        let port = try Served(server)
        let ecdsa = try port.openssl("-servername", "a.test", "-sigalgs", "ECDSA+SHA256:RSA-PSS+SHA256")
        #expect(ecdsa.contains("Peer signature type: ECDSA"))
        let rsa = try port.openssl("-servername", "a.test", "-sigalgs", "RSA-PSS+SHA256")
        #expect(rsa.contains("Peer signature type: RSA-PSS"))
        let old = try port.openssl(
            "-servername", "a.test", "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
        #expect(old.contains("Cipher is ECDHE-RSA-AES128-GCM-SHA256"))
    }

    @Test("a thousand certificates are told apart")
    func many() throws {
        let identity = try authority().identity("a.test")
        let wanted = try authority().identity("b.test")
        var entries = (0..<1000).map { TLSServerContext.Entry(identity, names: ["n\($0).test"]) }
        entries.append(.init(wanted, names: ["n1000.test"]))
        let server = try TLSServerContext(entries)
        #expect(try shown(server, "n1000.test") == ["b.test"])
        #expect(try shown(server, "n999.test") == ["a.test"])
    }

    @Test("a stapled response is sent to who asks for it, with its own certificate only")
    func stapled() throws {
        let response = try authority().response(to: authority().issue(["a.test"]))
        let server = try TLSServerContext([
            .init(authority().identity("a.test"), stapled: response), .init(authority().identity("b.test")),
        ])
        let port = try Served(server)
        #expect(try port.openssl("-servername", "a.test", "-status").contains("Cert Status: good"))
        #expect(try port.openssl("-servername", "b.test", "-status").contains("no response sent"))
    }

    @Test("a stapled response is sent no more when it has ended")
    func stapledEnd() throws {
        let response = try authority().response(to: authority().issue(["a.test"]))
        let now = Int64(WallTime.now.seconds)
        for (end, words) in [(now + 600, "Cert Status: good"), (now, "no response sent"), (0, "no response sent")] {
            let server = try TLSServerContext([
                .init(authority().identity("a.test"), stapled: response, stapledUntil: end)
            ])
            #expect(try Served(server).openssl("-servername", "a.test", "-status").contains(words))
        }
    }

    @Test("a client resumes, also with another context that has the same keys, and not with other keys")
    func resumption() throws {
        let keys = TicketKeys()
        let contexts = try (0..<2).map { _ in
            try TLSServerContext([.init(authority().identity("a.test"))], ticketKeys: keys)
        }
        let client = try authority().client()
        #expect(try isResumed(contexts[0], client) == [false, false])
        #expect(try isResumed(contexts[0], client) == [true, true])
        #expect(try isResumed(contexts[1], client) == [true, true])
        keys.rotate()
        #expect(try isResumed(contexts[1], client) == [true, true])
        #expect(try isResumed(authority().server("a.test"), client) == [false, false])
    }

    @Test("keys that were rotated out three times open nothing")
    func rotation() throws {
        let keys = TicketKeys()
        let server = try TLSServerContext([.init(authority().identity("a.test"))], ticketKeys: keys)
        let client = try authority().client()
        _ = try isResumed(server, client)
        for _ in 0..<3 { keys.rotate() }
        #expect(try isResumed(server, client) == [false, false])
    }

    @Test("several loops use one pair of contexts at once, while keys are changed")
    func manyLoops() throws {
        let keys = TicketKeys()
        let server = try TLSServerContext(
            [.init(authority().identity("a.test")), .init(authority().identity("a.test", key: .rsa))], ticketKeys: keys)
        let client = try authority().client()
        let opened = Mutex(0)
        let threads = try (0..<4).map { number in
            try LoopThread(name: "loop \(number)") {
                for _ in 0..<20 where (try? isResumed(server, client)) != nil {
                    opened.withLock { $0 += 1 }
                    if number == 0 { keys.rotate() }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(opened.withLock { $0 } == 80)
    }

    @Test("a client keeps tickets by endpoint, so many at most, or none")
    func bounded() throws {
        let server = try authority().server("a.test")
        let client = try TLSClientContext(.authorities(authority().authorities), resumable: 2)
        for endpoint in ["one", "two", "three"] {
            #expect(try isResumed(server, client, endpoint: endpoint)[1] == false)
        }
        #expect(try isResumed(server, client, endpoint: "three")[1])
        #expect(try isResumed(server, client, endpoint: "two")[1])
        #expect(try !isResumed(server, client, endpoint: "one")[1])
        let none = try TLSClientContext(.authorities(authority().authorities), resumable: 0)
        #expect(try !isResumed(server, none)[1])
        #expect(try !isResumed(server, none)[1])
    }

    @Test("keys of machines that share them have 80 bytes each")
    func sharedKeys() throws {
        #expect(TicketKeys([]) == nil)
        #expect(TicketKeys([[1, 2, 3]]) == nil)
        let shared = try #require(TicketKeys([[UInt8](repeating: 7, count: 80)]))
        #expect(!shared.rotate(to: [1]))
        #expect(shared.rotate(to: [UInt8](repeating: 8, count: 80)))
    }

    /// Connects once, exchanges a message so that tickets arrive, and says whether both sides have resumed.
    private func isResumed(
        _ server: TLSServerContext, _ client: TLSClientContext, endpoint: String = "origin"
    ) throws -> [Bool] {
        let connection = try Connection(server, client, endpoint: endpoint)
        try #require(connection.open())
        connection.server?.say("hello")
        try #require(serve(connection.loop) { connection.client.text == "hello" })
        let result = [connection.server, connection.client].map { $0?.layer?.facts.isResumed ?? false }
        connection.client.bufferevent.close()
        try #require(serve(connection.loop) { connection.server?.hasEnded ?? false })
        return result
    }

    @Test("tickets that come while a client is idle are no bytes of its server; bytes are")
    func idleTickets() throws {
        let connection = try Connection(authority().server("a.test"), authority().client())
        let client = connection.client.bufferevent
        client.stopReading()
        try #require(connection.open())
        settle(connection.loop)
        #expect(client.isQuiet)
        connection.server?.say("unasked")
        var looks = 0
        while client.isQuiet, looks < 1_000_000 { looks += 1 }
        #expect(!client.isQuiet)
        client.startReading()
        #expect(serve(connection.loop) { connection.client.text == "unasked" })
        let turn = connection.loop.turn
        settle(connection.loop)
        #expect(client.isQuiet(since: turn))
    }
}
