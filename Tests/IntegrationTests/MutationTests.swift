// A thousand requests that were valid before somebody damaged them. Whatever comes of each, the proxy goes on and no
// origin ever sees something ambiguous.

import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Mutations") struct Mutations {
        private static let valid = [
            "GET /a/b?c=d HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n",
            "POST /form HTTP/1.1\r\nHost: a.example\r\nContent-Length: 11\r\n\r\nhello world",
            "PUT / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nX: 1\r\n\r\n",
            "GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n",
            "GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nbytes",
            "OPTIONS * HTTP/1.1\r\nHost: a.example:80\r\nConnection: close, X-Y\r\nX-Y: 1\r\n\r\n",
            "GET http://a.example/abs HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
        ]
        private static let spice: [[UInt8]] = [
            [13, 10], [13], [10], [0], [9], [32], [58], [255], Array("\r\n\r\n".utf8),
            Array("Content-Length: 5\r\n".utf8),
            Array("Transfer-Encoding: chunked\r\n".utf8), Array("Host: b.example\r\n".utf8), Array("0\r\n\r\n".utf8),
            Array("ffffffffffffffff\r\n".utf8), Array(" chunked".utf8), Array("HTTP/1.1".utf8),
        ]

        private static func mutated(_ random: inout RandomSource) -> [UInt8] {
            var bytes = Array(valid.randomElement(using: &random)!.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(bytes.count, place + Int.random(in: 1...12, using: &random))
                switch Int.random(in: 0..<6, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<end)
                case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
                case 3: bytes.insert(contentsOf: spice.randomElement(using: &random)!, at: place)
                case 4: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                default: bytes.removeLast(bytes.count - place)
                }
            }
            return bytes
        }

        @Test("RFC 9112 §11: after 1,000 damaged requests the proxy serves, holds nothing, and sent nothing ambiguous")
        func thousand() async throws {
            let origin = try Origin.ok()
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin), .to("b.example", origin)]) {
                $0.timeouts.head = .milliseconds(500)
                $0.timeouts.body = .milliseconds(500)
                $0.timeouts.response = .seconds(2)
            }
            try await withProxy(configuration) { proxy in
                var random = RandomSource(seed: 2026)
                for number in 0..<1000 {
                    let request = Self.mutated(&random)
                    let client = try proxy.client()
                    // The proxy may have refused and closed before everything was sent.
                    try? client.send(request)
                    client.wire.finishSending()
                    let (_, end) = client.readToEnd()
                    #expect(
                        end != .timeout,
                        "number \(number): \(String(decoding: request, as: UTF8.self).debugDescription)")
                }
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(response.text == "ok")
                #expect(await proxy.isQuiet())
                let numbers = await proxy.group.statistics()
                #expect(numbers.requestsActive == 0)
                await proxy.stop()
                let invalid = proxy.log.lines.filter { !$0.isValid }
                #expect(invalid.isEmpty)
            }
            for connection in origin.connections {
                for index in 0..<connection.requestCount { expectUnambiguous(connection.request(index)) }
            }
        }

        private func expectUnambiguous(_ request: String) {
            let bytes = Array(request.utf8)
            let head = String(decoding: bytes.prefix(HTTPText.headLength(bytes) ?? 0), as: UTF8.self)
            let lengths = HTTPText.values(of: "content-length", in: head)
            let codings = HTTPText.values(of: "transfer-encoding", in: head)
            #expect(HTTPText.values(of: "host", in: head).count == 1, "\(head.debugDescription)")
            #expect(lengths.count + codings.count <= 1, "\(head.debugDescription)")
            #expect(codings.allSatisfy { $0 == "chunked" }, "\(head.debugDescription)")
            let line = HTTPText.lines(head).first ?? ""
            #expect(line.split(separator: " ", omittingEmptySubsequences: false).count == 3, "\(line.debugDescription)")
            #expect(line.hasSuffix(" HTTP/1.1"), "\(line.debugDescription)")
        }
    }
}
