// RFC 9112 §9.3 and RFC 9110 §9.2.2 towards origins: kept connections, what is repeated on a new one, and that answers
// never change hands. Not for how many are kept and how long, which IntegrationTests drive.

import RelevoPolicy
import TestSupport
import Testing

extension Conformance {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    /// Answers the first request of each connection; ends it when another one has come.
    private static func staleOrigin(_ seen: Watched<[String]>) throws -> Origin {
        try Origin { connection in
            seen.change { $0.append(HTTPText.lines((try? connection.readHead()) ?? "").first ?? "") }
            try connection.readRequest()
            try connection.wire.send(ok)
            let head = try connection.readHead()
            try connection.readRequest()
            seen.change { $0.append(HTTPText.lines(head).first ?? "") }
        }
    }

    @Test(
        "RFC 9110 §9.2.2: a repeatable request goes out again when a kept connection ends under it, once",
        arguments: [
            "GET", "HEAD", "OPTIONS", "PUT", "DELETE",
        ])
    static func staleRepeatable(_ method: String) async throws {
        let seen = Watched<[String]>([])
        let origin = try staleOrigin(seen)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.get("a.example", "/first")
            #expect(try client.response().text == "ok")
            try client.send("\(method) /second HTTP/1.1\r\n\(host)\r\n")
            #expect(try client.response(to: method).status == 200)
            let line = "\(method) /second HTTP/1.1"
            #expect(seen.current == ["GET /first HTTP/1.1", line, line])
            #expect(origin.connectionCount == 2)
        }
    }

    @Test("RFC 9110 §9.2.2: so does one with a body that was kept")
    static func staleWithBody() async throws {
        let seen = Watched<[String]>([])
        let origin = try staleOrigin(seen)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.get("a.example", "/first")
            #expect(try client.response().text == "ok")
            try client.send("PUT /second HTTP/1.1\r\n\(host)Content-Length: 2\r\n\r\nhi")
            #expect(try client.response(to: "PUT").status == 200)
            #expect(try origin.connection(0).receivedText.hasSuffix("\r\n\r\nhi"))
            #expect(try origin.connection(1).receivedText.hasSuffix("\r\n\r\nhi"))
        }
    }

    @Test(
        "RFC 9110 §9.2.2: a request that may not be repeated is sent once, whatever becomes of it",
        arguments: [
            "POST / HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nhi",
            "POST / HTTP/1.1\r\n" + host + "\r\n",
            "PATCH / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            "EXTENSION / HTTP/1.1\r\n" + host + "\r\n",
            "get / HTTP/1.1\r\n" + host + "\r\n",
        ])
    static func staleUnrepeatable(_ request: String) async throws {
        let seen = Watched<[String]>([])
        let origin = try staleOrigin(seen)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.get("a.example", "/first")
            #expect(try client.response().text == "ok")
            try client.send(request)
            let response = try client.response()
            #expect(response.status == 502)
            #expect(response.code == "upstream.stale")
            #expect(origin.requestCount == 2)
            #expect(origin.connectionCount == 1)
        }
    }

    @Test("RFC 9110 §9.2.2: a request on a new connection that ends is not sent again", arguments: ["GET", "POST"])
    static func fresh(_ method: String) async throws {
        let origin = try Origin { try $0.readRequest() }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let response = try ask(proxy, "\(method) / HTTP/1.1\r\n\(host)\r\n")
            #expect(response.status == 502)
            #expect(response.code == "upstream.closed")
            #expect(origin.requestCount == 1)
        }
    }

    @Test(
        "RFC 9112 §9.3.1: bytes behind an answer end the connection to the origin, however they come",
        arguments: [
            ok + "x", ok + ok, ok + "\r\n", "HTTP/1.1 204 No Content\r\n\r\n" + ok,
            "HTTP/1.1 304 Not Modified\r\n\r\n" + ok,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + ok,
        ])
    static func surplus(_ answer: String) async throws {
        let origin = try Origin.answering(answer)
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            for _ in 0..<3 {
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try client.response().isComplete)
                try client.get("unknown.example")
                #expect(try client.response().status == 421)
            }
            #expect(origin.connectionCount == 3)
            for connection in origin.connections { #expect(connection.awaitEnd() != .timeout) }
        }
    }

    @Test(
        "RFC 9112 §9.3.1: bytes that stay in the system behind an answer of any size are nobody's answer",
        arguments: [976, 4048, 4096, 5024, 8192, 20_384])
    static func surplusInTheSystem(_ size: Int) async throws {
        let head = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: "
        let body = String(repeating: "a", count: size - head.utf8.count - 4 - String(size - 60).utf8.count)
        let answer = "\(head)\(body.utf8.count)\r\n\r\n\(body)"
        let origin = try Origin { connection in
            try connection.readRequest()
            try connection.wire.send(answer + ok.replacing("ok", with: "ev"))
            connection.readToEnd()
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.send(String(repeating: get + "\r\n", count: 3))
            for _ in 0..<3 { #expect(try client.response().text == body) }
            #expect(origin.connectionCount == 3)
        }
    }

    @Test("RFC 9112 §9.3.1: an answer that comes late, when nobody asks, is nobody's")
    static func late() async throws {
        let release = Gate()
        let origin = try Origin { connection in
            try connection.readRequest()
            try connection.wire.send(ok)
            if connection.number.current == 1 {
                release.pass()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            }
            connection.readToEnd()
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            try expectServed(proxy)
            release.open()
            #expect(try origin.connection().awaitEnd() != .timeout)
            try expectServed(proxy)
        }
    }

    /// Says with each answer who it is and what it was asked for.
    private static func tellingOrigin(_ name: String) throws -> Origin {
        try Origin { connection in
            while true {
                let head = try connection.readHead()
                try connection.readRequest()
                let text = name + (head.split(separator: " ").dropFirst().first ?? "")
                let length = text.utf8.count
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n\(text)")
            }
        }
    }

    private static func askTenTimes(_ proxy: TestProxy, _ name: String, _ number: Int) throws {
        let client = try proxy.client()
        for turn in 0..<10 {
            try client.get("\(name).example", "/\(number)/\(turn)")
            #expect(try client.response().text == "\(name)/\(number)/\(turn)")
        }
    }

    @Test("answers never change hands: twelve clients at a time, each by its own origin and request")
    static func hands() async throws {
        let (a, b) = (try tellingOrigin("a"), try tellingOrigin("b"))
        let configuration = ProxyConfiguration.loopback([.to("a.example", a), .to("b.example", b)], workers: 2)
        try await withProxy(configuration) { proxy in
            let clients = (0..<12).map { number in
                Task {
                    try await blocking { try askTenTimes(proxy, number.isMultiple(of: 2) ? "a" : "b", number) }
                }
            }
            for client in clients { try await client.value }
        }
    }

    @Test("a client that leaves in the middle of its answer leaves nothing of it to the next one")
    static func abandoned() async throws {
        let release = Gate()
        let origin = try Origin { connection in
            try connection.readRequest()
            if connection.number.current == 1 {
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nevil")
                release.pass()
                try connection.wire.send("evil")
                connection.readToEnd()
            }
            try connection.wire.send(ok)
        }
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            let client = try proxy.client()
            try client.get("a.example")
            _ = try client.readHead()
            client.wire.reset()
            #expect(await proxy.isQuiet())
            release.open()
            try expectServed(proxy)
        }
    }
}
