// Handshakes that are too many at a time, and clients of TLS that break off or ask for another handshake.
// Those that go wrong one by one are tested in HandshakeTests.

import CLibevent
import Foundation
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Bounds of handshakes") struct HandshakeBounds {
        @Test("half handshakes are bounded, hold up nobody who is connected, and make room for who comes")
        func bound() async throws {
            let world = try CertifiedWorld()
            let configuration = world.configuration(nil) { $0.limits.handshakes = 4 }
            try await withProxy(configuration) { proxy in
                let early = try world.client(nil, proxy)
                #expect(try early.get("a.example").status == 200)
                let descriptors = ThisProcess.descriptorCount
                let halves = try (0..<12).map { _ in
                    let half = try proxy.client()
                    try half.send([0x16, 3, 1])
                    return half
                }
                #expect(await eventually { await proxy.group.statistics().handshakesActive == 4 })
                #expect(try early.get("a.example").status == 200)
                let plain = try Client(proxy.group.addresses[1])
                try plain.get("a.example")
                #expect(try plain.response().status == 200)
                // Eight of them wait before this one; those who have had their time make room.
                #expect(try world.client(nil, proxy).get("a.example").status == 200)
                let statistics = await proxy.group.statistics()
                #expect(statistics.handshakesActive <= 4 && statistics.handshakesRefused >= 8)
                #expect(proxy.notices.current.filter { $0.contains("handshakesFull") }.count == 1)
                for half in halves { half.wire.close() }
                plain.wire.close()
                #expect(await eventually { await proxy.group.statistics().handshakesActive == 0 })
                #expect(await eventually { ThisProcess.descriptorCount <= descriptors + 1 })
                #expect(try world.client(nil, proxy).get("a.example").status == 200)
            }
        }

        /// Statuses of answers to so many clients at a time.
        private func ask(_ address: SocketAddress, times: Int) async throws -> [Int] {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<times {
                    group.addTask { try await blocking { try SecureClient(address).get("a.example").status } }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
        }

        @Test("who shakes hands as it should is never sent away, however many come at a time")
        func burst() async throws {
            let world = try CertifiedWorld()
            let configuration = world.configuration(nil) { $0.limits.handshakes = 2 }
            try await withProxy(configuration) { proxy in
                let statuses = try await ask(proxy.address, times: 40)
                #expect(statuses == [Int](repeating: 200, count: 40))
                let statistics = await proxy.group.statistics()
                #expect(statistics.handshakesRefused == 0 && statistics.handshakesFailed == 0)
                #expect(await proxy.isQuiet())
            }
        }

        private func openssl(_ proxy: TestProxy, _ arguments: String...) throws -> Program {
            try Program(
                "/usr/bin/openssl",
                ["s_client", "-connect", proxy.address.description, "-servername", "a.example"] + arguments,
                isTalkedTo: true)
        }

        @Test("RFC 7457 §2.10: a client that wants to negotiate anew does not get its way; others are served")
        func renegotiation() async throws {
            let world = try CertifiedWorld()
            try await withProxy(world.configuration(nil)) { proxy in
                let program = try openssl(proxy, "-tls1_2")
                _ = program.output { $0.contains("Cipher is") }
                program.say("R\n")
                let complaints = program.complaints { $0.contains("no renegotiation") }
                #expect(complaints.contains("no renegotiation"), "\(complaints)")
                program.finishSaying()
                _ = try program.outcome()
                #expect(try world.client(nil, proxy).get("a.example").status == 200)
                #expect(await proxy.isQuiet())
            }
        }

        @Test("an upload that is cut off amid TLS is no complete request, with an end of the stream or with a reset")
        func truncated() async throws {
            let world = try CertifiedWorld()
            let origin = try Origin { connection in
                try connection.readHead()
                _ = connection.readToEnd()
            }
            let configuration = world.configuration(nil) {
                $0.domains[0].routes[0].action = .endpoints(.init("o", endpoints: [.init(origin.text)]))
            }
            let head = "POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\nhalf of it"
            try await withProxy(configuration) { proxy in
                // A process that is killed says no farewell: its side of the stream just ends.
                let program = try openssl(proxy, "-quiet")
                program.say(head)
                #expect(try origin.connection(0).awaitBytes { String(decoding: $0, as: UTF8.self).hasSuffix("of it") })
                program.signal(SIGKILL)
                _ = try program.outcome()
                let client = try world.client(nil, proxy)
                #expect(client.open() == nil)
                client.send(head)
                let second = try origin.connection(1)
                client.wait { second.receivedText.hasSuffix("of it") }
                client.reset()
                let lines = proxy.log.lines(2)
                #expect(lines.count == 2)
                for line in lines {
                    #expect(line.code == "client.closed" && line.number("status") == 499)
                    #expect(line.text("tls_version") == "TLSv1.3")
                }
                for number in 0...1 {
                    let end = try origin.connection(number).awaitEnd()
                    #expect(end == .reset, "\(number): \(end)")
                }
                #expect(origin.connectionCount == 2)
                #expect(await proxy.isQuiet())
            }
        }
    }
}
