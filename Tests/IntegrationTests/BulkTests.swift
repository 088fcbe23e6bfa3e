// Large bodies of known length, which go past the proxy's memory: every byte arrives, once and in order, and whatever
// comes before and behind them on the same connections is right as well.
// Transfers that break are in BulkEndingTests, what is held of a body in BackPressureTests.

import CLibevent
import Foundation
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Large bodies") struct Bulk {
        /// Bytes in which a part that is lost, doubled or misplaced shows.
        static func pattern(_ count: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0x2E, count: count)
            for (block, position) in stride(from: 0, to: count - 4, by: 509).enumerated() {
                bytes[position] = UInt8(truncatingIfNeeded: block)
                bytes[position + 1] = UInt8(truncatingIfNeeded: block >> 8)
            }
            return bytes
        }

        static let large = pattern((6 << 20) + 13)
        static let small = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        private static let largeHead = "HTTP/1.1 200 OK\r\nContent-Length: \(large.count)\r\n\r\n"

        /// Answers GET /large with the pattern and all else with two bytes, `ok` if what came is the pattern or empty.
        private static func serve(_ connection: OriginConnection) throws {
            while true {
                let head = try connection.readHead()
                let body = try connection.readRequest()
                if head.contains(" /large ") {
                    try connection.wire.send(largeHead)
                    try connection.wire.send(large)
                } else if body.isEmpty || body == large {
                    try connection.wire.send(small)
                } else {
                    try connection.wire.send(small.replacingOccurrences(of: "\r\n\r\nok", with: "\r\n\r\nno"))
                }
            }
        }

        private static func post(_ version: String = "HTTP/1.1") -> [UInt8] {
            Array("POST / \(version)\r\nHost: a.example\r\nContent-Length: \(large.count)\r\n\r\n".utf8) + large
        }

        /// How a request comes and where it goes.
        enum Way: Sendable, CaseIterable { case kept, closing, classic, http10, unix }

        private static func domain(_ way: Way, _ origin: Origin) -> ProxyConfiguration.Domain {
            switch way {
            case .kept, .http10, .unix: .to("a.example", origin)
            case .closing: .to("a.example", origin, mode: .close)
            case .classic: .classic("a.example", origin)
            }
        }

        private static func withServer(
            _ way: Way, _ body: (TestProxy, Origin) async throws -> Void
        ) async throws {
            let directory = try TemporaryDirectory()
            let address: SocketAddress =
                way == .unix ? .unix(path: directory.path + "/origin.sock") : .loopback(port: 0)
            let origin = try Origin(at: address) { try Self.serve($0) }
            try await withProxy(.loopback([domain(way, origin)])) { try await body($0, origin) }
        }

        @Test(
            "a download arrives whole, whether its client reads at once or late, and is counted",
            arguments: Way.allCases, [nil, 8192])
        func download(_ way: Way, _ receiveBuffer: Int?) async throws {
            try await Self.withServer(way) { proxy, _ in
                let client = try proxy.client(receiveBuffer: receiveBuffer)
                let request = "GET /large HTTP/1.\(way == .http10 ? 0 : 1)\r\nHost: a.example\r\n\r\n"
                try client.send(request)
                let response = try await blocking { try client.response() }
                #expect(response.isComplete)
                #expect(response.body == Self.large)
                let line = try proxy.log.line()
                #expect(line.number("bytes_sent") == response.head.utf8.count + Self.large.count)
                #expect(line.number("bytes_received") == request.utf8.count)
                #expect(line.code == nil)
            }
        }

        @Test("an upload arrives whole and is counted", arguments: Way.allCases)
        func upload(_ way: Way) async throws {
            try await Self.withServer(way) { proxy, _ in
                let client = try proxy.client()
                let request = Self.post(way == .http10 ? "HTTP/1.0" : "HTTP/1.1")
                try await blocking { try client.send(request) }
                let response = try await blocking { try client.response() }
                #expect(response.text == "ok")
                let line = try proxy.log.line()
                #expect(line.number("bytes_received") == request.count)
                #expect(line.number("bytes_sent") == response.head.utf8.count + 2)
            }
        }

        @Test("an upload arrives whole at an origin that begins to read when nothing more can be sent")
        func lateOrigin() async throws {
            let stalled = Gate()
            let origin = try Origin { connection in
                try connection.readHead()
                stalled.pass()
                try connection.wire.send(connection.readRequest() == Self.pattern(24 << 20) ? Self.small : "no")
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(24 << 20)\r\n\r\n")
                let text = try await blocking {
                    let body = Self.pattern(24 << 20)
                    var sent = 0
                    while client.wire.isWritable(withinMilliseconds: 300), sent < body.count {
                        let part = Array(body[sent..<min(sent + 65_536, body.count)])
                        sent += try #require(client.wire.sendSome(part))
                    }
                    #expect(sent < body.count)
                    stalled.open()
                    try client.send(Array(body[sent...]))
                    return try client.response().text
                }
                #expect(text == "ok")
            }
        }

        @Test("large and small messages take turns on one connection, and one connection to the origin serves all")
        func turns() async throws {
            try await Self.withServer(.kept) { proxy, origin in
                let client = try proxy.client()
                for _ in 0..<3 {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                    try client.get("a.example", "/large")
                    #expect(try await blocking { try client.response().body } == Self.large)
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                    try await blocking { try client.send(Self.post()) }
                    #expect(try client.response().text == "ok")
                }
                #expect(origin.connectionCount == 1)
                #expect(proxy.log.lines(12).allSatisfy { $0.code == nil && $0.number("status") == 200 })
            }
        }

        @Test("requests that were sent right behind large bodies are answered in order")
        func pipelined() async throws {
            try await Self.withServer(.kept) { proxy, origin in
                let client = try proxy.client()
                let get = Array("GET /large HTTP/1.1\r\nHost: a.example\r\n\r\n".utf8)
                let sender = Task { try await blocking { try client.send(Self.post() + get + Self.post() + get) } }
                for _ in 0..<2 {
                    #expect(try await blocking { try client.response().text } == "ok")
                    #expect(try await blocking { try client.response().body } == Self.large)
                }
                try await sender.value
                #expect(origin.connectionCount == 1)
            }
        }

        @Test("bytes behind the end of a large response are nobody's answer")
        func surplus() async throws {
            let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
            let origin = try Origin { connection in
                while try connection.readHead().contains(" /large ") {
                    try connection.readRequest()
                    try connection.wire.send(Array(Self.largeHead.utf8) + Self.large + Array(evil.utf8))
                }
                try connection.readRequest()
                try connection.wire.send(Self.small)
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                for _ in 0..<5 {
                    let client = try proxy.client()
                    try client.send(
                        "GET /large HTTP/1.1\r\nHost: a.example\r\n\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(try await blocking { try client.response().body } == Self.large)
                    #expect(try client.response().text == "ok")
                }
            }
        }

        @Test("a transfer that rests keeps no pipe, and more that are stuck than there are pipes are right as well")
        func manyAtOnce() async {
            await #expect(processExitsWith: .success) {
                let clientCount = 150
                let body = Self.pattern(1_000_000)
                let all = Gate()
                let origin = try Origin { connection in
                    try connection.readRequest()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
                    all.pass()
                    try connection.wire.send(body)
                }
                try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                    await ThisProcess.settle()
                    let before = ThisProcess.descriptorCount
                    let clients = try (0..<clientCount).map { _ in try proxy.client(receiveBuffer: 16 * 1024) }
                    for client in clients { try client.get("a.example") }
                    for client in clients { #expect(try client.readHead().hasPrefix("HTTP/1.1 200")) }
                    // Two ends of each connection on either side; none of a pipe while there is nothing to be moved.
                    let ends = before + clientCount * 4
                    #expect(await eventually { ThisProcess.descriptorCount == ends })
                    all.open()
                    #expect(await eventually { ThisProcess.descriptorCount > ends })
                    for client in clients { #expect(try client.read(body.count) == body) }
                    #expect(ThisProcess.descriptorCount <= ends + 8 * 2)
                }
            }
        }

        @Test("without a descriptor for a pipe large bodies are copied")
        func withoutPipes() async {
            await #expect(processExitsWith: .success) {
                try await Self.withServer(.kept) { proxy, origin in
                    let client = try proxy.client()
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                    let shortage = try DescriptorShortage()
                    try client.get("a.example", "/large")
                    #expect(try await blocking { try client.response().body } == Self.large)
                    try await blocking { try client.send(Self.post()) }
                    #expect(try client.response().text == "ok")
                    shortage.end()
                    #expect(origin.connectionCount == 1)
                }
            }
        }

        @Test("RFC 9293 §3.8.5: urgent data in a large body is skipped and holds nothing up")
        func urgent() async throws {
            let half = Self.large.count / 2
            let sendUrgently: @Sendable (Wire) throws -> Void = { wire in
                try wire.send(Array(Self.large[..<half]))
                try wire.sendUrgently(0x21)
                try wire.send(Array(Self.large[half...]))
            }
            let origin = try Origin { connection in
                guard try connection.readRequest() == Self.large else { return }
                try connection.wire.send(Self.largeHead)
                try sendUrgently(connection.wire)
                connection.readToEnd()
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(Self.large.count)\r\n\r\n")
                let body = try await blocking {
                    try sendUrgently(client.wire)
                    return try client.response().body
                }
                #expect(body == Self.large)
            }
        }
    }
}
