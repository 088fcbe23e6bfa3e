// What is answered without a nameserver, and what the system's configuration says.
// Not for answers of nameservers: those are in NameserverTests.

import CLibevent
import CLibeventDNS
import Foundation
import TestSupport
import Testing

@Suite struct SystemTests {
    private let loop: EventLoop
    /// A port of loopback on which nobody answers.
    private static let nobody = SocketAddress.loopback(port: 1)

    init() throws { loop = try EventLoop() }

    @Test("a literal is its own address; in the other family it has none", arguments: ["192.0.2.1", "2001:db8::1"])
    func literals(_ literal: String) throws {
        let resolver = try DNSResolver(loop: loop, settings: .hasty(Self.nobody))
        let answer = try resolver.wait(loop, for: literal, port: 8080).get()
        #expect(answer.addresses == [try address(literal, 8080)])
        #expect(answer.timeToLive == DNSResolver.literalTimeToLive)
        let isV6 = literal.contains(":")
        #expect(try resolver.wait(loop, for: literal, family: isV6 ? .ipv4 : .ipv6) == .failure(.noData))
        #expect(throws: Never.self) { try resolver.wait(loop, for: literal, family: isV6 ? .ipv6 : .ipv4).get() }
    }

    @Test(
        "a text that cannot be a domain name is refused, and nobody is asked",
        arguments: [
            "", "a b", "a\0b", "a\\.b", "ä.test", "a..b", ".a", String(repeating: "x", count: 64) + ".test",
            Array(repeating: "abcdefgh", count: 40).joined(separator: "."),
        ])
    func invalid(_ name: String) throws {
        let server = try FakeNameserver(loop)
        let resolver = try DNSResolver(loop: loop, settings: .hasty(server.address))
        #expect(try resolver.wait(loop, for: name) == .failure(.invalidName))
        #expect(try resolver.wait(loop, forServices: name) == .failure(.invalidName))
        #expect(server.datagrams.isEmpty)
    }

    @Test("/etc/hosts is read first, with a time to live of its own")
    func hosts() throws {
        let server = try FakeNameserver(loop)
        let resolver = try DNSResolver(loop: loop, settings: .hasty(server.address))
        let lines = try String(contentsOfFile: "/etc/hosts", encoding: .utf8).split(separator: "\n")
        let entries = lines.map { $0.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.map(String.init) }
        for fields in entries where fields.count > 1 {
            guard let expected = SocketAddress(literal: fields[0], port: 80) else { continue }
            let answer = try resolver.wait(loop, for: fields[1]).get()
            #expect(answer.addresses.contains(expected))
            #expect(answer.timeToLive == DNSResolver.hostsTimeToLive)
        }
        let own = try resolver.wait(loop, for: "localhost").get()
        #expect(Set(own.addresses).isSubset(of: [try address("127.0.0.1"), try address("::1")]))
        #expect(server.datagrams.isEmpty)
    }

    @Test("search domains are the system's unless the settings name some, and are read again when the file changes")
    func systemFile() throws {
        let server = try FakeNameserver(loop)
        server.onDatagram = { question in
            [reply(to: question.bytes, code: question.name.hasPrefix("web.") ? 0 : 3, .a(1))]
        }
        let directory = try ScratchDirectory()
        var settings = DNSResolver.Settings.patient(server.address)
        settings.searchDomains = nil
        settings.systemFile = try directory.write("resolv.conf", "search one.test\n")
        let resolver = try DNSResolver(loop: loop, settings: settings)
        #expect(throws: Never.self) { try resolver.wait(loop, for: "web", family: .ipv4).get() }
        _ = try directory.write("resolv.conf", "search second.test\n")
        #expect(throws: Never.self) { try resolver.wait(loop, for: "web", family: .ipv4).get() }
        settings.searchDomains = ["third.test"]
        let other = try DNSResolver(loop: loop, settings: settings)
        #expect(throws: Never.self) { try other.wait(loop, for: "web", family: .ipv4).get() }
        #expect(server.datagrams.map(\.name) == ["web.one.test", "web.second.test", "web.third.test"])
    }

    @Test("a name with dots enough is tried as it is first, and in the search domains if it does not exist")
    func searchOrder() throws {
        let server = try FakeNameserver(loop)
        server.onDatagram = { question in
            let exists = question.name.hasSuffix(".two.test")
            let record = question.type == RecordType.a ? Record.a(1) : .service("a.test")
            return [reply(to: question.bytes, code: exists ? 0 : 3, exists ? [record] : [])]
        }
        var settings = DNSResolver.Settings.patient(server.address)
        settings.searchDomains = ["one.test", "two.test"]
        let resolver = try DNSResolver(loop: loop, settings: settings)
        #expect(throws: Never.self) { try resolver.wait(loop, forServices: "_http._tcp.web").get() }
        #expect(throws: Never.self) { try resolver.wait(loop, for: "web.a", family: .ipv4).get() }
        let tried = ["_http._tcp.web", "web.a"].flatMap { [$0, "\($0).one.test", "\($0).two.test"] }
        #expect(server.datagrams.map(\.name) == tried)
    }

    @Test(
        "without nameservers in the settings the system's are asked, on port 53",
        .enabled(if: geteuid() == 0, "only root may listen there"))
    func systemNameserver() throws {
        let server = try FakeNameserver(loop, address("127.83.1.7", 53))
        server.onDatagram = { [reply(to: $0.bytes, .a(1))] }
        let directory = try ScratchDirectory()
        var settings = DNSResolver.Settings(searchDomains: [])
        settings.systemFile = try directory.write("resolv.conf", "nameserver 127.83.1.7\n")
        let resolver = try DNSResolver(loop: loop, settings: settings)
        #expect(try resolver.wait(loop, for: "web.test", family: .ipv4).get().addresses == [try address("192.0.0.1")])
    }

    @Test("a nameserver without a port, and one that has no IP address, are refused")
    func badNameservers() throws {
        for address in [SocketAddress.loopback(port: 0), .unix(path: "/run/dns")] {
            #expect(throws: DNSFailure.invalidNameserver) { try DNSResolver(loop: loop, settings: .hasty(address)) }
        }
    }

    @Test("settings out of range are brought into it", arguments: [Int.min, -1, 0, Int.max])
    func outOfRange(_ value: Int) throws {
        let server = try FakeNameserver(loop)
        server.onDatagram = { [reply(to: $0.bytes, .a(1))] }
        var settings = DNSResolver.Settings.patient(server.address)
        (settings.tries, settings.timeout) = (value, .seconds(value == Int.min ? 0 : value))
        let resolver = try DNSResolver(loop: loop, settings: settings)
        let result = try resolver.wait(loop, for: "web.test", family: .ipv4)
        #expect(result == .failure(.timedOut) || (try? result.get().addresses.count) == 1)
    }
}
