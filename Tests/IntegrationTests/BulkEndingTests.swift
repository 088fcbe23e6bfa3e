// Large bodies whose sender, receiver or patience ends too early: nobody takes a part for the whole, the other side is
// told, what was in use is given back, and answers that come early are not lost.
// Whole transfers are in BulkTests, small ones that break in TruncationTests.

import CLibevent
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Large bodies that break") struct BulkEnding {
        private static let size = 32 << 20
        private static let block = [UInt8](repeating: 0x61, count: 1 << 16)
        private static let post = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(size)\r\n\r\n"
        private static let largeHead = "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n"

        /// How a connection ends.
        enum Death: Sendable, CaseIterable { case close, reset }

        private static func end(_ wire: Wire, _ death: Death) {
            switch death {
            case .close: wire.close()
            case .reset: wire.reset()
            }
        }

        private static func send(_ count: Int, on wire: Wire) throws {
            for _ in 0..<(count / block.count) { try wire.send(block) }
        }

        /// Sends until the peer takes no more for a while, or has gone.
        private static func stuff(_ wire: Wire) {
            while wire.isWritable(withinMilliseconds: 300), let sent = wire.sendSome(block), sent > 0 {}
        }

        /// Sends until that fails: the peer has gone.
        private static func sendUntilRefused(_ wire: Wire) {
            for _ in 0..<(size / block.count) {
                do { try wire.send(block) } catch { return }
            }
            Issue.record("nobody refused")
        }

        // MARK: The response

        @Test("an origin that dies in the middle of a large response leaves it short", arguments: Death.allCases)
        func originDies(_ death: Death) async throws {
            let seen = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send(Self.largeHead)
                try Self.send(Self.size / 2, on: connection.wire)
                seen.pass()
                Self.end(connection.wire, death)
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                let length = try client.readHead().utf8.count
                try await blocking { try client.skip(Self.size / 2) }
                seen.open()
                #expect(client.end() == .orderly)
                let line = try proxy.log.line()
                #expect(line.code == "upstream.truncated")
                #expect(line.number("bytes_sent") == length + Self.size / 2)
            }
        }

        @Test("the part of a large response that was sent before its origin died reaches a client that reads late")
        func lateReader() async throws {
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send(Self.largeHead)
                try Self.send(1 << 20, on: connection.wire)
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client(receiveBuffer: 8192)
                try client.get("a.example")
                let head = try client.readHead()
                #expect(head.hasPrefix("HTTP/1.1 200"))
                try await blocking { try client.skip(1 << 20) }
                #expect(client.end() == .orderly)
                #expect(try proxy.log.line().code == "upstream.truncated")
            }
        }

        @Test("a client that dies in the middle of a large response ends it at the origin", arguments: [true, false])
        func clientDies(_ isReading: Bool) async throws {
            let refused = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send(Self.largeHead)
                Self.sendUntilRefused(connection.wire)
                refused.open()
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client(receiveBuffer: 8192)
                try client.get("a.example")
                if isReading { try client.skip(1 << 20) } else { Self.awaitStall(client) }
                client.wire.close()
                #expect(refused.pass())
                #expect(try proxy.log.line().code == "client.closed")
                #expect(await proxy.isQuiet())
            }
        }

        /// Waits until bytes have come to a client that does not read them.
        private static func awaitStall(_ client: Client) { _ = client.wire.isReadable(withinMilliseconds: 20_000) }

        @Test("a client that reads nothing loses its connection when the time for that is over")
        func clientRests() async throws {
            let refused = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send(Self.largeHead)
                Self.sendUntilRefused(connection.wire)
                refused.open()
            }
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) {
                $0.timeouts.stream = .milliseconds(300)
            }
            try await withProxy(configuration) { proxy in
                let client = try proxy.client(receiveBuffer: 8192)
                try client.get("a.example")
                #expect(refused.pass())
                #expect(try proxy.log.line().code == "client.closed")
                #expect(client.end() == .reset)
            }
        }

        // MARK: The request

        @Test("a client that dies in the middle of a large upload ends it at the origin", arguments: Death.allCases)
        func uploaderDies(_ death: Death) async throws {
            let origin = try Origin { connection in try connection.readRequest() }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(Self.post)
                try await blocking { try Self.send(Self.size / 2, on: client.wire) }
                Self.end(client.wire, death)
                #expect(try origin.connection().awaitEnd() != .timeout)
                #expect(try proxy.log.line().code == "client.closed")
                #expect(await proxy.isQuiet())
            }
        }

        @Test("a client that ends its side in the middle of a large upload gets no answer, and the origin is told")
        func halfClose() async throws {
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send(Bulk.small)
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(Self.post)
                try await blocking { try Self.send(Self.size / 2, on: client.wire) }
                client.wire.finishSending()
                #expect(client.readToEnd().bytes.isEmpty)
                #expect(try origin.connection().awaitEnd() != .timeout)
                let line = try proxy.log.line()
                #expect(line.code == "client.closed")
                #expect(line.number("bytes_received") == Self.post.utf8.count + Self.size / 2)
            }
        }

        @Test("a client that resets an upload which its origin does not take is noticed")
        func resetWhilePaused() async throws {
            let over = Gate()
            let origin = try Origin { connection in
                try connection.readHead()
                over.pass()
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(Self.post)
                await Self.inBackground { Self.stuff(client.wire) }
                client.wire.reset()
                #expect(try proxy.log.line().code == "client.closed")
                #expect(await proxy.isQuiet())
                over.open()
            }
        }

        @Test("an origin that takes nothing of an upload is told of as late, and the client gets that to read")
        func originRests() async throws {
            let over = Gate()
            let origin = try Origin { connection in
                try connection.readHead()
                over.pass()
            }
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) {
                $0.timeouts.stream = .milliseconds(300)
            }
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send(Self.post)
                await Self.inBackground { Self.stuff(client.wire) }
                let response = try client.response()
                #expect(response.status == 504)
                #expect(response.code == "upstream.timeout")
                #expect(client.end() == .orderly)
                over.open()
            }
        }

        @Test("an early answer reaches a client in the middle of its upload", arguments: [true, false])
        func earlyAnswer(_ closes: Bool) async throws {
            let answer = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
            let over = Gate()
            let origin = try Origin { connection in
                try connection.readHead()
                try connection.wire.skip(1 << 20)
                try connection.wire.send(answer)
                if closes { return }
                over.pass()
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(Self.post)
                let sender = Task { try await blocking { try Self.send(Self.size, on: client.wire) } }
                let response = try await blocking { try client.response() }
                #expect(response.status == 413)
                #expect(response.text == "no")
                #expect(HTTPText.values(of: "connection", in: response.head) == ["close"])
                // What the client still sends is thrown away, so that it can finish.
                try await sender.value
                #expect(client.end() == .orderly)
                over.open()
            }
        }

        @Test("an answer to an upload of which not even the beginning could be sent does not stop the client's sending")
        func answerBeforeSplicing() async throws {
            let listener = try Wire.listenFarAway()
            var domain = ProxyConfiguration.Domain("a.example", endpoints: [.init("127.0.0.1:\(listener.localPort)")])
            domain.forwarded = .none
            try await withProxy(.loopback([domain])) { proxy in
                let client = try proxy.client()
                // A request that waits in the system unread, so that there is no room for all that comes with the next.
                let first = 60_000
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(first)\r\n\r\n")
                try client.send([UInt8](repeating: 0x61, count: first))
                let origin = try #require(await blocking { listener.accept().map { Client($0) } })
                _ = try await blocking { try origin.readHead() }
                #expect(!client.wire.isReadable(withinMilliseconds: 300))
                try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                let answer = try client.response()
                try #require(answer.field("Connection") == nil)
                try client.send(Array(Self.post.utf8) + Self.block)
                await Self.inBackground { Self.stuff(client.wire) }
                try origin.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                #expect(try client.response().status == 413)
                // More than every buffer between holds.
                try await blocking { try Self.send(Self.size, on: client.wire) }
                client.wire.finishSending()
                #expect(client.end() == .orderly)
            }
        }

        @Test("a reset that the upload meets first does not make a whole of a response that only its end ends")
        func resetDuringResponse() async throws {
            let stalled = Gate()
            let origin = try Origin { connection in
                try connection.readHead()
                try connection.wire.send("HTTP/1.1 200 OK\r\n\r\nabc")
                stalled.pass()
                connection.wire.reset()
            }
            try await withProxy(.loopback([.classic("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send(Self.post)
                _ = try client.readHead()
                #expect(try client.read(3) == Array("abc".utf8))
                await Self.inBackground { Self.stuff(client.wire) }
                stalled.open()
                #expect(client.end() == .reset)
                #expect(try proxy.log.line().code == "upstream.truncated")
            }
        }

        private static func inBackground(_ body: @escaping @Sendable () -> Void) async {
            try? await blocking { body() }
        }

        // MARK: What was in use

        @Test("transfers that break leave no descriptor behind", arguments: [true, false])
        func leaks(_ isUpload: Bool) async {
            if isUpload {
                await #expect(processExitsWith: .success) { try await Self.breakMany(isUpload: true) }
            } else {
                await #expect(processExitsWith: .success) { try await Self.breakMany(isUpload: false) }
            }
        }

        private static func breakOne(
            _ proxy: TestProxy, _ origin: Origin, _ isUpload: Bool, _ death: Death
        ) async throws {
            let client = try proxy.client(receiveBuffer: 8192)
            if isUpload {
                let before = origin.connectionCount
                try client.send(post)
                try send(1 << 20, on: client.wire)
                // A reset takes away what has not been read yet, and nobody would have asked for anything.
                #expect(await eventually { origin.connectionCount > before })
            } else {
                try client.get("a.example")
                try client.skip(1 << 17)
            }
            end(client.wire, death)
        }

        private static func breakMany(isUpload: Bool) async throws {
            let origin = try Origin { connection in
                if try connection.readHead().hasPrefix("POST") {
                    while case .bytes = connection.wire.receive() {}
                } else {
                    try connection.wire.send(largeHead)
                    sendUntilRefused(connection.wire)
                }
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                // The first time the runtime opens what it needs itself.
                try await breakOne(proxy, origin, isUpload, .close)
                #expect(await proxy.isQuiet())
                let before = ThisProcess.descriptorCount
                for number in 1..<200 {
                    try await breakOne(proxy, origin, isUpload, number.isMultiple(of: 2) ? .close : .reset)
                }
                #expect(await proxy.isQuiet())
                // A few empty pipes are kept for later.
                #expect(await eventually { ThisProcess.descriptorCount <= before + 16 })
                #expect(proxy.log.lines(200).allSatisfy { $0.code == "client.closed" })
            }
        }
    }
}
