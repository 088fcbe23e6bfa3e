// Endpoints that end kept connections whenever they like, under many requests: no GET fails, no POST is doubled.
// Single cases of stale connections are in PoolTests.

import Glibc
import RelevoPolicy
import Synchronization
import TestSupport
import Testing

extension Integration {
    /// An origin that, after an answer, keeps the connection, ends it, resets it, or does so a moment later.
    ///
    /// It counts how often it read each request that carries an `X-Number`.
    private final class Fickle: Sendable {
        private let seen = Watched<[String: Int]>([:])
        private let random: Mutex<RandomSource>
        private let endings = Watched(0)

        init(seed: UInt64) { random = Mutex(RandomSource(seed: seed)) }

        /// How often each number was read.
        var counts: [String: Int] { seen.current }

        /// Connections that were ended between two requests.
        var endingCount: Int { endings.current }

        func serve(_ connection: OriginConnection) throws {
            while true {
                let head = try connection.readHead()
                try connection.readRequest()
                if let number = HTTPText.values(of: "x-number", in: head).first {
                    seen.change { $0[number, default: 0] += 1 }
                }
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                // Reading again and again what was read before takes long on connections that live long.
                if connection.requestCount >= 20 { return endings.change { $0 += 1 } }
                switch random.withLock({ Int.random(in: 0..<10, using: &$0) }) {
                case 0: return endings.change { $0 += 1 }
                case 1:
                    endings.change { $0 += 1 }
                    return connection.wire.reset()
                case 2:
                    usleep(random.withLock { UInt32.random(in: 0..<400, using: &$0) })
                    return endings.change { $0 += 1 }
                default: break
                }
            }
        }
    }

    @Suite("Endpoints that end kept connections at random") struct Churn {
        private static let clients = 4

        /// Requests of all clients together; sanitized binaries do less in the same time.
        private static var requests: Int { ThisProcess.hasPlainMemory ? 20_000 : 2000 }

        /// Sends requests over several kept connections at a time and gathers what `ask` returns.
        private func gather<Result: Sendable>(
            _ proxy: TestProxy, _ ask: @escaping @Sendable (inout Client, String) throws -> Result
        ) async throws -> [Result] {
            let parts = (0..<Self.clients).map { part in
                Task {
                    try await blocking {
                        var client = try proxy.client()
                        return try (0..<Self.requests / Self.clients).map { try ask(&client, "\(part)-\($0)") }
                    }
                }
            }
            var results: [Result] = []
            for part in parts { results += try await part.value }
            return results
        }

        @Test("no GET fails")
        func gets() async throws {
            let fickle = Fickle(seed: 11)
            let origin = try Origin { try fickle.serve($0) }
            try await withProxy(.loopback([.to("a.example", origin)], workers: 2)) { proxy in
                let statuses = try await gather(proxy) { client, number in
                    try client.send("GET /\(number) HTTP/1.1\r\nHost: a.example\r\nX-Number: \(number)\r\n\r\n")
                    return try client.response().status
                }
                #expect(statuses.count == Self.requests)
                #expect(statuses.allSatisfy { $0 == 200 })
                #expect(fickle.counts.count == Self.requests)
                // Connections were used again, and were ended under the proxy.
                #expect(fickle.endingCount > Self.requests / 20)
                #expect(origin.connectionCount < Self.requests)
            }
        }

        @Test("no POST arrives twice, and none fails but on a connection that ended")
        func posts() async throws {
            let fickle = Fickle(seed: 12)
            let origin = try Origin { try fickle.serve($0) }
            try await withProxy(.loopback([.to("a.example", origin)], workers: 2)) { proxy in
                let answers = try await gather(proxy) { client, number in
                    try client.send(
                        "POST / HTTP/1.1\r\nHost: a.example\r\nX-Number: \(number)\r\nContent-Length: 2\r\n\r\nhi")
                    let response = try client.response()
                    if response.status != 200 { client = try proxy.client() }
                    return (number, response.status, response.code)
                }
                let counts = fickle.counts
                for (number, status, code) in answers {
                    if status == 200 {
                        #expect(counts[number] == 1)
                    } else {
                        #expect(status == 502 && code == "upstream.stale")
                        #expect(counts[number, default: 0] <= 1)
                    }
                }
            }
        }
    }
}
