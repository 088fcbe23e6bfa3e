// Random input from fixed seeds: cuts must not matter, mutations must not trap, and what passes must be clean.
// Not for single rules: those have tables of their own.

import RelevoHTTP
import Testing

@Suite("Random input")
struct RandomisedTests {
    private static let names = [
        "X-A", "accept", "Cookie", "X-Forwarded-For", "Via", "Connection", "TE", "Upgrade", "x-b", "Content-Type",
    ]
    private static let values = [
        "", "1", "close", "keep-alive, X-A", "a, b", "websocket", "h2c", "\t x \t", "\u{e4}\u{20ac}", "a:b;c=\"d\"",
    ]

    private func randomHead(_ random: inout Seeded) -> [UInt8] {
        let method = ["GET", "POST", "PUT", "OPTIONS", "PURGE"].randomElement(using: &random) ?? "GET"
        let target =
            ["/", "/a/b?c", "http://a.example/x", "http://a.example", "/%zz"].randomElement(using: &random) ?? "/"
        var fields = ["Host: a.example"]
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            let name = Self.names.randomElement(using: &random) ?? "X"
            fields.append("\(name): \(Self.values.randomElement(using: &random) ?? "")")
        }
        switch Int.random(in: 0...3, using: &random) {
        case 0: fields.append("Content-Length: \(Int.random(in: 0...99, using: &random))")
        case 1: fields.append("Transfer-Encoding: chunked")
        default: break
        }
        return Array(head("\(method) \(target) HTTP/1.1", fields.shuffled(using: &random)).utf8)
    }

    private func randomBody(_ random: inout Seeded) -> (body: [UInt8], data: [UInt8]) {
        var body: [UInt8] = []
        var data: [UInt8] = []
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let chunk = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let ext = ["", ";a", ";a=b", " ; a=\"\\\"x\""].randomElement(using: &random) ?? ""
            let zeros = Bool.random(using: &random) ? "00" : ""
            body += Array(
                "\(zeros)\(String(chunk.count, radix: 16, uppercase: .random(using: &random)))\(ext)\r\n".utf8)
            body += chunk + [13, 10]
            data += chunk
        }
        body += Array("0\r\n".utf8)
        for index in 0..<Int.random(in: 0...2, using: &random) { body += Array("X-\(index): y\r\n".utf8) }
        return (body + [13, 10], data)
    }

    @Test("A head cut at random places has the same end as an uncut one")
    func cutHeads() throws {
        var random = Seeded(1)
        for _ in 0..<500 {
            let bytes = randomHead(&random) + Array("rest".utf8)
            var scanner = HeadScanner()
            var end: Int?
            var available = 0
            while end == nil, available < bytes.count {
                available = min(bytes.count, available + Int.random(in: 1...12, using: &random))
                end = try scanner.scan(bytes[scanner.examined..<available], limits: roomy)
            }
            #expect(end == bytes.count - 4)
        }
    }

    @Test("RFC 9112 §7.1: a chunked body cut at random places gives the same data, trailers and end")
    func cutBodies() throws {
        var random = Seeded(2)
        for _ in 0..<500 {
            let (body, data) = randomBody(&random)
            let whole = try scan(body + Array("next".utf8))
            #expect(whole.data == data && whole.isFinished && whole.consumed == body.count)
            var cuts = Seeded(random.next())
            #expect(try scan(body, cut: { Int.random(in: 1...9, using: &cuts) }) == whole)
            #expect(try scan(body, cut: { 1 }) == whole)
        }
    }

    /// Changes one to four places: overwrites, inserts, deletes, repeats, or cuts.
    private func mutate(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
        var bytes = bytes
        let tokens = [
            "\r\n", "\n", "\r", "\0", " ", "\t", ":", ",", ";", "0", "chunked", "Content-Length: 5\r\n", "Host: b\r\n",
            "\r\n\r\n", "HTTP/1.0", "//", "@", "[::1]",
        ]
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0...4, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.insert(contentsOf: Array((tokens.randomElement(using: &random) ?? "").utf8), at: place)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
            case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 20)], at: place)
            default: if Int.random(in: 0...9, using: &random) == 0 { bytes.removeSubrange(place...) }
            }
        }
        return bytes
    }

    @Test("20,000 mutated requests never trap, and each that passes is sent on unambiguous")
    func mutatedRequests() throws {
        var random = Seeded(3)
        var received = RequestHead()
        var accepted = 0
        for _ in 0..<20_000 {
            received.fields.bytes = mutate(randomHead(&random), &random)
            do {
                try received.parse(limits: roomy)
            } catch {
                continue
            }
            accepted += 1
            try checkSent(received, &random)
        }
        #expect(accepted > 1000 && accepted < 19_000)
    }

    private func checkSent(_ received: borrowing RequestHead, _ random: inout Seeded) throws {
        var rewrite = RequestRewrite(connection: .close, forwarded: .xForwarded, via: true)
        rewrite.clientAddress = Array("10.0.0.1".utf8)
        var output: [UInt8] = []
        HeadSerializer.append(request: received, rewrite: rewrite, to: &output)
        let again = try request(bytes: output)
        let isSame =
            again.framing == received.framing && again.authority == received.authority
            && again.method == received.method
        #expect(isSame, "\(String(decoding: received.fields.bytes, as: UTF8.self))")
        #expect(again.fields.all(named: "connection") == ["close"])
        #expect(again.fields.all(named: "x-forwarded-for") == ["10.0.0.1"])
        #expect(
            again.fields.count(of: .host) == 1
                && again.fields.count(of: .contentLength) + again.fields.count(of: .transferEncoding) < 2)
        #expect(!again.fields.contains(.te) && !again.fields.contains(.upgrade) && again.targetForm != .absolute)
        output.removeAll()
        HeadSerializer.append(request: received, rewrite: .classic, to: &output)
        let classic = try request(bytes: output)
        #expect(classic.framing == received.framing && classic.authority == received.authority && !classic.hostDiffers)
        #expect(classic.target == received.target && classic.connectionOptions == .close)
    }

    @Test("20,000 mutated responses never trap, and each that passes is sent on unambiguous")
    func mutatedResponses() throws {
        var random = Seeded(4)
        var received = ResponseHead()
        for _ in 0..<20_000 {
            let first =
                ["HTTP/1.1 200 OK", "HTTP/1.0 404 ", "HTTP/1.1 304 X", "HTTP/1.1 100"].randomElement(using: &random)
                ?? ""
            let rest = randomHead(&random).split(separator: 10, maxSplits: 1).last ?? []
            received.fields.bytes = mutate(Array("\(first)\r\n".utf8) + rest, &random)
            guard (try? received.parse(limits: roomy)) != nil else { continue }
            let again = try response(sent(received, ResponseRewrite(connection: .close)))
            #expect(again.status == received.status)
            #expect(try again.framing(answering: .get) == received.framing(answering: .get))
            #expect(try response(sent(received, .classic)).declaredFraming == received.declaredFraming)
        }
    }

    @Test("20,000 mutated chunked bodies never trap, and cuts do not change what is made of them")
    func mutatedBodies() {
        var random = Seeded(5)
        for _ in 0..<20_000 {
            let body = mutate(randomBody(&random).body, &random)
            let whole = Result { try scan(body) }
            let bytewise = Result { try scan(body, cut: { 1 }) }
            switch (whole, bytewise) {
            case (.success(let left), .success(let right)): #expect(left == right)
            case (.failure(let left), .failure(let right)): #expect(left as? HTTPParseError == right as? HTTPParseError)
            default: Issue.record("cuts changed the result of \(body)")
            }
        }
    }

    @Test("Random bytes never trap any parser")
    func noise() {
        var random = Seeded(6)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var scanner = HeadScanner()
            _ = try? scanner.scan(bytes.span, limits: roomy)
            _ = try? request(bytes: bytes)
            _ = try? Authority.parse(bytes[...])
            _ = IPAddress(bytes: bytes.span)
            _ = try? scan(bytes)
            _ = KnownField(name: bytes[...])
            _ = Method.known(bytes[...])
        }
    }
}
