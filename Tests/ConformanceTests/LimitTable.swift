// Every bound on a message at its edge: what reaches it passes, one more does not.
// Not for bounds on time and on numbers of connections, which IntegrationTests drive.

import RelevoPolicy
import TestSupport
import Testing

extension Conformance {
    /// A bound: a request, or an answer to one, of a given size, and what comes of a size too large.
    struct Bound: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var largest: Int
        var status: Int
        var code: String
        var request: @Sendable (Int) -> String = { _ in get + "\r\n" }
        var answer: @Sendable (Int) -> String = { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }
    }

    private static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    private static func chunked(_ body: String) -> String { post + "Transfer-Encoding: chunked\r\n\r\n" + body }

    /// A head of exactly so many bytes.
    private static func head(_ first: String, _ count: Int) -> String {
        first + "X: " + text(count - first.utf8.count - 7) + "\r\n\r\n"
    }

    static let bounds: [Bound] = [
        Bound(
            testDescription: "bytes of a head", largest: 2000, status: 431, code: "client.head_too_large",
            request: { head(get, $0) }),
        Bound(
            testDescription: "field lines", largest: 20, status: 431, code: "client.head_too_large",
            request: { get + String(repeating: "X: y\r\n", count: $0 - 1) + "\r\n" }),
        Bound(
            testDescription: "bytes of a target", largest: 500, status: 414, code: "client.target_too_long",
            request: { "GET /\(text($0 - 1)) HTTP/1.1\r\n\(host)\r\n" }),
        Bound(
            testDescription: "a body with a length", largest: 1000, status: 413, code: "client.body_too_large",
            request: { post + "Content-Length: \($0)\r\n\r\n" + text($0) }),
        Bound(
            testDescription: "a body of one chunk", largest: 1000, status: 413, code: "client.body_too_large",
            request: { chunked(String($0, radix: 16) + "\r\n" + text($0) + "\r\n0\r\n\r\n") }),
        Bound(
            testDescription: "a body of many chunks", largest: 1000, status: 413, code: "client.body_too_large",
            request: { chunked(String(repeating: "1\r\nx\r\n", count: $0) + "0\r\n\r\n") }),
        Bound(
            testDescription: "digits of a chunk size", largest: 16, status: 400, code: "client.malformed",
            request: { chunked(String(repeating: "0", count: $0 - 1) + "2\r\nhi\r\n0\r\n\r\n") }),
        Bound(
            testDescription: "bytes of a chunk extension, with its line end", largest: 4096, status: 400,
            code: "client.malformed", request: { chunked("2;\(text($0 - 1))\r\nhi\r\n0\r\n\r\n") }),
        Bound(
            testDescription: "trailer fields", largest: 20, status: 400, code: "client.malformed",
            request: { chunked("2\r\nhi\r\n0\r\n" + String(repeating: "X: y\r\n", count: $0) + "\r\n") }),
        Bound(
            testDescription: "bytes of a trailer section", largest: 2000, status: 400, code: "client.malformed",
            request: { chunked("2\r\nhi\r\n0\r\nX: " + text($0 - 7) + "\r\n\r\n") }),
        Bound(
            testDescription: "bytes of a host", largest: 255, status: 400, code: "client.malformed",
            request: { "GET / HTTP/1.1\r\nHost: \(text($0 - 8)).example\r\n\r\n" }),
        Bound(
            testDescription: "empty lines before a request", largest: 2, status: 400, code: "client.malformed",
            request: { String(repeating: "\r\n", count: $0) + get + "\r\n" }),
        Bound(
            testDescription: "bytes of an answer's head", largest: 2000, status: 502, code: "upstream.head_too_large",
            answer: { head("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", $0) }),
        Bound(
            testDescription: "field lines of an answer", largest: 20, status: 502, code: "upstream.head_too_large",
            answer: { "HTTP/1.1 204 X\r\n" + String(repeating: "X: y\r\n", count: $0) + "\r\n" }),
    ]

    private static func small(_ configuration: inout ProxyConfiguration) {
        configuration.limits.headBytes = 2000
        configuration.limits.fields = 20
        configuration.limits.targetBytes = 500
        configuration.limits.bodyBytes = 1000
    }

    @Test("a bound holds at its edge: so much passes, one more gets its status and code", arguments: bounds)
    static func bound(_ bound: Bound) async throws {
        for size in [bound.largest, bound.largest + 1] {
            let origin = try Origin.answering(bound.answer(size))
            try await withProxy(.loopback([.to("*", origin)], small)) { proxy in
                let response = try ask(proxy, bound.request(size))
                if size == bound.largest {
                    #expect((200...299).contains(response.status))
                } else {
                    #expect(response.status == bound.status)
                    #expect(response.code == bound.code)
                }
            }
        }
    }

    @Test("extensions may outweigh data by 16 KiB, no more: tiny chunks with long ones are an attack")
    static func extensionSurplus() async throws {
        let origin = try Origin.ok()
        let chunk = "1;\(text(999))\r\nx\r\n"
        try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
            for (count, status) in [(16, 200), (17, 400)] {
                let response = try ask(proxy, chunked(String(repeating: chunk, count: count) + "0\r\n\r\n"))
                #expect(response.status == status)
            }
        }
    }

    @Test("RFC 9112 §9.6: the last request that a connection may carry is announced with close")
    static func clientRequests() async throws {
        let origin = try Origin.ok()
        let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) { $0.limits.clientRequests = 3 }
        try await withProxy(configuration) { proxy in
            let client = try proxy.client()
            for number in 1...3 {
                try client.get("a.example")
                let response = try client.response()
                #expect(response.field("Connection") == (number == 3 ? "close" : nil))
            }
            #expect(client.readToEnd() == ([], .orderly))
        }
    }

    @Test("RFC 9112 §9.3: a connection to an origin carries so many requests and then ends")
    static func upstreamRequests() async throws {
        let origin = try Origin.ok()
        let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) { $0.limits.upstreamRequests = 3 }
        try await withProxy(configuration) { proxy in
            let client = try proxy.client()
            for _ in 0..<7 {
                try client.get("a.example")
                #expect(try client.response().text == "ok")
            }
            #expect(origin.connectionCount == 3)
            #expect(origin.connections.map(\.requestCount) == [3, 3, 1])
        }
    }
}
