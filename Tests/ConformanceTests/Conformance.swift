// The root of the black-box proof of HTTP/1.1: rows of what a client or an origin sends, and what must cross.
// Not for resources and lifetimes, which IntegrationTests drives, nor for parsers, which have tests of their own.

import RelevoPolicy
import TestSupport
import Testing

/// RFC 9110 and RFC 9112 at both sockets of a running proxy.
@Suite("HTTP/1.1 at both sides of the proxy", .serialized, .timeLimit(.minutes(2)))
enum Conformance {}

extension Conformance {
    /// What becomes of a request.
    enum Fate: Sendable {
        /// The origin gets exactly these bytes, and the client the origin's answer.
        case arrives(String)
        /// The origin gets the client's bytes as they are.
        case arrivesUnchanged
        /// The client gets this status and code, its connection ends, and no origin is even connected to.
        case refused(Int, String)
        /// As before, but the head may be with the origin already: it never sees a complete request.
        case broken(Int, String)

        /// Refused as malformed.
        static let malformed = Fate.refused(400, "client.malformed")
        /// Found to be malformed in the body.
        static let brokenBody = Fate.broken(400, "client.malformed")
    }

    /// One row of a table of requests.
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var sends: String
        var fate: Fate

        /// The rule that the row is about, what the client sends, and what must come of it.
        init(_ rule: String, _ sends: String, _ fate: Fate) {
            testDescription = rule
            self.sends = sends
            self.fate = fate
        }
    }

    /// `Host` as most rows send it.
    static let host = "Host: a.example\r\n"
    /// The beginning of most requests.
    static let get = "GET / HTTP/1.1\r\nHost: a.example\r\n"
    /// The beginning of most requests with a body.
    static let post = "POST / HTTP/1.1\r\nHost: a.example\r\n"

    /// Sends a row's bytes and checks both sides; then another client must be served.
    static func prove(_ row: Row, _ adjust: (inout ProxyConfiguration) -> Void = { _ in }) async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin)], adjust)) { proxy in
            let client = try proxy.client()
            try client.send(row.sends)
            let response = try client.response(to: row.sends.hasPrefix("HEAD") ? "HEAD" : "GET")
            switch row.fate {
            case .arrives(let bytes):
                try expectArrival(of: bytes, response, origin)
            case .arrivesUnchanged:
                try expectArrival(of: row.sends, response, origin)
            case .refused(let status, let code):
                expectRefusal(status, code, response, client)
                #expect(origin.connectionCount == 0)
            case .broken(let status, let code):
                expectRefusal(status, code, response, client)
                for connection in origin.connections { #expect(connection.awaitEnd() != .timeout) }
                #expect(origin.requestCount == 0)
            }
            try expectServed(proxy)
        }
    }

    private static func expectArrival(of bytes: String, _ response: RawResponse, _ origin: Origin) throws {
        #expect(response.status == 200)
        let connection = try origin.connection()
        #expect(connection.request() == bytes)
        #expect(connection.receivedText == bytes)
    }

    private static func expectRefusal(_ status: Int, _ code: String, _ response: RawResponse, _ client: Client) {
        #expect(response.status == status)
        #expect(response.code == code)
        #expect(response.isComplete)
        #expect(client.readToEnd() == ([], .orderly))
    }

    /// Sends one request on a connection of its own and reads the response.
    static func ask(_ proxy: TestProxy, _ request: String, method: String = "GET") throws -> RawResponse {
        let client = try proxy.client()
        try client.send(request)
        return try client.response(to: method)
    }

    /// Another client gets its own answer.
    static func expectServed(_ proxy: TestProxy) throws {
        let response = try ask(proxy, get + "\r\n")
        #expect(response.text == "ok")
    }
}
