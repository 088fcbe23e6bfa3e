// The live explanation of a request: for whom it is, what it says, and where the token does not go.
// What is told of requests that are over is tested with `relevo why`.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Live explanations") struct Explaining: Reloading {
        private static let token = "0123456789abcdef-secret"

        private func withProxy(
            _ change: (inout ProxyConfiguration) -> Void = { _ in },
            _ body: (Origin, Client) async throws -> Void
        ) async throws {
            let origin = try Origin.ok()
            let dead = try Integration.deadAddress().description
            let settings = configuration([
                .init(
                    "a.example",
                    routes: [.init(.cluster("api"), path: "/v1"), .init(.respond(status: 200, body: "own"))])
            ]) {
                $0.workers = 1
                $0.clusters = [.init("api", endpoints: [.init(dead), .init(origin.text)])]
                $0.clusters[0].endpoints[1].backup = 1
                change(&$0)
            }
            try await withRunning(settings) { proxy, address in
                proxy.explainRequests(withToken: Self.token)
                try await body(origin, try Client(address))
            }
        }

        private func ask(_ client: Client, _ path: String, host: String = "a.example", _ lines: String...) throws
            -> RawResponse
        {
            let fields = lines.map { "relevo-explain: \($0)\r\n" }.joined()
            try client.send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n")
            return try client.response()
        }

        private func explanation(_ response: RawResponse) -> String {
            HTTPText.values(of: "relevo-explain", in: response.head).joined(separator: "\n")
        }

        @Test("who knows the token is told what was chosen and tried; the token goes no further")
        func known() async throws {
            try await withProxy { origin, client in
                let told = explanation(try ask(client, "/v1/x", Self.token))
                for words in [
                    "domain `a.example`", "route `/v1`", "cluster `api`", "attempt 1 failed: connect.refused",
                    "attempt 2: \(origin.text) is chosen", "the request is sent", "the answer begins",
                ] { #expect(told.contains(words), "\(told)") }
                #expect(!(try origin.connection().receivedText.lowercased().contains("explain")))
                #expect(explanation(try ask(client, "/", Self.token)).contains("route `/`"))
                let failed = try ask(client, "/", host: "b.example", Self.token)
                #expect(failed.status == 421 && explanation(failed).contains("does not serve that domain"))
            }
        }

        @Test(
            "who does not know it is told nothing, and the endpoint does not see the try",
            arguments: [ConnectionMode.keepAlive, .close])
        func unknown(mode: ConnectionMode) async throws {
            for lines in [["0123456789abcdef-secreT"], [""], [Self.token + "x"], [Self.token, Self.token]] {
                try await withProxy {
                    $0.domains[0].connection = mode
                    $0.domains[0].forwarded = .none
                } _: { origin, client in
                    let fields = lines.map { "Relevo-Explain: \($0)\r\n" }.joined()
                    try client.send("GET /v1/ HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n")
                    let response = try client.response()
                    #expect(response.status == 200 && explanation(response).isEmpty)
                    #expect(!(try origin.connection().receivedText.lowercased().contains("explain")))
                }
            }
        }

        @Test("an endpoint cannot put its own words into an explanation, trailers do not carry the token on")
        func forged() async throws {
            let origin = try Origin.answering(
                "HTTP/1.1 200 OK\r\nRelevo-Explain: forged\r\nContent-Length: 0\r\n\r\n")
            try await withRunning(configuration([.to("a.example", origin)])) { proxy, address in
                proxy.explainRequests(withToken: Self.token)
                let client = try Client(address)
                let told = explanation(try ask(client, "/", Self.token))
                #expect(told.contains("the answer begins") && !told.contains("forged"))
                try client.send(
                    "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "0\r\nRelevo-Explain: \(Self.token)\r\nX-Other: 1\r\n\r\n")
                #expect(try client.response().status == 200)
                let received = try origin.connection().receivedText
                #expect(received.contains("X-Other: 1") && !received.contains(Self.token))
            }
        }

        @Test("the program explains requests to whoever knows the token of its admin listener")
        func program() throws {
            let directory = try TemporaryDirectory()
            let origin = try Origin.ok()
            let tokenFile = try directory.write("token", Self.token + "\n")
            let file = try directory.write(
                "relevo.yaml",
                """
                listeners: [127.0.0.1:0]
                domains: { a.example: [\(origin.text)] }
                admin: { address: "unix:\(directory.path)/admin.sock", token_file: \(tokenFile) }
                access_log: off
                """)
            let program = try Program(Program.relevo, ["run", file])
            let words = program.complaints { $0.contains("serving=") || $0.contains("relevo: ") }
            let port = words.split(separator: "addresses=127.0.0.1:").dropFirst().first?.prefix { $0.isNumber }
            let client = try Client(.loopback(port: try #require(port.flatMap { UInt16($0) }, "\(words)")))
            #expect(explanation(try ask(client, "/", Self.token)).contains("attempt 1: \(origin.text) is chosen"))
            #expect(explanation(try ask(client, "/", Self.token + "x")).isEmpty)
            program.signal(SIGTERM)
            #expect(try program.outcome().status == 0)
        }

        @Test("without a token the field means nothing and passes")
        func off() async throws {
            let origin = try Origin.ok()
            try await withRunning(configuration([.to("a.example", origin)])) { _, address in
                let response = try ask(try Client(address), "/", "x")
                #expect(response.status == 200 && explanation(response).isEmpty)
                #expect(try origin.connection().request().contains("relevo-explain: x\r\n"))
            }
        }
    }
}
