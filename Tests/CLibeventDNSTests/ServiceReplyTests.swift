// Answers with SRV records as bytes: right ones, and all that can be wrong with them.
// Not for asking: that is in NameserverTests and HostileNameserverTests.

import CLibeventDNS
import Testing

@Suite struct ServiceReplyTests {
    private let question = query("_http._tcp.web.test", RecordType.service)

    private func failure(_ message: [UInt8]) -> DNSFailure? {
        do throws(DNSFailure) {
            _ = try DNSResolver.Services(message: message)
            return nil
        } catch {
            return error
        }
    }

    @Test("RFC 2782: services come by priority, then by falling weight; the shortest time to live is the answer's")
    func reads() throws {
        let message = reply(
            to: question, .service("c.test", (2, 5, 443), 90), .service("B.Test", (1, 3, 81), 30),
            .service("a.test", (1, 3, 80), 60), .service("d.test", (1, 9, 65535), 60))
        let answer = try DNSResolver.Services(message: message)
        #expect(answer.services.map(\.host) == ["d.test", "a.test", "b.test", "c.test"])
        #expect(answer.services.map(\.port) == [65535, 80, 81, 443])
        #expect(answer.services.map(\.priority) == [1, 1, 1, 2])
        #expect(answer.services.map(\.weight) == [9, 3, 3, 5])
        #expect(answer.timeToLive == .seconds(30))
    }

    @Test("records of an alias count, with the alias's time to live; those of other names do not")
    func aliases() throws {
        let message = reply(
            to: question, .alias("Other.test", 7), .service("a.test").of("other.TEST"),
            .service("b.test", (0, 0, 1), 1).of("stray.test"))
        let answer = try DNSResolver.Services(message: message)
        #expect(answer.services.map(\.host) == ["a.test"])
        #expect(answer.timeToLive == .seconds(7))
    }

    @Test("RFC 2782: a target of the root denies the service; RFC 2181 §8: a time to live of over 31 bits is none")
    func edges() throws {
        #expect(failure(reply(to: question, .service("."))) == .noData)
        #expect(failure(reply(to: question)) == .noData)
        #expect(failure(reply(to: question, .a(1))) == .noData)
        let old = try DNSResolver.Services(message: reply(to: question, .service("a.test", (0, 0, 1), 0x8000_0000)))
        #expect(old.timeToLive == .zero)
        let long = try DNSResolver.Services(message: reply(to: question, .service("a.test", (0, 0, 1), 0x7FFF_FFFF)))
        #expect(long.timeToLive == .seconds(0x7FFF_FFFF))
    }

    @Test("the number of services is bounded, and equal ones are one")
    func bound() throws {
        let many = (0..<1000).map { Record.service("a.test", (0, 0, $0 % 500)) }
        let answer = try DNSResolver.Services(message: reply(to: question, many))
        #expect(answer.services.count == DNSResolver.maxRecords)
        let twice = try DNSResolver.Services(message: reply(to: question, .service("a.test"), .service("a.test")))
        #expect(twice.services.count == 1)
    }

    @Test("a message that ends early is refused, wherever it ends")
    func endsEarly() {
        let message = reply(to: question, .alias("other.test", 1), .service("a.test").of("other.test"))
        #expect(failure(message) == nil)
        for end in 0..<message.count {
            #expect(failure(Array(message[..<end])) == .malformed, "\(end) bytes")
        }
    }

    @Test(
        "RFC 1035 §4.1.4: a pointer that does not lead backwards, and labels that are none, are refused",
        arguments: [
            [0xC0, 100], [0xC0, 0xFF], [0xFF, 0xFF], [0x40, 1], [0x80, 1], [1, 0x2E, 0], [1, 0x5C, 0], [1, 0x20, 0],
            [1, 0, 0], [1, 0x80, 0],
        ] as [[UInt8]])
    func badNames(_ name: [UInt8]) {
        let head: [UInt8] = [0, 0, 0x81, 0x80] + word(1) + word(1) + word(0) + word(0)
        let record = word(RecordType.service) + word(1) + [0, 0, 0, 1]
        #expect(failure(head + name + word(33) + word(1)) == .malformed)
        let data = word(0) + word(0) + word(80) + name
        #expect(
            failure(head + encoded("a.test") + word(33) + word(1) + [0xC0, 12] + record + word(data.count) + data)
                == .malformed)
    }

    @Test("names of over 255 bytes, and pointers in a circle, come to an end")
    func longNames() {
        let long = Array(repeating: "abcdefghijklmnopqrstuvwxyz", count: 12).joined(separator: ".")
        #expect(failure(reply(to: question, .service(long))) == .malformed)
        let head: [UInt8] = [0, 0, 0x81, 0x80] + word(1) + word(1) + word(0) + word(0)
        #expect(failure(head + [1, 0x61, 0xC0, 12] + word(33) + word(1)) == .malformed)
        #expect(failure(head + [0xC0, 12] + word(33) + word(1)) == .malformed)
    }

    @Test("RFC 1035 §3.2.1: a record that is shorter than what it holds is refused")
    func badLengths() {
        var message = reply(to: question, .service("a.test"))
        let place = message.count - (6 + encoded("a.test").count) - 1
        #expect(message[place] == UInt8(6 + encoded("a.test").count))
        message[place] -= 1
        #expect(failure(message) == .malformed)
        message[place] += 2
        #expect(failure(message) == .malformed)
    }

    @Test("bytes that are changed at random give an answer within bounds or a reason, never the end of the process")
    func mutations() {
        var random = SplitMix(state: 7)
        let good = reply(to: question, .alias("other.test", 1), .service("a.test").of("other.test"), .service("b.c.d"))
        for _ in 0..<20_000 {
            var message = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                message[Int.random(in: 0..<message.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            if let answer = try? DNSResolver.Services(message: message) {
                #expect(!answer.services.isEmpty && answer.timeToLive >= .zero)
            }
        }
    }
}

/// Numbers that are the same in each run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
