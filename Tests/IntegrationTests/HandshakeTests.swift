// Handshakes of clients that go wrong, last too long or are too many: how they end, what is counted and told, and that
// others are served. Certificates of clients are tested in ClientCertificateTests.

import CLibevent
import Foundation
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Handshakes of clients") struct Handshaking {
        /// The first bytes of a client that speaks a version of TLS from before 1.2 (RFC 4346 §7.4.1.2).
        private static func oldHello(_ minor: UInt8) -> [UInt8] {
            let body = [3, minor] + [UInt8](repeating: 7, count: 32) + [0, 0, 4, 0xC0, 0x09, 0x00, 0x2F, 1, 0]
            let handshake = [1, 0, 0, UInt8(body.count)] + body
            return [0x16, 3, 1, 0, UInt8(handshake.count)] + handshake
        }

        /// The first bytes of a good client.
        private static func hello() throws -> [UInt8] {
            let listener = try Wire.listen(on: .loopback(port: 0))
            let client = try SecureClient(.loopback(port: listener.localPort))
            client.wait { listener.isReadable(withinMilliseconds: 0) }
            let accepted = try #require(listener.accept())
            client.wait { accepted.isReadable(withinMilliseconds: 0) }
            guard case .bytes(let bytes) = accepted.receive() else { throw WireError.ended }
            return bytes
        }

        /// What was told of failed handshakes.
        private static func told(_ proxy: TestProxy) -> [String] {
            proxy.notices.current.filter { $0.contains("handshakesFailed") }
        }

        private static func settings(_ change: (inout ProxyConfiguration) -> Void) throws -> (
            CertifiedWorld, ProxyConfiguration
        ) {
            let world = try CertifiedWorld()
            return (world, world.configuration(nil, change))
        }

        @Test("RFC 8996: versions before TLS 1.2 are refused with the alert for that", arguments: [UInt8(1), 2])
        func oldVersions(minor: UInt8) async throws {
            let (world, configuration) = try Self.settings { _ in }
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send(Self.oldHello(minor))
                let (bytes, end) = client.readToEnd()
                // Alert, fatal, protocol_version.
                #expect(bytes.first == 0x15 && bytes.suffix(2) == [2, 70], "\(bytes)")
                #expect(end != .timeout)
                #expect(await eventually { await proxy.group.statistics().handshakesFailed == 1 })
                #expect(Self.told(proxy).first?.contains("unsupported protocol") == true, "\(Self.told(proxy))")
                #expect(try world.client(nil, proxy).get("a.example").status == 200)
                #expect(await proxy.isQuiet())
            }
        }

        @Test("bytes that are no handshake end the connection at once, and are told of once")
        func garbage() async throws {
            let (world, configuration) = try Self.settings { $0.timeouts.handshake = .seconds(3600) }
            let pieces: [[UInt8]] = [
                Array(repeating: 0, count: 64), Array(repeating: 0xFF, count: 64), Array("SSH-2.0-x\r\n".utf8),
                [0x16, 3, 1, 0xFF, 0xFF] + [UInt8](repeating: 1, count: 64),  // a record larger than any
                [0x16, 3, 1, 0, 4, 1, 0xFF, 0xFF, 0xFF],  // a hello larger than any
                [0x17, 3, 3, 0, 5, 1, 2, 3, 4, 5],  // data before a handshake
                [0x15, 3, 3, 0, 2, 2, 40],  // a fatal alert
                [0x14, 3, 3, 0, 1, 1], [0x80, 0x2E, 1, 0, 2] + [UInt8](repeating: 3, count: 64),
            ]
            try await withProxy(configuration) { proxy in
                for piece in pieces {
                    let client = try proxy.client()
                    try client.send(piece)
                    if piece.count < 10 { client.wire.finishSending() }
                    #expect(client.end() != .timeout, "\(piece.prefix(5))")
                }
                #expect(await eventually { await proxy.group.statistics().handshakesFailed == pieces.count })
                for _ in 0..<50 { try proxy.client().send("nonsense, and more of it\n") }
                #expect(await eventually { await proxy.group.statistics().handshakesFailed == pieces.count + 50 })
                #expect(Self.told(proxy).count == 1)
                #expect(try world.client(nil, proxy).get("a.example").status == 200)
                #expect(await proxy.isQuiet())
                #expect(await proxy.group.statistics().handshakesActive == 0)
            }
        }

        @Test("who looks whether somebody listens, and says nothing, is not told of")
        func silent() async throws {
            let (world, configuration) = try Self.settings { _ in }
            try await withProxy(configuration) { proxy in
                for _ in 0..<20 { try proxy.client().wire.close() }
                #expect(await eventually { await proxy.group.statistics().handshakesFailed == 20 })
                #expect(Self.told(proxy) == [])
                #expect(await proxy.isQuiet() && world.origin.connectionCount == 0)
            }
        }

        @Test("a handshake that stays half, and one that drips, have their time and no more")
        func slow() async throws {
            let hello = try Self.hello()
            let (world, configuration) = try Self.settings {
                $0.timeouts.handshake = .milliseconds(300)
                $0.timeouts.head = .seconds(3600)
            }
            try await withProxy(configuration) { proxy in
                let half = try proxy.client()
                try half.send(Array(hello.prefix(100)))
                let whole = try proxy.client()
                try whole.send(hello)
                let drip = try proxy.client()
                for byte in hello {
                    if drip.wire.isReadable(withinMilliseconds: 10) { break }
                    try? drip.send([byte])
                }
                for client in [half, whole, drip] { #expect(client.end() != .timeout) }
                #expect(await eventually { await proxy.group.statistics().handshakesFailed == 3 })
                #expect(Self.told(proxy).first?.contains("timeouts.handshake") == true)
                #expect(try world.client(nil, proxy).get("a.example").status == 200)
                #expect(await proxy.isQuiet())
            }
        }

        @Test(
            "a client that is told of too many connections from its address does not hold its own without a handshake")
        func rateLimited() async throws {
            let (world, configuration) = try Self.settings {
                $0.limits.clientConnections = 1
                $0.timeouts.handshake = .milliseconds(300)
                $0.timeouts.stream = .seconds(3600)
            }
            try await withProxy(configuration) { proxy in
                let first = try proxy.client()
                try first.send([0x16])
                let second = try proxy.client()
                try second.send([0x16])
                #expect(second.end() != .timeout)
                #expect(first.end() != .timeout)
                #expect(await proxy.isQuiet() && world.origin.connectionCount == 0)
            }
        }

        @Test("a reset amid the handshake is counted and forgotten")
        func reset() async throws {
            let hello = try Self.hello()
            let (world, configuration) = try Self.settings { _ in }
            try await withProxy(configuration) { proxy in
                for count in [1, 100, hello.count] {
                    let client = try proxy.client()
                    try client.send(Array(hello.prefix(count)))
                    if count == hello.count { _ = client.wire.isReadable(withinMilliseconds: 20_000) }
                    client.wire.reset()
                }
                #expect(await eventually { await proxy.group.statistics().handshakesFailed == 3 })
                #expect(try world.client(nil, proxy).get("a.example").status == 200)
                #expect(await proxy.isQuiet())
            }
        }

        @Test("a name that nobody has gets the first certificate; the host decides what is served")
        func unknownName() async throws {
            let (world, configuration) = try Self.settings { _ in }
            try await withProxy(configuration) { proxy in
                let name = String(repeating: "x.", count: 100) + "example"
                let client = try SecureClient(proxy.address, to: name)
                #expect(try client.get("a.example").status == 200)
                #expect(try client.get(name).status == 421)
                #expect(try proxy.log.line().text("sni") == name)
                #expect(world.origin.requestCount == 1)
            }
        }
    }
}
