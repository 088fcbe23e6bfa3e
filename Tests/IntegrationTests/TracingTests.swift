// Traces: which place of a trace endpoints are told of, which spans a collector gets, and what happens without one.
// The form of the field alone is tested in RelevoHTTPTests.

import CLibevent
import Foundation
import InMemoryTracing
import Logging
import Relevo
import RelevoPolicy
import TestSupport
import Testing
import Tracing

/// A collector that answers with these statuses, the last of them from then on, and what it was sent.
private struct Collector {
    let origin: Origin

    init(_ answers: [String] = ["200 OK"], body: String = "{}") throws {
        origin = try Origin { connection in
            try connection.readRequest()
            let answer = answers[min(connection.number.current, answers.count) - 1]
            try connection.wire.send("HTTP/1.1 \(answer)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
    }

    /// One that sends these bytes, and leaves its connections open.
    init(raw answer: String) throws {
        origin = try Origin { connection in
            try connection.readRequest()
            try connection.wire.send(answer)
            connection.readToEnd()
        }
    }

    /// The spans of all requests so far.
    var spans: [Span] {
        origin.connections.filter { $0.requestCount > 0 }.flatMap { connection -> [Span] in
            let text = connection.request()
            guard let start = text.range(of: "\r\n\r\n") else { return [] }
            let document = try? JSONDecoder().decode(Document.self, from: Data(text[start.upperBound...].utf8))
            return document?.resourceSpans.flatMap(\.scopeSpans).flatMap(\.spans) ?? []
        }
    }

    struct Document: Decodable {
        struct Resource: Decodable { var attributes: [Attribute] }
        struct Scope: Decodable { var spans: [Span] }
        struct Part: Decodable {
            var resource: Resource
            var scopeSpans: [Scope]
        }
        var resourceSpans: [Part]
    }

    struct Attribute: Decodable {
        struct Value: Decodable {
            var stringValue: String?
            var intValue: String?
        }
        var key: String
        var value: Value
    }

    struct Span: Decodable {
        struct Status: Decodable { var code: Int }
        struct Event: Decodable { var name: String }
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var name: String
        var kind: Int
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute]
        var status: Status?
        var events: [Event]?

        subscript(key: String) -> String? {
            attributes.first { $0.key == key }.map { $0.value.stringValue ?? $0.value.intValue ?? "" }
        }
    }
}

extension Integration {
    @Suite("Traces") struct Tracing: Reloading {
        private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

        private func configuration(
            _ endpoint: String, to collector: Collector, _ change: (inout ProxyConfiguration) -> Void = { _ in }
        ) -> ProxyConfiguration {
            let routes = [ProxyConfiguration.Route(.cluster("api"), path: "/v1"), .init(.cluster("api"))]
            return configuration([.init("a.example", routes: routes)]) {
                $0.workers = 1
                $0.clusters = [.init("api", endpoints: [.init(endpoint)])]
                $0.tracing = TracingSettings("http://\(collector.origin.text)")
                change(&$0)
            }
        }

        private func place(in origin: Origin, _ index: Int = 0) throws -> [String] {
            let request = try origin.connection().request(index)
            return HTTPText.values(of: "traceparent", in: request).flatMap { $0.split(separator: "-").map(String.init) }
        }

        @Test(
            "a request begins a trace: the endpoint is told of the span of its attempt, whose parent is the request's")
        func begins() async throws {
            let (collector, origin) = (try Collector(), try Origin.ok())
            try await withRunning(configuration(origin.text, to: collector)) { _, address in
                let client = try Client(address)
                try client.send(
                    "GET /v1/x?q=1 HTTP/1.1\r\nHost: a.example\r\nTracestate: old=1\r\nUser-Agent: u\r\n\r\n")
                #expect(try client.response().status == 200)
                let told = try place(in: origin)
                #expect(told.count == 4 && told[0] == "00" && told[3] == "01")
                #expect(!(try origin.connection().request().lowercased().contains("tracestate")))
                #expect(await eventually { collector.spans.count == 2 })
                let server = try #require(collector.spans.first { $0.kind == 2 })
                let attempt = try #require(collector.spans.first { $0.kind == 3 })
                #expect(server.traceId == told[1] && attempt.traceId == told[1] && attempt.spanId == told[2])
                #expect(attempt.parentSpanId == server.spanId && server.parentSpanId == nil)
                #expect(server.name == "GET /v1" && server["http.route"] == "/v1" && server["url.query"] == "q=1")
                #expect(server["http.response.status_code"] == "200" && server["user_agent.original"] == "u")
                #expect(server["relevo.cluster"] == "api" && attempt["relevo.endpoint"] == origin.text)
                #expect(server.status == nil && attempt.status == nil)
                #expect(attempt.events?.map(\.name) == ["connected", "request sent", "answer begins"])
                #expect(server.startTimeUnixNano <= attempt.startTimeUnixNano)
                #expect(attempt.endTimeUnixNano <= server.endTimeUnixNano)
            }
        }

        @Test("a trace goes on; whether it is recorded is decided by a trusted sender, and by nobody else")
        func continues() async throws {
            let (collector, origin) = (try Collector(), try Origin.ok())
            for (isTrusted, share, flag, expected) in [
                (false, 0, "01", "00"), (false, TracingSettings.all, "00", "01"), (true, 0, "01", "01"),
                (true, TracingSettings.all, "00", "00"),
            ] {
                let origin = try Origin.ok()
                let settings = configuration(origin.text, to: collector) {
                    $0.tracing?.sample = share
                    if isTrusted { $0.trustedProxies = ["127.0.0.1"] }
                }
                try await withRunning(settings) { _, address in
                    let client = try Client(address)
                    try client.send(
                        "GET / HTTP/1.1\r\nHost: a.example\r\nTraceparent: \(parent)-\(flag)\r\nTracestate: a=1\r\n\r\n"
                    )
                    #expect(try client.response().status == 200)
                }
                let told = try place(in: origin)
                #expect(told[1] == "4bf92f3577b34da6a3ce929d0e0e4736" && told[2] != "00f067aa0ba902b7")
                #expect(told[3] == expected)
                #expect(try origin.connection().request().contains("Tracestate: a=1"))
            }
            // What waits when a proxy ends is sent.
            let server = collector.spans.filter { $0.kind == 2 }
            #expect(server.count == 2 && server.allSatisfy { $0.parentSpanId == "00f067aa0ba902b7" })
            withExtendedLifetime(origin) {}
        }

        @Test("without tracing, and where no field is added, what the client says passes")
        func passes() async throws {
            let (collector, origin) = (try Collector(), try Origin.ok())
            for isOff in [true, false] {
                let settings = configuration(origin.text, to: collector) {
                    if isOff { $0.tracing = nil } else { $0.domains[0].forwarded = .none }
                }
                try await withRunning(settings) { _, address in
                    let client = try Client(address)
                    try client.send("GET / HTTP/1.1\r\nHost: a.example\r\nTraceparent: x\r\nTracestate: a=1\r\n\r\n")
                    #expect(try client.response().status == 200)
                }
            }
            let requests = origin.connections.map { $0.request() }
            #expect(requests.count == 2)
            #expect(requests.allSatisfy { $0.contains("Traceparent: x\r\nTracestate: a=1\r\n") })
        }

        @Test("each attempt has its span, and failures say their code")
        func failures() async throws {
            let (collector, origin) = (try Collector(), try Origin.ok())
            let dead = try Integration.deadAddress().description
            let settings = configuration(origin.text, to: collector) {
                $0.clusters[0].endpoints = [.init(dead), .init(origin.text)]
                $0.clusters[0].endpoints[1].backup = 1
            }
            try await withRunning(settings) { proxy, address in
                #expect(try ask(address, "a.example").status == 200)
                #expect(try ask(address, "b.example").status == 421)
                #expect(await eventually { collector.spans.count == 4 })
                #expect(await eventually { await proxy.statistics().spansExported == 4 })
                let attempts = collector.spans.filter { $0.kind == 3 }.sorted {
                    $0.startTimeUnixNano < $1.startTimeUnixNano
                }
                #expect(attempts.map { $0["error.type"] } == ["connect.refused", nil])
                #expect(attempts.map { $0["http.request.resend_count"] } == [nil, "1"])
                #expect(attempts.map { $0.status?.code } == [2, nil])
                #expect(try place(in: origin)[2] == attempts[1].spanId)
                let unknown = try #require(collector.spans.first { $0["error.type"] == "route.unknown_domain" })
                #expect(unknown.status == nil && unknown["http.response.status_code"] == "421")
            }
        }

        @Test("a collector that has no time is asked again; one that refuses is told of, and the spans are lost")
        func busy() async throws {
            let origin = try Origin.ok()
            let busy = try Collector(["503 Later", "200 OK"])
            try await withRunning(configuration(origin.text, to: busy)) { proxy, address in
                let status = try ask(address, "a.example").status
                #expect(status == 200)
                #expect(await eventually { await proxy.statistics().spansExported == 2 })
                #expect(busy.origin.requestCount == 2)
            }
            let closed = try Collector(["400 No"])
            try await withRunning(configuration(origin.text, to: closed)) { proxy, address in
                let status = try ask(address, "a.example").status
                #expect(status == 200)
                #expect(await eventually { await proxy.statistics().spansDropped == 2 })
            }
            let partial = try Collector(body: #"{"partialSuccess":{"rejectedSpans":"1"}}"#)
            try await withRunning(configuration(origin.text, to: partial)) { proxy, address in
                let status = try ask(address, "a.example").status
                #expect(status == 200)
                #expect(await eventually { await proxy.statistics().spansExported == 1 })
                #expect(await proxy.statistics().spansDropped == 1)
            }
        }

        @Test("a status that has come counts, however the answer ends: nothing is sent twice")
        func endings() async throws {
            let origin = try Origin.ok()
            let answers = [
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                "HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n",
            ]
            for (index, answer) in answers.enumerated() {
                let collector = try Collector(raw: answer)
                try await withRunning(configuration(origin.text, to: collector)) { proxy, address in
                    let status = try ask(address, "a.example").status
                    #expect(status == 200)
                    #expect(
                        await eventually {
                            let found = await proxy.statistics()
                            return (index == 0 ? found.spansExported : found.spansDropped) == 2
                        })
                    #expect(collector.origin.requestCount == 1)
                }
            }
        }

        @Test("spans that fill the queue before their second is over are sent at once")
        func much() async throws {
            let (collector, origin) = (try Collector(), try Origin.ok())
            try await withRunning(configuration(origin.text, to: collector)) { proxy, address in
                let client = try Client(address)
                let agent = String(repeating: "a", count: 14_000)
                for _ in 0..<400 {
                    try client.send("GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: \(agent)\r\n\r\n")
                    _ = try client.response()
                }
                #expect(await eventually { await proxy.statistics().spansExported == 800 })
                #expect(await proxy.statistics().spansDropped == 0)
            }
        }

        @Test("an attempt that fails in the moment of its choice hides none that follows")
        func sameMoment() async throws {
            let (collector, origin) = (try Collector(), try Origin.ok())
            let directory = try TemporaryDirectory()
            let settings = configuration(origin.text, to: collector) {
                $0.clusters[0].endpoints = [.init("unix:\(directory.path)/none"), .init(origin.text)]
                $0.clusters[0].endpoints[1].backup = 1
            }
            try await withRunning(settings) { _, address in
                #expect(try ask(address, "a.example").status == 200)
                let told = try place(in: origin)
                #expect(await eventually { collector.spans.contains { $0.spanId == told[2] } })
                #expect(collector.spans.count == 3)
            }
        }

        @Test("without a collector requests go on, and what is lost is counted when the proxy ends")
        func unreachable() async throws {
            let (collector, origin) = (try Collector(), try Origin.ok())
            let told = Watched<[String]>([])
            let dead = try Integration.deadAddress()
            let settings = configuration(origin.text, to: collector) {
                $0.tracing = TracingSettings("http://\(dead)")
            }
            let logger = Logger(label: "test") { _ in NotingHandler(told: told) }
            let proxy = try ReverseProxy(configuration: settings, logger: logger)
            let address = try await proxy.start()[0]
            for _ in 0..<3 { #expect(try ask(address, "a.example").status == 200) }
            #expect(told.wait { $0.contains { $0.hasPrefix("spans wait") } })
            await proxy.shutdown(within: .seconds(1))
            #expect(told.current.contains { $0.hasPrefix("spans dropped") && $0.contains("6") })
        }

        @Test("an embedding program's tracer gets the same spans, and what it injects goes to the endpoint")
        func tracer() async throws {
            let (collector, origin) = (try Collector(), try Origin.ok())
            let dead = try Integration.deadAddress().description
            let settings = configuration(origin.text, to: collector) {
                $0.clusters[0].endpoints = [.init(dead), .init(origin.text)]
                $0.clusters[0].endpoints[1].backup = 1
            }
            let tracer = InMemoryTracer()
            let proxy = try ReverseProxy(
                configuration: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                tracer: tracer)
            let client = try Client(try await proxy.start()[0])
            try client.send(
                "GET /v1/x HTTP/1.1\r\nHost: a.example\r\nIn-Memory-Trace-ID: t\r\nIn-Memory-Span-ID: s\r\n\r\n")
            #expect(try client.response().status == 200)
            await proxy.shutdown(within: .seconds(1))
            let spans = tracer.finishedSpans
            #expect(tracer.activeSpans.isEmpty && spans.map(\.operationName) == ["GET", "GET", "GET /v1"])
            #expect(spans.allSatisfy { $0.traceID == "t" } && spans.last?.parentSpanID == "s")
            #expect(spans.dropLast().allSatisfy { $0.parentSpanID == spans.last?.spanID })
            #expect(spans.map { $0.status?.code == .error } == [true, false, false])
            let request = try origin.connection().request()
            #expect(HTTPText.values(of: "in-memory-span-id", in: request) == [spans[1].spanID])
            #expect(collector.spans.isEmpty)
        }

        @Test("`relevo check` says what is wrong with a collector, and a reload cannot change it")
        func reload() async throws {
            let (collector, origin) = (try Collector(), try Origin.ok())
            let settings = configuration(origin.text, to: collector)
            try await withRunning(settings) { proxy, _ in
                var next = settings
                next.tracing?.sample = 1
                await #expect(throws: ReloadError.self) { try await proxy.reload(next) }
            }
        }
    }
}

/// Keeps what is logged.
private struct NotingHandler: LogHandler {
    let told: Watched<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        told.change { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
