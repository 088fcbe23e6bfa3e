// Parts too small for a suite each: the census of clients, hints about idle connections, identifiers.
// The parts at work are tested in IntegrationTests.

import CLibevent
import RelevoHTTP
import RelevoPolicy
@testable import RelevoProxy
import Testing

@Suite struct SmallPartsTests {
    @Test("an address may have as many connections as the limit says, and again when one has left")
    func census() {
        let census = ClientCensus(limit: 2)
        let client = IPAddress.v4(0x7F00_0001)
        #expect(census.enter(client))
        #expect(census.enter(client))
        #expect(!census.enter(client))
        #expect(census.enter(.v4(0x7F00_0002)))
        census.leave(client)
        #expect(census.enter(client))
        census.leave(client)
        census.leave(client)
        census.leave(.v4(0x7F00_0002))
        #expect(census.addresses == 0)
        census.leave(client)
        #expect(census.enter(client))
    }

    @Test(
        "an endpoint's timeout is found wherever it stands, and nothing else is taken for one",
        arguments: [
            ("timeout=5", 5), ("timeout=5, max=100", 5), ("max=100, Timeout=15", 15), ("max=100", nil), ("", nil),
            ("timeout=", nil), ("timeout=x", nil), ("timeout=5x", 5), ("timeout", nil), ("timeout=-1", nil),
            ("timeout=99999999999999999999", 999_999_999), ("xtimeout=5", nil),
        ] as [(String, Int?)])
    func keepAliveHint(value: String, expected: Int?) {
        #expect(KeepAliveHint.timeout(in: Array(value.utf8)[...]) == expected)
    }

    @Test(
        "a peer is named to endpoints by its IP address, or not at all",
        arguments: [
            (.ipv4(address: 0x0A00_0001, port: 7), "10.0.0.1"),
            (.ipv6(high: 0x2001_0DB8_0000_0000, low: 1, port: 7, scope: 0), "2001:db8::1"),
            (.ipv6(high: 0xFE80_0000_0000_0000, low: 1, port: 7, scope: 1), "fe80::1"), (.unix(path: "/run/x"), ""),
        ] as [(SocketAddress, String)])
    func fieldText(peer: SocketAddress, expected: String) {
        #expect(SocketAddress.fieldText(Array(peer.host.utf8)) == Array(expected.utf8))
    }

    @Test("an identifier is accepted if there is one, of visible ASCII, within its bound")
    func acceptedID() throws {
        func accepted(_ values: [String]) throws -> String? {
            var fields = HeaderFields()
            for value in values { try fields.append(name: "X-Request-ID", value: value) }
            return TrustedProxies.requestID(in: fields).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try accepted(["abc-123"]) == "abc-123")
        #expect(try accepted([String(repeating: "a", count: TrustedProxies.maxRequestIDBytes)]) != nil)
        #expect(try accepted([String(repeating: "a", count: TrustedProxies.maxRequestIDBytes + 1)]) == nil)
        #expect(try accepted(["a", "b"]) == nil)
        #expect(try accepted(["a b"]) == nil)
        #expect(try accepted(["ü"]) == nil)
        #expect(try accepted([""]) == nil)
        #expect(try accepted([]) == nil)
    }

    @Test("a made identifier is 16 hexadecimal digits")
    func madeID() {
        var text = Array("x".utf8)
        ASCII.append(hexadecimal: 0, to: &text)
        ASCII.append(hexadecimal: 0x0123_4567_89AB_CDEF, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "x00000000000000000123456789abcdef")
    }
}
