// Fast senders and slow readers: the proxy holds a bounded part of a message, whatever its size. The whole test
// process is measured, so origin and client send from one small buffer and forget what they read.

import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Back-pressure") struct BackPressure {
        private static let size = 64 << 20
        private static let block = [UInt8](repeating: 0x61, count: 1 << 16)
        private static let allowance = 16 << 20

        /// Sends so many bytes; tells when nothing more can be sent for a while.
        private static func pour(_ size: Int, into wire: Wire, stalled: Gate) throws {
            var rest = size
            while rest > 0 {
                guard wire.isWritable(withinMilliseconds: 300) else {
                    stalled.open()
                    guard wire.isWritable(withinMilliseconds: Int32(Wire.patience) * 1000) else {
                        throw WireError.timeout
                    }
                    continue
                }
                // A receiver that has gone ends this: the socket of one who has is writable for ever.
                guard let sent = wire.sendSome(rest >= block.count ? block : Array(block[0..<rest])) else {
                    throw WireError.ended
                }
                rest -= sent
            }
            stalled.open()
        }

        private static func expectModest(
            since before: Int, at location: Testing.SourceLocation = #_sourceLocation
        ) {
            guard ThisProcess.hasPlainMemory else { return }
            #expect(ThisProcess.residentBytes - before < allowance, sourceLocation: location)
        }

        @Test(
            "a 64 MiB response to a client that does not read waits at its origin",
            arguments: [
                "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
            ])
        func response(_ head: String) async throws {
            let stalled = Gate()
            let poured = Flag()
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send(head)
                try Self.pour(Self.size, into: connection.wire, stalled: stalled)
                poured.set(true)
            }
            try await withProxy(.loopback([.to("a.example", origin, mode: .close)])) { proxy in
                let before = ThisProcess.residentBytes
                let client = try proxy.client(receiveBuffer: 16_384)
                try client.get("a.example")
                #expect(stalled.pass())
                #expect(!poured.isSet)
                Self.expectModest(since: before)
                let headBytes = try await blocking { try client.readHead() }
                try await blocking { try client.skip(Self.size) }
                #expect(headBytes.hasPrefix("HTTP/1.1 200"))
                #expect(client.end() == .orderly)
                Self.expectModest(since: before)
            }
        }

        @Test("a 64 MiB upload to an origin that does not read waits at its client", arguments: [true, false])
        func upload(_ isChunked: Bool) async throws {
            let stalled = Gate()
            let read = Gate()
            let poured = Flag()
            let size = Self.size
            let origin = try Origin { connection in
                try connection.readHead()
                let early = connection.received.count - (HTTPText.headLength(connection.received) ?? 0)
                read.pass()
                try connection.wire.skip(isChunked ? 1 << 20 : size - early)
                try connection.wire.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
                if isChunked { try connection.wire.skip(size - (1 << 20) - early) }
            }
            try await withProxy(.loopback([.to("a.example", origin, mode: .close)])) { proxy in
                let before = ThisProcess.residentBytes
                let client = try proxy.client()
                let framing =
                    isChunked ? "Transfer-Encoding: chunked\r\n\r\n4000000\r\n" : "Content-Length: \(size)\r\n\r\n"
                let sender = Task {
                    try await blocking {
                        try client.send("POST / HTTP/1.1\r\nHost: a.example\r\n" + framing)
                        try Self.pour(size, into: client.wire, stalled: stalled)
                        poured.set(true)
                        if isChunked { try client.send("\r\n0\r\n\r\n") }
                    }
                }
                try await blocking { _ = stalled.pass() }
                #expect(!poured.isSet)
                Self.expectModest(since: before)
                read.open()
                let response = try await blocking { try client.response() }
                #expect(response.text == "ok")
                if !isChunked { try await sender.value } else { _ = try? await sender.value }
                Self.expectModest(since: before)
            }
        }

        @Test("the two directions do not wait for each other: an echo larger than every buffer gets through")
        func echo() async throws {
            let size = 8 << 20
            let origin = try Origin { connection in
                let head = try connection.readHead()
                let early = Array(connection.received.dropFirst(head.utf8.count))
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
                try connection.wire.send(early)
                var rest = size - early.count
                while rest > 0 {
                    guard case .bytes(let bytes) = connection.wire.receive(min(rest, 1 << 16)) else { return }
                    try connection.wire.send(bytes)
                    rest -= bytes.count
                }
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                let sender = Task {
                    try await blocking {
                        try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(size)\r\n\r\n")
                        for _ in 0..<(size / Self.block.count) { try client.send(Self.block) }
                    }
                }
                let head = try await blocking { try client.readHead() }
                #expect(head.hasPrefix("HTTP/1.1 200"))
                try await blocking { try client.skip(size) }
                try await sender.value
            }
        }

        @Test("a client that has sent many requests and its end gets every answer, however late it reads")
        func halfClosedBacklog() async throws {
            let body = String(repeating: "x", count: 3000)
            let domain = ProxyConfiguration.Domain("a.example", routes: [.init(.respond(status: 200, body: body))])
            try await withProxy(.loopback([domain])) { proxy in
                let client = try proxy.client(receiveBuffer: 8192)
                try client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", count: 1000))
                // Each look at the counters is a turn of the worker's loop: two alike say that it rests.
                var count = 0
                var before = -1
                while count == 0 || count != before {
                    before = count
                    count = await proxy.group.statistics().requests
                }
                #expect(count < 1000)
                client.wire.finishSending()
                for _ in 0..<1000 { #expect(try client.response().text == body) }
                #expect(client.end() == .orderly)
            }
        }

        @Test("a client that sends request after request and reads no answer is not answered without end")
        func unreadAnswers() async throws {
            let body = String(repeating: "x", count: 10_000)
            let domain = ProxyConfiguration.Domain("a.example", routes: [.init(.respond(status: 200, body: body))])
            let request = Array("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".utf8)
            try await withProxy(.loopback([domain]) { $0.limits.clientRequests = 10_000_000 }) { proxy in
                let before = ThisProcess.residentBytes
                let client = try proxy.client(receiveBuffer: 16_384)
                // Whole requests only, or the answers could not be counted.
                var block: [UInt8] = []
                for _ in 0..<1000 { block += request }
                var sent = 0
                while client.wire.isWritable(withinMilliseconds: 300), sent < 64 << 20 {
                    let offset = sent % block.count
                    sent += try #require(client.wire.sendSome(Array(block[offset...])))
                }
                #expect(sent < 64 << 20)
                Self.expectModest(since: before)
                // Once they are read, answering goes on: far more than any buffer between holds.
                for _ in 0..<min(5000, sent / request.count) {
                    let head = try client.readHead()
                    #expect(head.hasPrefix("HTTP/1.1 200"))
                    try client.skip(body.utf8.count)
                }
            }
        }

        @Test("a stalled client does not hold up another one")
        func othersGoOn() async throws {
            let stalled = Gate()
            let origin = try Origin { connection in
                while true {
                    let head = try connection.readHead()
                    try connection.readRequest()
                    if head.contains("/big") {
                        try connection.wire.send("HTTP/1.1 200 OK\r\n\r\n")
                        try Self.pour(Self.size, into: connection.wire, stalled: stalled)
                    }
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let slow = try proxy.client(receiveBuffer: 16_384)
                try slow.get("a.example", "/big")
                #expect(stalled.pass())
                let client = try proxy.client()
                for _ in 0..<20 {
                    try client.get("a.example", "/small")
                    #expect(try client.response().text == "ok")
                }
                slow.wire.reset()
            }
        }
    }
}
