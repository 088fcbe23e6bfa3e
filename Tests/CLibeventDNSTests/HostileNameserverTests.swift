// Nameservers that are silent, wrong, broken or gone: each lookup ends, with a reason.
// Not for bytes of SRV records as such: those are in ServiceReplyTests.

import CLibevent
import CLibeventDNS
import Testing

@Suite struct HostileNameserverTests {
    private let loop: EventLoop
    private let server: FakeNameserver

    init() throws {
        loop = try EventLoop()
        server = try FakeNameserver(loop)
    }

    /// What a resolver says that would wait for long.
    private func answer(_ family: DNSResolver.Family = .ipv4) throws -> AddressResult {
        try DNSResolver(loop: loop, settings: .patient(server.address)).wait(loop, for: "web.test", family: family)
    }

    /// What a resolver says that gives up soon.
    private func hastyAnswer() throws -> AddressResult {
        try DNSResolver(loop: loop, settings: .hasty(server.address)).wait(loop, for: "web.test", family: .ipv4)
    }

    @Test("silence ends with the last try, for addresses and services")
    func silence() throws {
        let resolver = try DNSResolver(loop: loop, settings: .hasty(server.address))
        #expect(try resolver.wait(loop, for: "web.test") == .failure(.timedOut))
        #expect(server.datagrams.count == 4)
        #expect(try resolver.wait(loop, forServices: "_http._tcp.web.test") == .failure(.timedOut))
        #expect(server.datagrams.count == 6)
        server.onDatagram = { [reply(to: $0.bytes, .a(1))] }
        #expect(throws: Never.self) { try resolver.wait(loop, for: "web.test", family: .ipv4).get() }
    }

    @Test("a second try that is answered is as good as the first")
    func retry() throws {
        server.onDatagram = { [unowned server] in server.datagrams.count == 1 ? [] : [reply(to: $0.bytes, .a(1))] }
        let resolver = try DNSResolver(loop: loop, settings: .hasty(server.address))
        #expect(try resolver.wait(loop, for: "web.test", family: .ipv4).get().addresses.count == 1)
    }

    @Test("a port on which nobody listens is known at once")
    func unreachable() throws {
        let resolver = try DNSResolver(loop: loop, settings: .patient(.loopback(port: 1)))
        #expect(try resolver.wait(loop, for: "web.test") == .failure(.unreachable))
        #expect(try resolver.wait(loop, forServices: "_http._tcp.web.test") == .failure(.unreachable))
    }

    @Test("a network that cannot be reached is known at once", arguments: ["2001:db8::1", "255.255.255.255"])
    func noRoute(_ host: String) throws {
        let resolver = try DNSResolver(loop: loop, settings: .hasty(address(host, 53)))
        let result = try resolver.wait(loop, for: "web.test")
        #expect(result == .failure(.unreachable) || result == .failure(.timedOut))
    }

    @Test("datagrams that answer no question of ours are passed over")
    func strays() throws {
        server.onDatagram = { question in
            var other = reply(to: question.bytes, .a(9))
            other[0] ^= 0xFF
            let another = reply(to: Array(question.bytes[..<2]) + query("evil.test", 1)[2...], .a(9))
            let tiny: [[UInt8]] = [[], [0], Array(question.bytes[..<11])]
            return tiny + [other, another, Array(repeating: 0xFF, count: 600), reply(to: question.bytes, .a(1))]
        }
        #expect(try answer().get().addresses == [try address("192.0.0.1")])
        server.onDatagram = { question in [[0xFF], Array(question.bytes[..<2]) + [UInt8](repeating: 0xC0, count: 300)] }
        #expect(try hastyAnswer() == .failure(.timedOut))
    }

    @Test("records that end early, and names that are none, are a reason of their own")
    func malformed() throws {
        server.onDatagram = { [Array(reply(to: $0.bytes, .a(1)).dropLast(2))] }
        #expect(try answer() == .failure(.malformed))
        #expect(try answer(.any) == .failure(.malformed))
        server.onDatagram = { [Array(reply(to: $0.bytes, .alias("b.test", 1)).dropLast(8)) + [0xC0, 0xFF]] }
        #expect(try answer() == .failure(.malformed))
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        server.onDatagram = { [Array(reply(to: $0.bytes, .service("a.test")).dropLast(2))] }
        #expect(try resolver.wait(loop, forServices: "_http._tcp.web.test") == .failure(.malformed))
    }

    @Test("answers that are changed at random end each lookup, whatever they say")
    func mutations() throws {
        var random = SystemRandomNumberGenerator()
        server.onDatagram = { question in
            var message = reply(to: question.bytes, .alias("b.test", 9), .a(1).of("b.test"), .service("c.test"))
            for _ in 0..<4 {
                message[.random(in: question.bytes.count..<message.count, using: &random)] = .random(in: 0...255)
            }
            return [message]
        }
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        var ended = 0
        for _ in 0..<50 {
            resolver.addresses(of: "web.test", port: 80) { _ in ended += 1 }
            resolver.services(of: "web.test") { _ in ended += 1 }
        }
        #expect(serve(loop) { ended == 100 })
    }

    @Test(
        "what the only nameserver says of itself is told", arguments: [1, 2, 4, 5] as [UInt8])
    func codes(_ code: UInt8) throws {
        server.onDatagram = { [reply(to: $0.bytes, code: code)] }
        #expect(try answer() == .failure(code == 5 ? .refused : .serverFailed))
        #expect(server.datagrams.count == 1)
    }

    @Test("of several nameservers the next is asked when one fails, refuses, is gone or silent", arguments: 0...3)
    func failover(_ way: Int) throws {
        let good = try FakeNameserver(loop)
        good.onDatagram = { [reply(to: $0.bytes, .a(1))] }
        server.onDatagram = { way == 3 ? [] : [reply(to: $0.bytes, code: way == 0 ? 2 : 5)] }
        let first = way == 2 ? SocketAddress.loopback(port: 1) : server.address
        let resolver = try DNSResolver(loop: loop, settings: .hasty(first, good.address))
        #expect(try resolver.wait(loop, for: "web.test", family: .ipv4).get().addresses.count == 1)
    }

    @Test("several nameservers that all fail are one reason")
    func allFail() throws {
        let other = try FakeNameserver(loop)
        server.onDatagram = { [reply(to: $0.bytes, code: 2)] }
        other.onDatagram = { [reply(to: $0.bytes, code: 5)] }
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address, other.address))
        #expect(try resolver.wait(loop, for: "web.test") == .failure(.unreachable))
    }

    @Test("an empty answer, an alias of nothing and another type of record are no data")
    func empty() throws {
        for records in [[], [Record.alias("b.test", 5)], [Record.service("a.test")], [Record.a(1).of("other.test")]] {
            server.onDatagram = { [reply(to: $0.bytes, records)] }
            #expect(try answer() == .failure(.noData))
        }
    }

    @Test("one family without addresses does not take those of the other away")
    func oneFamily() throws {
        server.onDatagram = { [$0.type == RecordType.a ? reply(to: $0.bytes, .a(1, 5)) : reply(to: $0.bytes, code: 2)] }
        let answer = try self.answer(.any).get()
        #expect(answer.addresses == [try address("192.0.0.1")])
        #expect(answer.timeToLive == .seconds(5))
    }

    @Test("RFC 2181 §8: a time to live of over 31 bits is none; zero is zero")
    func lifetimes() throws {
        for (lifetime, expected) in [(0xFFFF_FFFF, 0), (0x8000_0000, 0), (0, 0), (0x7FFF_FFFF, 0x7FFF_FFFF)] {
            server.onDatagram = { [reply(to: $0.bytes, .a(1, UInt32(lifetime)))] }
            #expect(try answer().get().timeToLive == .seconds(expected))
        }
    }

    @Test("a truncated answer is fetched over TCP, in pieces if need be; the number of addresses is bounded")
    func truncation() throws {
        server.onDatagram = { [reply(to: $0.bytes, isTruncated: true, .a(9))] }
        server.onStream = { framed(reply(to: $0.bytes, (0..<1000).map { .a($0) })) }
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        let answer = try resolver.wait(loop, for: "many.test", family: .ipv4).get()
        #expect(answer.addresses.count == DNSResolver.maxRecords)
        #expect(Set(answer.addresses).count == answer.addresses.count)
        #expect(server.streams.map(\.name) == ["many.test"])
    }

    @Test(
        "TCP that is closed, silent or broken ends the lookup too",
        arguments: [nil, [], [0], [0, 0], [0, 5, 1, 2, 3, 4, 5], [0xFF, 0xFF, 1]] as [[UInt8]?])
    func brokenStream(_ answer: [UInt8]?) throws {
        server.onDatagram = { [reply(to: $0.bytes, isTruncated: true)] }
        server.onStream = { _ in answer }
        let result = try hastyAnswer()
        #expect(result == .failure(.timedOut) || result == .failure(.unreachable))
    }

    @Test("a flood of datagrams leaves the loop its turns")
    func flood() throws {
        server.onDatagram = { question in
            Array(repeating: [UInt8](repeating: 0, count: 12), count: 150) + [reply(to: question.bytes, .a(1))]
        }
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        #expect(try resolver.wait(loop, for: "web.test", family: .ipv4).get().addresses.count == 1)
    }
}
