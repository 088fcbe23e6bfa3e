// Addresses as values: literals, text, ports.
// Not for sockets bound to them: those are in ListeningSocketTests.

import CLibevent
import Testing

@Suite struct SocketAddressTests {
    @Test(
        "a literal is read and written in its normal form",
        arguments: [
            ("127.0.0.1", "127.0.0.1:80"), ("0.0.0.0", "0.0.0.0:80"), ("255.255.255.255", "255.255.255.255:80"),
            ("::", "[::]:80"), ("::1", "[::1]:80"), ("2001:DB8:0:0:0:0:0:1", "[2001:db8::1]:80"),
            ("2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:80"), ("::ffff:192.0.2.1", "[::ffff:192.0.2.1]:80"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80"),
        ])
    func literals(_ text: String, _ normal: String) throws {
        let address = try #require(SocketAddress(literal: text, port: 80))
        #expect(address.description == normal)
        #expect(SocketAddress(literal: address.host, port: 80) == address)
    }

    @Test(
        "whatever is no literal of one address is refused",
        arguments: [
            "", " ", "localhost", "a.example", "127.0.0.1:80", "[::1]", "127.1", "0x7f.0.0.1", "127.0.0.01",
            "127.0.0.256", "1.2.3", "1.2.3.4.5", "2130706433", " 127.0.0.1", "127.0.0.1 ", "127.0.0.1\n", "1.2.3.4/8",
            ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::g", "fe80::1%lo", "::1%0",
            "unix:/run/a.sock", "\u{661}.0.0.1", "-1.0.0.0", "+1.0.0.0",
        ])
    func noLiterals(_ text: String) {
        #expect(SocketAddress(literal: text, port: 80) == nil)
    }

    @Test(
        "a literal with a NUL in it is refused")
    func nul() {
        for text in ["127.0.0.1\0", "127.0.0.1\0.a.example", "::1\0", "\0"] {
            #expect(SocketAddress(literal: text, port: 80) == nil)
        }
    }

    @Test("the bytes of an address stand in the order of its text")
    func byteOrder() {
        #expect(SocketAddress(literal: "1.2.3.4", port: 5) == .ipv4(address: 0x0102_0304, port: 5))
        #expect(
            SocketAddress(literal: "102:304:506:708:90a:b0c:d0e:f10", port: 5)
                == .ipv6(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10, port: 5, scope: 0))
        #expect(SocketAddress.loopback(port: 9) == SocketAddress(literal: "127.0.0.1", port: 9))
    }

    @Test("ports are those that were given; paths have none", arguments: [0, 1, 80, 255, 256, 65_535] as [UInt16])
    func ports(_ port: UInt16) throws {
        let four = SocketAddress.loopback(port: port)
        let six = SocketAddress.ipv6(high: 0, low: 1, port: port, scope: 7)
        let path = SocketAddress.unix(path: "/run/a.sock")
        #expect(four.port == port)
        #expect(six.port == port)
        #expect(path.port == nil)
        #expect(four.description == "127.0.0.1:\(port)")
        #expect(four.withPort(81) == .loopback(port: 81))
        #expect(six.withPort(81) == .ipv6(high: 0, low: 1, port: 81, scope: 7))
        #expect(path.withPort(81) == path)
    }

    @Test("a path is written with its scheme, and its host is the word unix")
    func path() {
        let address = SocketAddress.unix(path: "/run/a b.sock")
        #expect(address.description == "unix:/run/a b.sock")
        #expect(address.host == "unix")
        #expect(SocketAddress.unix(path: "").description == "unix:")
    }

    @Test("addresses that differ in any part are different")
    func equality() {
        let different: [SocketAddress] = [
            .ipv4(address: 1, port: 1), .ipv4(address: 1, port: 2), .ipv4(address: 2, port: 1),
            .ipv6(high: 0, low: 1, port: 1, scope: 0), .ipv6(high: 1, low: 0, port: 1, scope: 0),
            .ipv6(high: 0, low: 1, port: 2, scope: 0), .ipv6(high: 0, low: 1, port: 1, scope: 1),
            .unix(path: ""), .unix(path: "a"),
        ]
        #expect(Set(different).count == different.count)
    }

    @Test("an address comes back unchanged from the system", .enabled(if: hasIPv6))
    func roundTrip() throws {
        let scratch = try ScratchDirectory()
        let stem = scratch.path("")
        let longest = stem + String(repeating: "p", count: SocketAddress.maxPathBytes - stem.utf8.count)
        let addresses: [SocketAddress] = [
            .ipv4(address: 0x7F01_0203, port: 0), .ipv6(high: 0, low: 1, port: 0, scope: 0),
            .unix(path: scratch.path("a")), .unix(path: scratch.path("\u{E9} \u{1F600}")), .unix(path: longest),
        ]
        for address in addresses {
            let socket = try ListeningSocket(address, refuseIfTaken: true)
            #expect(socket.address == address.withPort(socket.address.port ?? 0))
        }
    }

    @Test("a descriptor that is no socket has no address", arguments: [-1, Int32.max])
    func noSocket(_ descriptor: Int32) {
        #expect(SocketAddress.local(of: descriptor) == nil)
    }
}
