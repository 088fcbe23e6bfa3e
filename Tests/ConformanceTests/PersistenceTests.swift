// RFC 9112 §9.3 and §9.6: which connections of clients stay, and what is pipelined on them.
// Not for connections to origins, which PoolTests have.

import TestSupport
import Testing

extension Conformance {
    /// What a client says about its connection, and what becomes of it.
    struct Persistence: Sendable, CustomTestStringConvertible {
        var testDescription: String { "\(version) \(fields.debugDescription) \(stays ? "stays" : "ends")" }
        var version: String
        var fields: String
        var stays: Bool
        /// What the response says in Connection.
        var announces: [String]

        init(_ version: String, _ fields: String, stays: Bool, says announces: [String] = []) {
            self.version = version
            self.fields = fields
            self.stays = stays
            self.announces = announces
        }
    }

    static let persistences: [Persistence] = [
        Persistence("HTTP/1.1", "", stays: true),
        Persistence("HTTP/1.1", "Connection: keep-alive\r\n", stays: true),
        Persistence("HTTP/1.1", "Connection: X-Unknown\r\n", stays: true),
        Persistence("HTTP/1.1", "Proxy-Connection: close\r\n", stays: true),
        Persistence("HTTP/1.1", "Connection: not-close, closed\r\n", stays: true),
        Persistence("HTTP/1.1", "Connection: close\r\n", stays: false, says: ["close"]),
        Persistence("HTTP/1.1", "connection: CLOSE\r\n", stays: false, says: ["close"]),
        Persistence("HTTP/1.1", "Connection: keep-alive, close\r\n", stays: false, says: ["close"]),
        Persistence("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", stays: false, says: ["close"]),
        Persistence("HTTP/1.0", "", stays: false, says: ["close"]),
        Persistence("HTTP/1.0", "Connection: close\r\n", stays: false, says: ["close"]),
        Persistence("HTTP/1.0", "Proxy-Connection: keep-alive\r\n", stays: false, says: ["close"]),
        Persistence("HTTP/1.0", "Connection: keep-alive, close\r\n", stays: false, says: ["close"]),
        Persistence("HTTP/1.0", "Connection: keep-alive\r\n", stays: true, says: ["keep-alive"]),
    ]

    @Test("RFC 9112 §9.3: version and Connection decide whether a client's connection stays", arguments: persistences)
    static func persistence(_ row: Persistence) async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send("GET / \(row.version)\r\n\(host)\(row.fields)\r\n")
            let response = try client.response()
            #expect(response.text == "ok")
            #expect(HTTPText.values(of: "connection", in: response.head) == row.announces)
            if row.stays {
                try client.get("a.example")
                #expect(try client.response().text == "ok")
            } else {
                #expect(client.readToEnd() == ([], .orderly))
            }
        }
    }

    @Test("RFC 9112 §9.6: what follows a request with close is never served")
    static func afterClose() async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(get + "Connection: close\r\n\r\n" + get + "\r\n")
            #expect(try client.response().text == "ok")
            #expect(client.readToEnd() == ([], .orderly))
            client.wire.close()
            #expect(await proxy.isQuiet())
            #expect(origin.requestCount == 1)
        }
    }

    @Test("RFC 9112 §9.3.2: pipelined requests are answered in their order, whatever each is like")
    static func pipelined() async throws {
        let origin = try Origin { connection in
            while true {
                let head = try connection.readHead()
                let body = try connection.readRequest()
                let text = head.split(separator: " ")[1] + String(decoding: body, as: UTF8.self)
                let content = head.hasPrefix("HEAD") ? "" : text
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(content)")
            }
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            let rest = " HTTP/1.1\r\n" + host
            try client.send(
                "GET /1\(rest)\r\nHEAD /2\(rest)\r\nPOST /3\(rest)Content-Length: 2\r\n\r\nhi"
                    + "POST /4\(rest)Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\r\nGET /5\(rest)\r\n")
            #expect(try client.response().text == "/1")
            #expect(try client.response(to: "HEAD").field("Content-Length") == "2")
            #expect(try client.response().text == "/3hi")
            #expect(try client.response().text == "/41\r\nx\r\n0\r\n\r\n")
            #expect(try client.response().text == "/5")
        }
    }

    @Test(
        "RFC 9112 §9.3.2: a refused request ends the pipeline, and nothing behind it is served",
        arguments: [
            "GET /\0 HTTP/1.1\r\n" + host + "\r\n", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "nonsense\r\n\r\n",
        ])
    static func refusedInPipeline(_ bad: String) async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(get + "\r\n" + bad + "GET /evil HTTP/1.1\r\n" + host + "\r\n")
            #expect(try client.response().text == "ok")
            #expect(try client.response().status == 400)
            #expect(client.readToEnd() == ([], .orderly))
            client.wire.close()
            #expect(await proxy.isQuiet())
            #expect(origin.connections.allSatisfy { !$0.receivedText.contains("evil") })
        }
    }

    @Test("RFC 9112 §9.3: a body that was announced and that nobody reads does not become a request")
    static func unreadBody() async throws {
        let origin = try Origin.ok()
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let inner = "GET /evil HTTP/1.1\r\n" + host + "\r\n"
            let length = "Content-Length: \(inner.utf8.count)\r\n\r\n"
            let client = try proxy.client()
            try client.send("POST / HTTP/1.1\r\nHost: unknown.example\r\n" + length + inner + get + "\r\n")
            #expect(try client.response().status == 421)
            client.wire.finishSending()
            let text = String(decoding: client.readToEnd().bytes, as: UTF8.self)
            #expect(text.isEmpty || text.hasSuffix("ok"))
            #expect(origin.connections.allSatisfy { !$0.receivedText.contains("evil") })
        }
    }
}
