// Requests that are sent again: which, where, how often, and that no other ever is.
// The rules themselves are tested in RelevoPolicyTests.

import CLibevent
import RelevoPolicy
import RelevoProxy
import Synchronization
import TestSupport
import Testing

/// Counts the requests of several origins.
private final class LeavingCount: Sendable {
    private let count = Mutex(0)

    /// The number of this request, from 1.
    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}

extension Integration {
    @Suite("Requests that are sent again") struct Retries {
        /// Two endpoints, of which round robin asks the first one first.
        private func pair(
            _ first: Origin, _ second: Origin, _ adjust: (inout ProxyConfiguration.Cluster) -> Void = { _ in }
        ) -> ProxyConfiguration {
            cluster([first, second], adjust)
        }

        private func cluster(
            _ origins: [Origin], _ adjust: (inout ProxyConfiguration.Cluster) -> Void = { _ in }
        ) -> ProxyConfiguration {
            var cluster = ProxyConfiguration.Cluster("c", endpoints: origins.map { .init($0.text) })
            cluster.balance = .roundRobin
            cluster.ejection = nil
            cluster.timeouts.response = .milliseconds(300)
            adjust(&cluster)
            return .loopback([.init("a.example", routes: [.init(.endpoints(cluster))])])
        }

        /// Reads a request and goes without an answer.
        private func closing() throws -> Origin { try Origin { try $0.readRequest() } }

        private func request(_ method: String, _ fields: String = "", body: String = "") -> String {
            let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
            return "\(method) / HTTP/1.1\r\nHost: a.example\r\n\(fields)\(length)\r\n\(body)"
        }

        private func expect(  // tidy: parameters: what is asked and what is expected
            _ proxy: TestProxy, _ request: String, to method: String = "GET", status: Int? = nil, text: String? = nil,
            at location: Testing.SourceLocation = #_sourceLocation
        ) throws {
            let response = try ask(proxy, request, method: method)
            if let status { #expect(response.status == status, sourceLocation: location) }
            if let text { #expect(response.text == text, sourceLocation: location) }
        }

        @Test("a GET that an endpoint drops is answered by another, and the log tells of both")
        func dropped() async throws {
            let (bad, good) = (try closing(), try Origin.ok())
            let proxy = try await TestProxy.start(pair(bad, good))
            try expect(proxy, request("GET"), text: "ok")
            await proxy.stop()
            let line = try proxy.log.line()
            #expect(line.number("attempts") == 2 && line.number("status") == 200)
            #expect(line.text("endpoint") == good.text)
            #expect(line.text("code") == nil)
            let failed = line.text.contains(
                #""failed_attempts":[{"endpoint":"\#(bad.text)","code":"upstream.closed","ms":"#)
            #expect(failed, "\(line.text)")
        }

        @Test("RFC 9110 §9.2.2: a POST that an endpoint may have processed goes nowhere else")
        func post() async throws {
            let (bad, good) = (try closing(), try Origin.ok())
            try await withProxy(pair(bad, good)) { proxy in
                let response = try ask(proxy, request("POST", body: "once"), method: "POST")
                #expect(response.status == 502)
                #expect(bad.requestCount == 1 && good.requestCount == 0)
            }
        }

        @Test(
            "a POST that an endpoint resets without having acknowledged a byte goes on only where that is allowed",
            arguments: [RetrySettings.NonIdempotent.never, .unacknowledged])
        func unacknowledged(setting: RetrySettings.NonIdempotent) async throws {
            // Serves some requests, so that the system acknowledges with delay; leaves the next one unread and ends.
            let leaving = try Origin { connection in
                for _ in 0..<4 {
                    try connection.readRequest()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst")
                }
                #expect(connection.wire.isReadable(withinMilliseconds: 10_000))
            }
            let configuration = cluster([leaving]) { $0.retry?.nonIdempotent = setting }
            let proxy = try await TestProxy.start(configuration)
            for _ in 0..<4 { try expect(proxy, request("GET"), text: "first") }
            let (isSent, body) = (setting == .unacknowledged, "once")
            try expect(proxy, request("POST", body: body), to: "POST", status: isSent ? 200 : 502)
            await proxy.stop()
            let line = proxy.log.lines(5).last
            #expect(line?.number("attempts") == (isSent ? 2 : 1))
            #expect(line?.text("code") == (isSent ? nil : "upstream.stale"))
            guard isSent else { return }
            #expect(try leaving.connection(1).receivedText.hasSuffix(body))
        }

        @Test(
            "a body that is kept is sent again as it was",
            arguments: [("PUT", ""), ("POST", "Idempotency-Key: \"8e03978e\"\r\n"), ("DELETE", "")])
        func bodies(method: String, fields: String) async throws {
            let body = String(repeating: "0123456789abcdef", count: 1000)
            let (bad, good) = (try closing(), try Origin.ok())
            try await withProxy(pair(bad, good)) { proxy in
                let response = try ask(proxy, request(method, fields, body: body), method: method)
                #expect(response.status == 200)
                #expect(try bad.connection().receivedText.hasSuffix(body))
                #expect(try good.connection().receivedText.hasSuffix(body))
            }
        }

        @Test("so is one in chunks, however it arrives")
        func chunked() async throws {
            let (bad, good) = (try closing(), try Origin.ok())
            try await withProxy(pair(bad, good)) { proxy in
                let client = try proxy.client()
                try client.send("PUT / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
                try bad.connection().awaitBytes { String(decoding: $0, as: UTF8.self).contains("first") }
                try client.send("6\r\nsecond\r\n0\r\n\r\n")
                #expect(try client.response(to: "PUT").status == 200)
                let received = try good.connection().receivedText
                let body = HTTPText.unchunked(Array(received.split(separator: "\r\n\r\n", maxSplits: 1)[1].utf8))
                #expect(body.map { String(decoding: $0, as: UTF8.self) } == "firstsecond", "\(received)")
                // And the connection is where it should be: at the next request.
                try client.get("a.example")
                #expect(try client.response().status == 200)
            }
        }

        @Test("a large body that is kept is sent again whole, and what follows it stays the next request")
        func largeBody() async throws {
            let bad = try Origin.answering("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno")
            let good = try Origin.ok()
            let configuration = pair(bad, good) {
                $0.retry?.bodyBytes = 4 << 20
                $0.retry?.statuses = [503...503]
                $0.timeouts.response = .seconds(20)
            }
            try await withProxy(configuration) { proxy in
                let body = String(repeating: "0123456789abcdef", count: 40_000)
                let client = try proxy.client()
                try client.send("PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
                try client.send(String(body.prefix(16_000)))
                let hasBegun = try bad.connection().awaitBytes { $0.count > 16_000 }
                #expect(hasBegun)
                try client.send(String(body.dropFirst(16_000)) + "GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(try client.response(to: "PUT").text == "ok")
                let second = try client.response()
                #expect([200, 503].contains(second.status))
                let received = try good.connection().receivedText
                #expect(received.contains("\r\n\r\n" + body), "\(received.utf8.count)")
            }
        }

        @Test("a body that is longer than what is kept is not sent again")
        func longBody() async throws {
            let (bad, good) = (try closing(), try Origin.ok())
            let configuration = pair(bad, good) { $0.retry?.bodyBytes = 1000 }
            try await withProxy(configuration) { proxy in
                let body = String(repeating: "x", count: 1001)
                try expect(proxy, request("PUT", body: body), to: "PUT", status: 502)
                #expect(good.requestCount == 0)
            }
        }

        @Test("an endpoint that never answers costs a GET its time limit, and nothing else")
        func hanging() async throws {
            let hanging = try Origin { connection in
                try connection.readRequest()
                _ = connection.readToEnd()
            }
            let good = try Origin.ok()
            try await withProxy(pair(hanging, good)) { proxy in
                try expect(proxy, request("GET"), text: "ok")
            }
            try await withProxy(pair(hanging, good)) { proxy in
                try expect(proxy, request("POST"), to: "POST", status: 504)
            }
        }

        @Test("a listed status is an answer of last resort")
        func statuses() async throws {
            let bad = try Origin.answering("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno")
            let good = try Origin.ok()
            try await withProxy(pair(bad, good) { $0.retry?.statuses = [503...503] }) { proxy in
                try expect(proxy, request("GET"), text: "ok")
            }
            try await withProxy(pair(bad, good) { $0.retry?.statuses = [503...503] }) { proxy in
                try expect(proxy, request("POST"), to: "POST", text: "no")
            }
            let alike = try Origin.answering("HTTP/1.1 503 No\r\nContent-Length: 3\r\n\r\ntoo")
            try await withProxy(pair(bad, alike) { $0.retry?.statuses = [500...599] }) { proxy in
                let response = try ask(proxy, request("GET"))
                #expect(response.status == 503 && response.text == "too")
            }
        }

        @Test("a request is sent as often as is allowed, and no more")
        func attempts() async throws {
            let origins = try (0..<5).map { _ in try closing() }
            try await withProxy(cluster(origins) { $0.retry?.attempts = 3 }) { proxy in
                try expect(proxy, request("GET"), status: 502)
                #expect(origins.map(\.requestCount).reduce(0, +) == 3)
                #expect(origins.allSatisfy { $0.requestCount <= 1 })
            }
        }

        @Test("without retries, and without a budget, a request is sent once")
        func off() async throws {
            let (bad, good) = (try closing(), try Origin.ok())
            try await withProxy(pair(bad, good) { $0.retry = nil }) { proxy in
                try expect(proxy, request("GET"), status: 502)
            }
            let none = pair(bad, good) {
                $0.retry?.budget = 0
                $0.retry?.reserve = 0
            }
            try await withProxy(none) { proxy in
                try expect(proxy, request("GET"), status: 502)
            }
            #expect(good.requestCount == 0)
        }

        @Test("while all endpoints refuse, a request is held until one is back")
        func hold() async throws {
            let address = try Integration.deadAddress()
            var cluster = ProxyConfiguration.Cluster("c", endpoints: [.init(address.description)])
            cluster.hold = .seconds(10)
            let configuration = ProxyConfiguration.loopback([.init("a.example", routes: [.init(.endpoints(cluster))])])
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send(request("POST", body: "kept"))
                // The first round of attempts is over: nobody has listened.
                #expect(await eventually { await proxy.group.statistics().connectsFailed > 0 })
                let origin = try Origin(at: address) { connection in
                    try connection.readRequest()
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nback")
                }
                #expect(try client.response(to: "POST").text == "back")
                #expect(try origin.connection().receivedText.hasSuffix("kept"))
            }
        }

        /// An origin that answers every request with its name.
        private func serve(_ name: String, at address: SocketAddress) throws -> Origin {
            try Origin(at: address) { connection in
                while true {
                    try connection.readRequest()
                    try connection.wire.send(
                        "HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
                }
            }
        }

        @Test("endpoints that refused a request that was held count no longer as busy with it")
        func holdLeavesNothing() async throws {
            let addresses = try [Integration.deadAddress(), Integration.deadAddress()]
            var cluster = ProxyConfiguration.Cluster(
                "c", endpoints: addresses.map { .init($0.description) }, balance: .leastRequests)
            cluster.hold = .seconds(10)
            cluster.ejection = nil
            let configuration = ProxyConfiguration.loopback(
                [.init("a.example", routes: [.init(.endpoints(cluster))])], workers: 1)
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send(request("GET"))
                #expect(await eventually { await proxy.group.statistics().connectsFailed >= 2 })
                let origins = try (serve("one", at: addresses[0]), serve("two", at: addresses[1]))
                #expect(try client.response().status == 200)
                // Idle endpoints are chosen at random; one that seems busy would never be.
                let seen = try Set((0..<30).map { _ in try ask(proxy, request("GET")).text })
                #expect(seen == ["one", "two"])
                withExtendedLifetime(origins) {}
            }
        }

        @Test("while endpoints end their connections, as when they stop, a GET is held; a POST is not")
        func holdAfterEnd() async throws {
            // Two that take a request and go, as often as a GET may be sent; then one that is back.
            let left = LeavingCount()
            func leaving() throws -> Origin {
                try Origin { connection in
                    try connection.readRequest()
                    guard left.next() > 2 else { return }
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nback")
                }
            }
            let (first, second) = (try leaving(), try leaving())
            let configuration = pair(first, second) {
                $0.hold = .seconds(10)
                $0.timeouts.response = .seconds(20)
            }
            try await withProxy(configuration) { proxy in
                try expect(proxy, request("GET"), text: "back")
                #expect(first.requestCount + second.requestCount == 3)
            }
            let (third, fourth) = (try closing(), try closing())
            try await withProxy(pair(third, fourth) { $0.hold = .seconds(10) }) { proxy in
                try expect(proxy, request("POST", body: "once"), to: "POST", status: 502)
                #expect(third.requestCount + fourth.requestCount == 1)
            }
        }

        @Test("a request that ends each connection it comes by is not held for ever")
        func holdPoison() async throws {
            let origins = try (0..<5).map { _ in try closing() }
            let configuration = cluster(origins) {
                $0.hold = .seconds(60)
                $0.retry?.attempts = 3
            }
            try await withProxy(configuration) { proxy in
                try expect(proxy, request("GET"), status: 502)
                #expect(origins.map(\.requestCount).reduce(0, +) == 4)
            }
        }

        @Test("a hold ends, and then the client is told why")
        func holdEnds() async throws {
            let address = try Integration.deadAddress()
            var cluster = ProxyConfiguration.Cluster("c", endpoints: [.init(address.description)])
            cluster.hold = .milliseconds(200)
            let configuration = ProxyConfiguration.loopback([.init("a.example", routes: [.init(.endpoints(cluster))])])
            let proxy = try await TestProxy.start(configuration)
            try expect(proxy, request("GET"), status: 502)
            await proxy.stop()
            let line = try proxy.log.line()
            #expect(line.text("code") == "connect.refused")
            #expect(line.number("attempts") ?? 0 >= 2)
        }

        @Test("a client that has ended its side and is silent is not held for longer than it is believed")
        func holdHalfClosed() async throws {
            let address = try Integration.deadAddress()
            var cluster = ProxyConfiguration.Cluster("c", endpoints: [.init(address.description)])
            cluster.hold = .seconds(60)
            var configuration = ProxyConfiguration.loopback(
                [.init("a.example", routes: [.init(.endpoints(cluster))])])
            configuration.timeouts.halfClose = .milliseconds(300)
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send(request("POST", body: "once"))
                client.wire.finishSending()
                #expect(await eventually { await proxy.group.statistics().connectsFailed > 0 })
                #expect(await proxy.isQuiet())
            }
        }

        @Test("a client that leaves while its request is held ends it")
        func holdLeft() async throws {
            let address = try Integration.deadAddress()
            var cluster = ProxyConfiguration.Cluster("c", endpoints: [.init(address.description)])
            cluster.hold = .seconds(60)
            let configuration = ProxyConfiguration.loopback([.init("a.example", routes: [.init(.endpoints(cluster))])])
            try await withProxy(configuration) { proxy in
                let client = try proxy.client()
                try client.send(request("GET"))
                #expect(await eventually { await proxy.group.statistics().connectsFailed > 0 })
                client.wire.reset()
                #expect(await proxy.isQuiet())
            }
        }
    }
}
