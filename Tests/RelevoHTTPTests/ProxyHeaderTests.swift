// Headers of the PROXY protocol, both versions: what they say, where they end, what is refused, and that cuts and
// random bytes change nothing. Sockets are the matter of IntegrationTests.

import RelevoHTTP
import Testing

@Suite("PROXY headers")
struct ProxyHeaderTests {
    private typealias End = ProxyHeader.End

    /// What became of bytes.
    private enum Outcome: Equatable, CustomStringConvertible {
        case read(ProxyHeader, Int)
        case incomplete
        case refused(ProxyHeaderError)

        init(_ bytes: some Collection<UInt8>) {
            let bytes = Array(bytes)
            do throws(ProxyHeaderError) {
                let reading = try ProxyHeader.read(bytes.span)
                self = reading.map { .read($0.header, $0.length) } ?? .incomplete
            } catch { self = .refused(error) }
        }

        init(_ text: String) { self.init(text.utf8) }

        var description: String {
            switch self {
            case .read(let header, let length): "\(header), \(length) bytes"
            case .incomplete: "incomplete"
            case .refused(let error): "refused: \(error)"
            }
        }
    }

    private static let signature: [UInt8] = Array("\r\n\r\n\0\r\nQUIT\n".utf8)

    /// A header of version 2 as it stands in PROXY §2.2.
    private static func block(
        _ command: UInt8, _ kind: UInt8, _ content: [UInt8], length: Int? = nil
    ) -> [UInt8] {
        let length = UInt16(length ?? content.count)
        return signature + [command, kind, UInt8(length >> 8), UInt8(length & 0xFF)] + content
    }

    private static let ends4: [UInt8] = [203, 0, 113, 9, 192, 0, 2, 1, 0xDC, 0x04, 0x01, 0xBB]
    private static let ends6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9] + [UInt8](repeating: 0, count: 15) + [1]
        + [0xDC, 0x04, 0x01, 0xBB]

    private static let client4 = ProxyHeader.client(
        End(.v4(0xCB00_7109), port: 56_324), reached: End(.v4(0xC000_0201), port: 443))
    private static let client6 = ProxyHeader.client(
        End(.v6(0x2001_0DB8_0000_0000, 9), port: 56_324), reached: End(.v6(0, 1), port: 443))

    // MARK: Version 1

    @Test(
        "PROXY §2.1: a line names both ends, and nothing behind it belongs to it",
        arguments: [
            ("PROXY TCP4 203.0.113.9 192.0.2.1 56324 443\r\n", client4),
            ("PROXY TCP6 2001:db8::9 ::1 56324 443\r\n", client6),
            ("PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:0009 0:0:0:0:0:0:0:1 56324 443\r\n", client6),
            ("PROXY UNKNOWN\r\n", .unknown),
            ("PROXY UNKNOWN 203.0.113.9 whatever \u{1} it is\r\n", .unknown),
            ("PROXY UNKNOWN  \r\n", .unknown),
        ])
    func lines(text: String, expected: ProxyHeader) {
        #expect(Outcome(text) == .read(expected, text.utf8.count))
        for rest in ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}", "\r\n", "\n", "PROXY UNKNOWN\r\n"] {
            #expect(Outcome(text + rest) == .read(expected, text.utf8.count))
        }
    }

    @Test("ports are 0 to 65535; addresses that are told mapped are passed on as told")
    func extremes() {
        let line = "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"
        let (none, all) = (End(.v4(0), port: 0), End(.v4(.max), port: .max))
        #expect(Outcome(line) == .read(.client(none, reached: all), line.utf8.count))
        let mapped = "PROXY TCP6 ::ffff:203.0.113.9 ::ffff:192.0.2.1 1 2\r\n"
        let (from, to) = (IPAddress.v6(0, 0xFFFF_CB00_7109), IPAddress.v6(0, 0xFFFF_C000_0201))
        #expect(
            Outcome(mapped) == .read(.client(End(from, port: 1), reached: End(to, port: 2)), mapped.utf8.count))
        #expect(from.unmapped == .v4(0xCB00_7109))
    }

    @Test(
        "what is no line of version 1 is refused",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", ProxyHeaderError.missing), ("PROXYTCP4 1.1.1.1 2.2.2.2 1 2\r\n", .missing),
            ("proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n", .missing), ("POST", .missing), ("\u{16}\u{3}\u{1}", .missing),
            (" PROXY UNKNOWN\r\n", .missing), ("\0", .missing), ("PROXY\r\n", .missing),
            ("PROXY \r\n", .unknownProtocol), ("PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n", .unknownProtocol),
            ("PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n", .unknownProtocol),
            ("PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n", .unknownProtocol),
            ("PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n", .unknownProtocol), ("PROXY UNKNOWNS\r\n", .unknownProtocol),
            ("PROXY UNKNOW\r\n", .unknownProtocol), ("PROXY TCP4\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1\r\n", .malformedLine), ("PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 1 \r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1  2.2.2.2 1 2\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1\t2.2.2.2 1 2\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n", .malformedLine),
            ("PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n", .malformedLine),
            ("PROXY TCP4 ::1 ::2 1 2\r\n", .malformedLine), ("PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n", .malformedLine),
            ("PROXY TCP6 ::1 2.2.2.2 1 2\r\n", .malformedLine), ("PROXY TCP6 ::1::2 ::2 1 2\r\n", .malformedLine),
            ("PROXY TCP6 [::1] ::2 1 2\r\n", .malformedLine), ("PROXY TCP6 fe80::1%1 ::2 1 2\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 1 02\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 00 2\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 -1 2\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 123456 2\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\0\r\n", .malformedLine),
            ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", .bareLineEnd), ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rGET", .bareLineEnd),
            ("PROXY UNKNOWN\nGET / HTTP/1.1\r\n", .bareLineEnd), ("PROXY UNKNOWN \r\r\n", .bareLineEnd),
            ("PROXY \n", .bareLineEnd),
        ])
    func malformedLines(text: String, error: ProxyHeaderError) {
        #expect(Outcome(text) == .refused(error), "\(text.debugDescription)")
    }

    @Test("a line has 107 bytes at most, whatever is in it")
    func longLines() {
        func line(_ count: Int) -> String { "PROXY UNKNOWN " + String(repeating: "x", count: count - 16) + "\r\n" }
        #expect(Outcome(line(107)) == .read(.unknown, 107))
        #expect(Outcome(line(108)) == .refused(.lineTooLong))
        #expect(Outcome(line(108).utf8.prefix(107)) == .refused(.lineTooLong))
        #expect(Outcome(line(108).utf8.prefix(106)) == .incomplete)
    }

    // MARK: Version 2

    @Test("PROXY §2.2: a block names both ends; what is added behind them is passed over")
    func blocks() {
        for added in [[], [4, 0, 1, 0], [UInt8](repeating: 0xFF, count: 500), [3]] as [[UInt8]] {
            for rest in [[], Array("GET /".utf8), Self.signature] {
                let (four, six) = (
                    Self.block(0x21, 0x11, Self.ends4 + added), Self.block(0x21, 0x21, Self.ends6 + added)
                )
                #expect(Outcome(four + rest) == .read(Self.client4, 28 + added.count))
                #expect(Outcome(six + rest) == .read(Self.client6, 52 + added.count))
            }
        }
    }

    @Test("LOCAL is the sender's own connection, whatever the block says besides")
    func local() {
        for kind in [0, 0x11, 0x21, 0x31, 0xFF] as [UInt8] {
            for content in [[], [1, 2, 3], Self.ends4] as [[UInt8]] {
                #expect(Outcome(Self.block(0x20, kind, content)) == .read(.local, 16 + content.count))
            }
        }
    }

    @Test("families that have no address by TCP are valid, and tell of nobody")
    func unknown() {
        let paths = [UInt8](repeating: 0x2F, count: 216)
        let all: [(UInt8, [UInt8])] = [
            (0x00, []), (0x00, Self.ends4), (0x01, []), (0x02, []), (0x10, []), (0x20, []), (0x30, []),
            (0x12, Self.ends4), (0x22, Self.ends6), (0x31, paths), (0x32, paths + [1]),
        ]
        for (kind, content) in all {
            #expect(Outcome(Self.block(0x21, kind, content)) == .read(.unknown, 16 + content.count), "\(kind)")
        }
    }

    @Test("what is no block of version 2 is refused, from the byte on that proves it")
    func malformedBlocks() {
        for (index, byte) in Self.signature.enumerated() where index > 0 {
            var wrong = Self.signature
            wrong[index] = byte ^ 1
            #expect(Outcome(wrong.prefix(index + 1)) == .refused(.missing))
            #expect(Outcome(wrong.prefix(index)) == .incomplete)
        }
        for command in UInt8.min ... .max where ![0x20, 0x21].contains(command) {
            let expected: ProxyHeaderError = command >> 4 == 2 ? .unknownCommand : .unknownVersion
            #expect(Outcome(Self.signature + [command]) == .refused(expected))
        }
        for kind in UInt8.min ... .max where kind >> 4 > 3 || kind & 0xF > 2 {
            #expect(Outcome(Self.signature + [0x21, kind]) == .refused(.unknownFamily))
        }
    }

    @Test("a length that leaves no room for the addresses, or is beyond the bound, is refused before they come")
    func lengths() {
        for (kind, room) in [(0x11, 12), (0x12, 12), (0x21, 36), (0x22, 36), (0x31, 216), (0x32, 216)] as [(UInt8, Int)]
        {
            #expect(Outcome(Self.block(0x21, kind, [], length: room - 1)) == .refused(.tooShort))
            #expect(Outcome(Self.block(0x21, kind, [], length: room)) == .incomplete)
        }
        let most = ProxyHeader.maxBytes - 16
        for command in [0x20, 0x21] as [UInt8] {
            #expect(Outcome(Self.block(command, 0x11, [], length: most)) == .incomplete)
            #expect(Outcome(Self.block(command, 0x11, [], length: most + 1)) == .refused(.tooLong))
            #expect(Outcome(Self.block(command, 0x11, [], length: 0xFFFF)) == .refused(.tooLong))
        }
        let longest = Self.block(0x21, 0x11, Self.ends4 + [UInt8](repeating: 7, count: most - 12))
        #expect(Outcome(longest) == .read(Self.client4, ProxyHeader.maxBytes))
    }

    // MARK: Cuts and chance

    private static let samples: [[UInt8]] = [
        Array("PROXY TCP4 203.0.113.9 192.0.2.1 56324 443\r\n".utf8), Array("PROXY UNKNOWN\r\n".utf8),
        Array("PROXY TCP6 2001:db8::9 ::1 56324 443\r\n".utf8), block(0x20, 0, []), block(0x21, 0x11, ends4),
        block(0x21, 0x21, ends6 + [4, 0, 2, 0, 0]), block(0x21, 0x31, [UInt8](repeating: 1, count: 216)),
        block(0x20, 0xFF, [1, 2, 3]),
    ]

    @Test("of a header that is cut anywhere, more is wanted")
    func truncated() {
        for sample in Self.samples {
            for length in sample.indices { #expect(Outcome(sample.prefix(length)) == .incomplete) }
            guard case .read(_, sample.count) = Outcome(sample) else {
                Issue.record("\(sample)")
                continue
            }
        }
    }

    @Test("what has begun to come decides for good: more bytes change no outcome but that there were too few")
    func cuts() {
        var random = Seeded(17)
        var refused = 0
        for _ in 0..<4000 {
            var bytes = Self.samples.randomElement(using: &random) ?? []
            bytes += (0..<Int.random(in: 0...8, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let whole = Outcome(bytes)
            if case .refused = whole { refused += 1 }
            for length in bytes.indices {
                let part = Outcome(bytes.prefix(length))
                #expect(part == whole || part == .incomplete, "\(bytes) cut at \(length)")
            }
            if case .read(_, let length) = whole {
                #expect(Outcome(bytes.prefix(length)) == whole)
                #expect(Outcome(bytes.prefix(length - 1)) == .incomplete)
            }
        }
        #expect(refused > 500)
    }

    @Test("no bytes trap, and no reading takes more than there is or than the bound")
    func randomBytes() {
        var random = Seeded(18)
        for round in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            switch round % 3 {
            case 0: bytes = Self.signature + [0x21 &- UInt8(round & 1)] + bytes
            case 1: bytes = Array("PROXY TCP4 ".utf8) + bytes + [13, 10]
            default: break
            }
            guard case .read(_, let length) = Outcome(bytes) else { continue }
            #expect(length <= bytes.count && length <= ProxyHeader.maxBytes)
        }
    }

    // MARK: Writing

    @Test("what is written is what PROXY gives as the form, and is read as the same")
    func written() throws {
        var line: [UInt8] = []
        Self.client4.appendLine(to: &line)
        #expect(String(decoding: line, as: UTF8.self) == "PROXY TCP4 203.0.113.9 192.0.2.1 56324 443\r\n")
        line = []
        Self.client6.appendLine(to: &line)
        #expect(String(decoding: line, as: UTF8.self) == "PROXY TCP6 2001:db8::9 ::1 56324 443\r\n")
        for header in [ProxyHeader.local, .unknown] {
            line = []
            header.appendLine(to: &line)
            #expect(String(decoding: line, as: UTF8.self) == "PROXY UNKNOWN\r\n")
        }
        let blocks: [(ProxyHeader, [UInt8])] = [
            (Self.client4, Self.block(0x21, 0x11, Self.ends4)), (Self.client6, Self.block(0x21, 0x21, Self.ends6)),
            (.local, Self.block(0x20, 0, [])), (.unknown, Self.block(0x21, 0, [])),
        ]
        for (header, expected) in blocks {
            var bytes: [UInt8] = []
            header.appendBlock(to: &bytes)
            #expect(bytes == expected)
        }
    }

    @Test("any two ends survive both versions; ends of two families are written as IPv6")
    func roundTrip() {
        var random = Seeded(19)
        func end() -> End {
            let isV4 = Bool.random(using: &random)
            let address =
                isV4 ? IPAddress.v4(UInt32(truncatingIfNeeded: random.next())) : .v6(random.next(), random.next())
            return End(address, port: UInt16(truncatingIfNeeded: random.next()))
        }
        for _ in 0..<2000 {
            let (from, to) = (end(), end())
            let header = ProxyHeader.client(from, reached: to)
            var (line, block): ([UInt8], [UInt8]) = ([], [])
            header.appendLine(to: &line)
            header.appendBlock(to: &block)
            #expect(line.count <= 107)
            for bytes in [line, block] {
                guard case .read(.client(let source, let reached), bytes.count) = Outcome(bytes) else {
                    Issue.record("\(header)")
                    continue
                }
                #expect(source.port == from.port && reached.port == to.port)
                #expect(source.address.unmapped == from.address && reached.address.unmapped == to.address)
            }
        }
    }
}
