// Endpoints that are spoken to by TLS: who is believed, what is asked for and shown, and what becomes of requests whose
// endpoint is not whom it should be. The endpoints are proxies themselves, in front of scripted origins.

import CLibevent
import CLibeventTLS
import Foundation
import Logging
import Relevo
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Endpoints that speak TLS") struct SecureEndpoints {
        /// A proxy that speaks TLS with the certificate at a place, in front of an origin.
        private func secureOrigin(
            _ place: String, _ origin: Origin, _ body: (_ port: UInt16, TestProxy) async throws -> Void
        ) async throws {
            var configuration = ProxyConfiguration.loopback([.init("*", endpoints: [.init(origin.text)])])
            configuration.listeners[0].tls = ListenerTLS(certificates: [
                CertificateFiles(place + ".pem", key: place + ".key")
            ])
            try await withProxy(configuration) { try await body($0.address.port ?? 0, $0) }
        }

        /// A proxy for each place, with their ports in the same order.
        private func secureOrigins(
            _ places: [String], _ origin: Origin, after ports: [UInt16] = [], _ body: ([UInt16]) async throws -> Void
        ) async throws {
            guard ports.count < places.count else { return try await body(ports) }
            try await secureOrigin(places[ports.count], origin) { port, _ in
                try await secureOrigins(places, origin, after: ports + [port], body)
            }
        }

        private func configuration(
            _ endpoints: [String], _ change: (inout ProxyConfiguration.Cluster) -> Void = { _ in }
        ) throws -> ProxyConfiguration {
            var cluster = ProxyConfiguration.Cluster("api", endpoints: endpoints.map { .init($0) })
            var tls = ClusterTLS()
            tls.authorities = try Authority.shared.get().path("ca.pem")
            cluster.tls = tls
            change(&cluster)
            var configuration = ProxyConfiguration.loopback([.init("a.example", cluster: "api")])
            configuration.clusters = [cluster]
            return configuration
        }

        private func certificate(
            _ names: String..., validity: Authority.Validity = .now, of authority: Result<Authority, any Error>? = nil
        ) throws -> String {
            try (authority ?? Authority.shared).get().issue(names, validity)
        }

        @Test("requests go to an endpoint by its address, each connection serves many, and Host stays")
        func address() async throws {
            let origin = try Origin.ok("hello")
            try await secureOrigin(certificate("127.0.0.1"), origin) { port, _ in
                try await withProxy(configuration(["https://127.0.0.1:\(port)"])) { proxy in
                    let client = try proxy.client()
                    for _ in 0..<5 {
                        try client.get("a.example")
                        #expect(try client.response().text.hasSuffix("hello"))
                    }
                    let statistics = await proxy.group.statistics()
                    #expect(statistics.connectsBegun == 1 && statistics.connectsFailed == 0)
                    #expect(try origin.connection().request(0).contains("Host: a.example\r\n"))
                    #expect(try proxy.log.line().text("endpoint") == "https://127.0.0.1:\(port)")
                }
            }
        }

        @Test("a configured name is asked for and has to be in the certificate")
        func name() async throws {
            let origin = try Origin.ok("hello")
            try await secureOrigin(certificate("api.internal"), origin) { port, _ in
                let named = try configuration(["https://127.0.0.1:\(port)"]) { $0.tls.name = "api.internal" }
                try await withProxy(named) { proxy in
                    let client = try proxy.client()
                    try client.get("a.example")
                    #expect(try client.response().status == 200)
                }
            }
        }

        @Test("large bodies cross in both directions")
        func large() async throws {
            let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
            let origin = try Origin { connection in
                let request = try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
                try connection.wire.send(Array(request.suffix(body.count)))
            }
            try await secureOrigin(certificate("127.0.0.1"), origin) { port, _ in
                try await withProxy(configuration(["https://127.0.0.1:\(port)"])) { proxy in
                    let client = try proxy.client()
                    try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(body.count)\r\n\r\n")
                    try client.send(body)
                    let response = try client.response()
                    #expect(response.status == 200 && response.body == body)
                }
            }
        }

        /// What is wrong with an endpoint, and the words that the log has for it.
        enum Trouble: CaseIterable {
            case expired, notYet, otherName, selfIssued, systemAuthorities, otherNameWanted

            var words: String {
                switch self {
                case .expired: "certificate has expired"
                case .notYet: "certificate is not yet valid"
                case .otherName, .otherNameWanted: "mismatch"
                case .selfIssued, .systemAuthorities: "unable to get local issuer certificate"
                }
            }
        }

        private func place(_ trouble: Trouble) throws -> String {
            switch trouble {
            case .expired: try certificate("127.0.0.1", validity: .past)
            case .notYet: try certificate("127.0.0.1", validity: .future)
            case .otherName: try certificate("b.example")
            case .selfIssued: try certificate("127.0.0.1", of: Authority.other)
            case .systemAuthorities, .otherNameWanted: try certificate("127.0.0.1")
            }
        }

        @Test(
            "an endpoint that is not whom it should be gets nothing: 502, with the reason", arguments: Trouble.allCases)
        func distrust(_ trouble: Trouble) async throws {
            let origin = try Origin.ok("secret")
            try await secureOrigin(place(trouble), origin) { port, front in
                let configuration = try configuration(["https://127.0.0.1:\(port)"]) { cluster in
                    if trouble == .systemAuthorities { cluster.tls = ClusterTLS() }
                    if trouble == .otherNameWanted { cluster.tls.name = "other.internal" }
                }
                try await withProxy(configuration) { proxy in
                    let client = try proxy.client()
                    try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nword")
                    let response = try client.response()
                    #expect(response.status == 502)
                    #expect(response.field("Proxy-Status")?.contains("error=tls_protocol_error") == true)
                    let line = try proxy.log.line()
                    #expect(line.text("code") == "connect.tls")
                    #expect(line.text("detail")?.contains(trouble.words) == true, "\(line)")
                }
                #expect(origin.requestCount == 0)
                #expect(await eventually { await front.group.statistics().handshakesFailed == 1 })
            }
        }

        @Test("an endpoint that speaks no TLS gets no request in the clear")
        func plainOrigin() async throws {
            let origin = try Origin { try $0.wire.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") }
            try await withProxy(configuration(["https://\(origin.text)"])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try client.response().status == 502)
                #expect(try proxy.log.line().text("code") == "connect.tls")
            }
            #expect(origin.connections.allSatisfy { !String(decoding: $0.received, as: UTF8.self).contains("GET") })
        }

        @Test("after one whose certificate is wrong another endpoint is asked, bodies and all")
        func retry() async throws {
            let origin = try Origin.ok("hello")
            let places = [try certificate("127.0.0.1", validity: .past), try certificate("127.0.0.1")]
            try await secureOrigins(places, origin) { ports in
                let both = try configuration(ports.map { "https://127.0.0.1:\($0)" }) { $0.balance = .roundRobin }
                try await withProxy(both) { proxy in
                    let client = try proxy.client()
                    for _ in 0..<4 {
                        try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nword")
                        #expect(try client.response().status == 200)
                    }
                }
            }
        }

        @Test("with `verify: off` anybody is believed, and that is warned about")
        func unverified() async throws {
            let origin = try Origin.ok("hello")
            try await secureOrigin(certificate("b.example", validity: .past), origin) { port, _ in
                let configuration = try configuration(["https://127.0.0.1:\(port)"]) {
                    $0.tls.authorities = nil
                    $0.tls.verifies = false
                }
                try await withProxy(configuration) { proxy in
                    let client = try proxy.client()
                    try client.get("a.example")
                    #expect(try client.response().status == 200)
                }
                let proxy = try ReverseProxy(configuration: configuration, logger: Logger(label: "test"))
                #expect(proxy.warnings.contains { $0.message.contains("`tls.verify` of `api` is off") })
            }
        }

        @Test("health checks are made by TLS, and say what they find wrong")
        func health() async throws {
            let origin = try Origin.ok("hello")
            let places = [try certificate("127.0.0.1", validity: .past), try certificate("127.0.0.1")]
            try await secureOrigins(places, origin) { ports in
                let both = try configuration(ports.map { "https://127.0.0.1:\($0)" }) { $0.health = HealthCheck() }
                try await withProxy(both) { proxy in
                    #expect(proxy.notices.wait { $0.contains { $0.contains(":\(ports[0]) is down: ") } })
                    #expect(proxy.notices.wait { $0.contains { $0.contains(":\(ports[1]) is up: ") } })
                    let complaint = proxy.notices.current.first { $0.contains(":\(ports[0])") } ?? ""
                    #expect(complaint.contains("certificate has expired"), "\(proxy.notices.current)")
                }
            }
        }

        @Test("a proxy is not made with authorities or certificates that it cannot read, and says where they are named")
        func broken() throws {
            var configuration = try configuration(["https://127.0.0.1:1"])
            let place = SourceLocation(file: "relevo.yaml", line: 7, column: 5)
            configuration.clusters[0].tls.location = place
            configuration.clusters[0].tls.authorities = "/nowhere/ca.pem"
            configuration.clusters[0].tls.identity = CertificateFiles("/nowhere/a.pem", key: "/nowhere/a.key")
            let error = #expect(throws: ConfigurationError.self) {
                try ReverseProxy(configuration: configuration, logger: Logger(label: "test"))
            }
            let problems = error?.problems ?? []
            #expect(problems.count == 2 && problems.allSatisfy { $0.location == place }, "\(problems)")
            #expect(problems.first?.message.contains("/nowhere/ca.pem") == true, "\(problems)")
        }
    }
}
