// RFC 9110 §7.8: leaving HTTP, when both sides want to, and never otherwise.
// Not for what flows in a tunnel at length, which IntegrationTests drive.

import TestSupport
import Testing

extension Conformance {
    private static let switching =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    private static let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"

    private static func upgrade(_ fields: String, _ line: String = "GET / HTTP/1.1") -> String {
        "\(line)\r\n\(host)\(fields)\r\n"
    }

    @Test(
        "RFC 9110 §7.8: an offer reaches the origin as an offer",
        arguments: [
            ("Connection: Upgrade\r\nUpgrade: websocket\r\n", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
            (
                "Upgrade: websocket\r\nConnection: keep-alive, UPGRADE\r\n",
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            ),
            (
                "Connection: Upgrade, X-Hop\r\nX-Hop: 1\r\nUpgrade: a/1, WebSocket/13\r\n",
                "Upgrade: a/1, WebSocket/13\r\nConnection: Upgrade\r\n"
            ),
        ])
    static func offer(_ sends: String, _ arrives: String) async throws {
        let origin = try Origin { connection in
            try connection.readHead()
            try connection.wire.send(switching + "hello")
            try connection.receive { String(decoding: $0, as: UTF8.self).hasSuffix("GET /evil HTTP/1.1\r\n\r\n") }
            try connection.wire.send("bye")
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(upgrade(sends))
            let response = try client.response()
            #expect(response.status == 101)
            #expect(HTTPText.values(of: "connection", in: response.head) == ["upgrade"])
            #expect(HTTPText.values(of: "upgrade", in: response.head) == ["websocket"])
            // What looks like HTTP in a tunnel is none of the proxy's business.
            try client.send("GET /evil HTTP/1.1\r\n\r\n")
            let (bytes, end) = client.readToEnd()
            #expect(String(decoding: bytes, as: UTF8.self) == "hellobye")
            #expect(end == .orderly)
            #expect(try origin.connection().receivedText == upgrade(arrives) + "GET /evil HTTP/1.1\r\n\r\n")
            #expect(origin.connectionCount == 1)
        }
    }

    @Test(
        "RFC 9110 §15.2.2: 101 to a client that offered nothing the proxy can follow is the origin's fault",
        arguments: [
            upgrade(""), upgrade("Upgrade: websocket\r\n"), upgrade("Connection: Upgrade\r\n"),
            upgrade("Connection: Upgrade\r\nUpgrade: h2c\r\n"), upgrade("Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n"),
            upgrade("Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"),
            upgrade("Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n"), upgrade("Connection: Upgrade\r\nUpgrade:\r\n"),
            upgrade("Connection: Upgrade\r\nUpgrade: websocket\r\n", "GET / HTTP/1.0"),
            upgrade("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n") + "hi",
        ])
    static func unasked(_ request: String) async throws {
        let origin = try Origin.answeringOnce(switching + evil)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(request)
            let response = try client.response()
            #expect(response.status == 502)
            #expect(response.code == "upstream.malformed")
            #expect(try !String(decoding: origin.connection().received, as: UTF8.self).contains("h2c"))
        }
    }

    @Test(
        "RFC 9110 §15.2.2: 101 to another protocol than those offered, or to none, is the origin's fault",
        arguments: [
            "", "Upgrade: other\r\n", "Connection: Upgrade\r\nUpgrade: other\r\n",
            "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
            "Connection: Upgrade\r\n", "Upgrade: websocket\r\n", "Connection: Upgrade\r\nUpgrade:\r\n",
        ])
    static func otherProtocol(_ fields: String) async throws {
        let origin = try Origin.answeringOnce("HTTP/1.1 101 Switching Protocols\r\n\(fields)\r\n")
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let response = try ask(proxy, upgrade("Connection: Upgrade\r\nUpgrade: websocket\r\n"))
            #expect(response.status == 502)
            #expect(response.code == "upstream.malformed")
        }
    }

    @Test(
        "RFC 9110 §7.8: an offer that is not taken up is an ordinary exchange",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nok",
        ])
    static func notTakenUp(_ answer: String) async throws {
        let origin = try Origin.answering(answer)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            for _ in 0..<2 {
                try client.send(upgrade("Connection: Upgrade\r\nUpgrade: websocket\r\n"))
                #expect(try client.response().text == "ok")
            }
        }
    }

    @Test("RFC 9110 §7.8: a connection that became a tunnel never serves another request")
    static func notKept() async throws {
        let origin = try Origin { connection in
            let head = try connection.readHead()
            guard head.contains("pgrade") else {
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                return
            }
            try connection.wire.send(switching)
            connection.readToEnd()
            try connection.wire.send(evil)
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(upgrade("Connection: Upgrade\r\nUpgrade: websocket\r\n"))
            #expect(try client.response().status == 101)
            client.wire.close()
            #expect(try origin.connection().awaitEnd() != .timeout)
            try expectServed(proxy)
            #expect(origin.connectionCount == 2)
        }
    }
}
