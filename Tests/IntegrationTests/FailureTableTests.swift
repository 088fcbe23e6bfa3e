// Each failure code provoked on purpose: the client, the log, the metrics and `why` tell of the same one.
// What else follows from a failure is tested where it belongs: BadClientTests, BadOriginTests, RetryTests, …

import CLibevent
import Foundation
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("The table of failures") struct FailureTable {
        /// A way to a failure.
        struct Provocation: Sendable, CustomTestStringConvertible {
            var fault: Fault
            /// What the client sends.
            var request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
            /// What the endpoint does.
            var origin: Origin.Script = { $0.readToEnd() }
            /// Changes the configuration, with the origin's address at hand.
            var adjust: @Sendable (inout ProxyConfiguration) -> Void = { _ in }
            var testDescription: String { fault.rawValue }
        }

        private static func answers(_ text: String) -> Origin.Script {
            { connection in
                try connection.readRequest()
                try connection.wire.send(text)
            }
        }

        private static func post(_ rest: String) -> String { "POST / HTTP/1.1\r\nHost: a.example\r\n" + rest }

        private static func sentTo(_ endpoints: [String]) -> @Sendable (inout ProxyConfiguration) -> Void {
            { $0.domains[0] = .init("a.example", endpoints: endpoints.map { .init($0) }) }
        }

        static let provocations: [Provocation] = [
            Provocation(fault: .clientMalformed, request: "GET / HTTP/1.1\r\nHost: a.example\r\nX Y: z\r\n\r\n"),
            Provocation(fault: .clientUnsupportedVersion, request: "GET / HTTP/2.0\r\nHost: a.example\r\n\r\n"),
            Provocation(fault: .clientUnsupportedCoding, request: post("Transfer-Encoding: gzip, chunked\r\n\r\n")),
            Provocation(
                fault: .clientHeadTooLarge,
                request: "GET / HTTP/1.1\r\nHost: a.example\r\n" + String(repeating: "X: y\r\n", count: 200) + "\r\n"),
            Provocation(
                fault: .clientTargetTooLong,
                request: "GET /" + String(repeating: "x", count: 17_000) + " HTTP/1.1\r\nHost: a.example\r\n\r\n"),
            Provocation(
                fault: .clientBodyTooLarge, request: post("Content-Length: 100\r\n\r\n"),
                adjust: { $0.limits.bodyBytes = 10 }),
            Provocation(
                fault: .clientHeadTimeout, request: "GET / HTTP/1.1\r\nHost: a.exa",
                adjust: { $0.timeouts.head = .milliseconds(200) }),
            Provocation(
                fault: .clientBodyTimeout, request: post("Content-Length: 10\r\n\r\nabc"),
                adjust: { $0.timeouts.body = .milliseconds(200) }),
            Provocation(fault: .clientMethodRefused, request: "TRACE / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
            Provocation(fault: .routeUnknownDomain, request: "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n"),
            Provocation(
                fault: .routeNone, request: "GET /elsewhere HTTP/1.1\r\nHost: a.example\r\n\r\n",
                adjust: {
                    $0.domains[0] = .init("a.example", routes: [.init(.respond(status: 200, body: ""), path: "/here")])
                }),
            Provocation(
                fault: .routeLoop,
                request: "GET / HTTP/1.1\r\nHost: a.example\r\nVia: "
                    + Array(repeating: "1.1 relevo", count: 8).joined(separator: ", ") + "\r\n\r\n",
                adjust: { $0.domains[0].forwarded = .xForwarded }),
            Provocation(fault: .connectRefused, adjust: sentTo(["127.0.0.1:1"])),
            Provocation(fault: .connectUnreachable, adjust: sentTo(["unix:/dev/null/origin.sock"])),
            Provocation(fault: .connectDNS, adjust: sentTo(["nowhere.internal:80"])),
            Provocation(
                fault: .upstreamClosed, request: post("Content-Length: 0\r\n\r\n"), origin: { try $0.readRequest() }),
            Provocation(fault: .upstreamMalformed, origin: answers("SSH-2.0-x\r\n\r\n")),
            Provocation(
                fault: .upstreamHeadTooLarge,
                origin: answers("HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 200) + "\r\n")),
            Provocation(fault: .upstreamTimeout, adjust: { $0.timeouts.response = .milliseconds(200) }),
            Provocation(fault: .upstreamTruncated, origin: answers("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
        ]

        @Test("a failure has one code, for the client, in the log, in the metrics and in why", arguments: provocations)
        func oneCode(_ item: Provocation) async throws {
            let origin = try Origin(item.origin)
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)], item.adjust)
            try await withProxy(configuration) {
                $0.names = ScriptedNames(["nowhere.internal": []]).maker
            } _: { proxy in
                let client = try proxy.client()
                try client.send(item.request)
                let response = try client.anyResponse()
                if item.fault == .upstreamTruncated {
                    #expect(response.status == 200 && !response.isComplete)
                } else {
                    #expect(response.code == item.fault.rawValue)
                    #expect(response.status == item.fault.row.status)
                }
                try await agree(proxy, item.fault, id: response.field("X-Request-ID"))
            }
        }

        @Test("a client that leaves is told of by log, metrics and why alike")
        func leaver() async throws {
            let origin = try Origin { $0.readToEnd() }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                _ = try origin.connection().awaitBytes { !$0.isEmpty }
                client.wire.reset()
                try await agree(proxy, .clientClosed, id: nil)
            }
        }

        @Test("a connection too many of one address is refused with one code")
        func tooMany() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.limits.clientConnections = 1 }) { proxy in
                let first = try proxy.client()
                try first.get("a.example")
                #expect(try first.response().status == 200)
                let second = try proxy.client()
                #expect(try second.response().code == "client.rate_limited")
                try await agree(proxy, .clientRateLimited, id: nil)
            }
        }

        @Test("a POST that meets the end of a kept connection has one code")
        func stale() async throws {
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                try connection.receiveMore()
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try client.response().status == 200)
                try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi")
                #expect(try client.response().code == "upstream.stale")
                try await agree(proxy, .upstreamStale, id: nil)
            }
        }

        @Test("an endpoint that does not accept in time has one code")
        func connectTimeout() async throws {
            let listener = try Wire.listen(on: .loopback(port: 0), backlog: 0)
            let full = "127.0.0.1:\(listener.localPort)"
            let fillers = try (0..<2).map { _ in try Wire.beginConnecting(to: .loopback(port: listener.localPort)) }
            let configuration = ProxyConfiguration.loopback([.init("a.example", endpoints: [.init(full)])]) {
                $0.timeouts.connect = .milliseconds(200)
            }
            try await withProxy(configuration) { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(response.code == "connect.timeout")
                try await agree(proxy, .connectTimeout, id: response.field("X-Request-ID"))
            }
            withExtendedLifetime((listener, fillers)) {}
        }

        @Test("an endpoint without a certificate to be believed has one code")
        func notSecure() async throws {
            let origin = try Origin { try $0.wire.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") }
            let configuration = ProxyConfiguration.loopback([
                .init("a.example", endpoints: [.init("https://\(origin.text)")])
            ])
            try await withProxy(configuration) { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(response.code == "connect.tls")
                try await agree(proxy, .connectTLS, id: response.field("X-Request-ID"))
            }
        }

        @Test("a request for which there is no endpoint has one code")
        func noEndpoint() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) {
                $0.hook = { _ in .cluster("nowhere") }
            } _: { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(response.code == "endpoint.none_healthy")
                try await agree(proxy, .endpointNoneHealthy, id: response.field("X-Request-ID"))
            }
        }

        @Test("a request too many for its endpoint, and one that the end of the proxy cuts off, have one code each")
        func tooManyRequests() async throws {
            let origin = try Origin { $0.readToEnd() }
            let configuration = ProxyConfiguration.loopback([.init("a.example", cluster: "api")]) {
                $0.clusters = [.init("api", endpoints: [.init(origin.text)])]
                $0.clusters[0].maxRequests = 1
                $0.clusters[0].queue.length = 0
            }
            let proxy = try await TestProxy.start(configuration)
            let first = try proxy.client()
            try first.get("a.example")
            _ = try origin.connection().awaitBytes { !$0.isEmpty }
            #expect(try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").code == "endpoint.overloaded")
            #expect(await proxy.group.recent(limit: 10).map(\.fault) == [.endpointOverloaded])
            await proxy.stop(within: .milliseconds(100))
            #expect(try first.response().code == "proxy.draining")
            #expect(proxy.log.lines.map(\.code) == ["endpoint.overloaded", "proxy.draining"])
        }

        @Test("a client whose certificate is not believed has one code")
        func badCertificate() async throws {
            let world = try CertifiedWorld()
            let stranger = try Authority("Strangers").issue("/CN=alice")
            try await withProxy(world.configuration(.request)) { proxy in
                let response = try world.client(stranger, proxy).get("a.example", "/")
                #expect(response.code == "client.certificate_refused")
                try await agree(proxy, .clientCertificateRefused, id: response.field("X-Request-ID"))
            }
        }

        @Test("a request for which the proxy has no descriptor has one code")
        func noDescriptor() async {
            await #expect(processExitsWith: .success) {
                let origin = try Origin.ok()
                try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                    let client = try proxy.client()
                    // Who is accepted has a descriptor.
                    #expect(await eventually { await proxy.group.statistics().connectionsOpen == 1 })
                    let shortage = try DescriptorShortage()
                    try client.get("a.example")
                    let response = try client.response()
                    shortage.end()
                    #expect(response.code == "proxy.overloaded")
                    try await FailureTable().agree(proxy, .proxyOverloaded, id: response.field("X-Request-ID"))
                }
            }
        }

        @Test("no code is left out")
        func whole() {
            let apart: Set<Fault> = [
                .clientClosed, .clientRateLimited, .clientCertificateRefused, .upstreamStale, .connectTimeout,
                .connectTLS, .endpointNoneHealthy, .endpointOverloaded, .proxyDraining, .proxyOverloaded,
            ]
            #expect(apart.union(Self.provocations.map(\.fault)) == Set(Fault.allCases))
            #expect(apart.count + Self.provocations.count == Fault.allCases.count)
        }

        /// Log, metrics and why have the one failure, and nothing else.
        private func agree(_ proxy: TestProxy, _ fault: Fault, id: String?) async throws {
            #expect(await eventually { await !proxy.group.recent(limit: 10).isEmpty })
            let stories = await proxy.group.recent(limit: 10)
            #expect(stories.map(\.fault) == [fault])
            let story = try #require(stories.first)
            if let id { #expect(story.id == id) }
            #expect(!story.explanation.isEmpty && story.advice == fault.advice)
            #expect(story.timeline.last?.text.isEmpty == false)
            let metrics = await proxy.group.metrics()
            var counted: [Fault: Int] = [:]
            for domain in metrics.domains { counted.merge(domain.tally.faults, uniquingKeysWith: +) }
            #expect(counted == [fault: 1])
            await proxy.stop()
            let lines = proxy.log.lines.filter { $0.code != nil }
            #expect(lines.map(\.code) == [fault.rawValue])
            #expect(lines.first?.text("request_id") == story.id)
            #expect(lines.first?.number("status") == story.status)
        }
    }
}
