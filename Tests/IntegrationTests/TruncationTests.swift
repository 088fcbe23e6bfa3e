// Connections that break after a part of the response has gone to the client: nobody may take a part for the whole.
// Failures before the first byte of a response are in BadOriginTests.

import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Broken connections") struct Broken {
        /// How an origin's connection ends in the middle of its response.
        enum Death: Sendable, CaseIterable { case close, reset }

        private func dying(_ partial: String, _ death: Death) throws -> Origin {
            let seen = Gate()
            return try Origin { connection in
                try connection.readRequest()
                try connection.wire.send(partial)
                seen.open()
                switch death {
                case .close: connection.wire.close()
                case .reset: connection.wire.reset()
                }
            }
        }

        @Test("a response with a length that ends early stays short for the client", arguments: Death.allCases)
        func shortLength(_ death: Death) async throws {
            let origin = try dying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", death)
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                if let response = try? client.response(), response.status == 200 {
                    #expect(!response.isComplete)
                    #expect(response.body.count <= 3)
                }
                #expect(try ["upstream.truncated", "upstream.closed"].contains(proxy.log.line().code))
                if death == .close { #expect(try proxy.log.line().code == "upstream.truncated") }
            }
        }

        @Test("chunks that end early never get a last chunk", arguments: Death.allCases)
        func shortChunks(_ death: Death) async throws {
            let origin = try dying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo", death)
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                let bytes = client.readToEnd().bytes
                let text = String(decoding: bytes, as: UTF8.self)
                if text.hasPrefix("HTTP/1.1 200") { #expect(!text.hasSuffix("0\r\n\r\n")) }
                #expect(try ["upstream.truncated", "upstream.closed"].contains(proxy.log.line().code))
            }
        }

        @Test("chunks that break their framing end the client's connection without a last chunk")
        func brokenChunks() async throws {
            let origin = try Origin.answering(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\nevil\r\n0\r\n\r\n")
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                let text = String(decoding: client.readToEnd().bytes, as: UTF8.self)
                #expect(!text.hasSuffix("0\r\n\r\n"))
                #expect(!text.contains("evil"))
                #expect(try proxy.log.line().code == "upstream.truncated")
            }
        }

        @Test("a client of HTTP/1.0 sees a reset when chunks end early, for only the close could tell it the end")
        func shortChunksToHTTP10() async throws {
            let origin = try dying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .close)
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
                #expect(client.end() == .reset)
                #expect(try proxy.log.line().code == "upstream.truncated")
            }
        }

        @Test(
            "a body that only the end of the connection ends is not complete when the connection breaks",
            arguments: [
                "HTTP/1.0", "HTTP/1.1",
            ])
        func untilCloseBreaks(_ version: String) async throws {
            let gate = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\n\r\nabc")
                gate.pass()
                connection.wire.reset()
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.send("GET / \(version)\r\nHost: a.example\r\n\r\n")
                let head = try client.read(15)
                gate.open()
                let (bytes, end) = client.readToEnd()
                let text = String(decoding: head + bytes, as: UTF8.self)
                if version == "HTTP/1.0" { #expect(end == .reset) } else { #expect(!text.hasSuffix("0\r\n\r\n")) }
                #expect(try proxy.log.line().code == "upstream.truncated")
            }
        }

        @Test("bytes after the end of a response never become a part of the next one")
        func surplus() async throws {
            let origin = try Origin.answering(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                for _ in 0..<3 {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
            }
        }

        @Test("silence in the middle of a response ends it incomplete")
        func silence() async throws {
            let origin = try Origin { connection in
                try connection.readRequest()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                connection.readToEnd()
            }
            try await withProxy(.loopback([.to("a.example", origin)]) { $0.timeouts.stream = .milliseconds(300) }) {
                proxy in
                let client = try proxy.client()
                try client.get("a.example")
                #expect(try !client.response().isComplete)
                #expect(try origin.connection().awaitEnd() != .timeout)
                #expect(try proxy.log.line().code == "upstream.truncated")
            }
        }

        // MARK: The client vanishes

        /// When the client vanishes.
        enum Moment: Sendable, CaseIterable { case waiting, receiving, sending }

        @Test("a client that resets closes the origin's connection", arguments: Moment.allCases)
        func clientResets(_ moment: Moment) async throws {
            let origin = try vanishingOrigin(moment)
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try start(moment, client, origin)
                client.wire.reset()
                #expect(try origin.connection().awaitEnd() != .timeout)
                #expect(await proxy.isQuiet())
                #expect(try proxy.log.line().code == "client.closed")
            }
        }

        @Test(
            "a client that just closes, its answer unread, closes the origin's connection", arguments: Moment.allCases)
        func clientCloses(_ moment: Moment) async throws {
            let origin = try vanishingOrigin(moment)
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try start(moment, client, origin)
                client.wire.close()
                #expect(try origin.connection().awaitEnd() != .timeout)
                #expect(await proxy.isQuiet())
                #expect(try proxy.log.line().code == "client.closed")
            }
        }

        @Test("RFC 9112 §9.6: a client that ends its side after its request still gets the answer")
        func halfClosed() async throws {
            let gate = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                gate.pass()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example")
                client.wire.finishSending()
                try origin.connection().awaitBytes { HTTPText.headLength($0) != nil }
                gate.open()
                #expect(try client.response().text == "ok")
                #expect(client.end() == .orderly)
            }
        }

        private func vanishingOrigin(_ moment: Moment) throws -> Origin {
            try Origin { connection in
                try connection.readHead()
                if moment == .receiving {
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
                }
                connection.readToEnd()
            }
        }

        private func start(_ moment: Moment, _ client: Client, _ origin: Origin) throws {
            switch moment {
            case .waiting, .receiving: try client.get("a.example")
            case .sending: try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nabc")
            }
            try origin.connection().awaitBytes { HTTPText.headLength($0) != nil }
            if moment == .receiving { _ = try client.read(15) }
        }
    }
}
