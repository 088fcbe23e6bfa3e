// What a real nameserver knows arrives: addresses, aliases, services, times to live, changes.
// Not for wrong answers: those are in HostileNameserverTests.

import CLibevent
import CLibeventDNS
import TestSupport
import Testing

@Suite struct NameserverTests {
    private let loop: EventLoop

    init() throws { loop = try EventLoop() }

    @Test(
        "A and AAAA are asked for together: the families take turns, the port is filled in, the time to live is DNS's")
    func both() throws {
        let server = try Dnsmasq(
            hosts: "192.0.2.1 web.test\n192.0.2.2 web.test\n2001:db8::1 web.test\n", "--local-ttl=7")
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        let answer = try resolver.wait(loop, for: "web.test", port: 8080).get()
        #expect(answer.timeToLive == .seconds(7))
        #expect(answer.addresses.count == 3)
        #expect(answer.addresses.first == (try address("2001:db8::1", 8080)))
        #expect(Set(answer.addresses.dropFirst()) == [try address("192.0.2.1", 8080), try address("192.0.2.2", 8080)])
        let v4 = try resolver.wait(loop, for: "WEB.test.", family: .ipv4).get()
        #expect(Set(v4.addresses) == [try address("192.0.2.1"), try address("192.0.2.2")])
        let v6 = try resolver.wait(loop, for: "web.test", family: .ipv6).get()
        #expect(v6.addresses == [try address("2001:db8::1")])
    }

    @Test("a chain of aliases is followed, and its shortest time to live counts")
    func aliases() throws {
        let server = try Dnsmasq(
            "--host-record=web.test,192.0.2.1,90", "--cname=b.test,web.test,20", "--cname=a.test,b.test,40")
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        let answer = try resolver.wait(loop, for: "a.test").get()
        #expect(answer.addresses == [try address("192.0.2.1")])
        #expect(answer.timeToLive == .seconds(20))
        #expect(try resolver.wait(loop, for: "web.test").get().timeToLive == .seconds(90))
    }

    @Test("no such name, no such record and no such zone are three things")
    func failures() throws {
        let server = try Dnsmasq("--host-record=web.test,192.0.2.1")
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        #expect(try resolver.wait(loop, for: "nobody.test") == .failure(.notFound))
        #expect(try resolver.wait(loop, for: "web.test", family: .ipv6) == .failure(.noData))
        #expect(try resolver.wait(loop, for: "web.example") == .failure(.refused))
        #expect(try resolver.wait(loop, forServices: "_http._tcp.nobody.test") == .failure(.notFound))
        #expect(try resolver.wait(loop, forServices: "web.test") == .failure(.noData))
    }

    @Test("RFC 2782: the services of a name, with their time to live")
    func services() throws {
        let server = try Dnsmasq(
            "--srv-host=_http._tcp.web.test,b.test,8082,20,5", "--srv-host=_http._tcp.web.test,a.test,8081,10,7",
            "--local-ttl=9")
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        let answer = try resolver.wait(loop, forServices: "_http._tcp.web.test").get()
        #expect(
            answer.services == [
                .init(host: "a.test", port: 8081, priority: 10, weight: 7),
                .init(host: "b.test", port: 8082, priority: 20, weight: 5),
            ])
        #expect(answer.timeToLive == .seconds(9))
    }

    @Test("addresses that change are seen by the next lookup: nothing is kept here")
    func changes() throws {
        let server = try Dnsmasq(hosts: "192.0.2.1 web.test\n", "--local-ttl=300")
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        #expect(try resolver.wait(loop, for: "web.test").get().addresses == [try address("192.0.2.1")])
        try server.replaceHosts("192.0.2.9 web.test\n")
        let (new, end) = ([try address("192.0.2.9")], MonotonicTime.now + .seconds(30))
        var seen: [SocketAddress] = []
        while seen != new, MonotonicTime.now < end {
            seen = (try? resolver.wait(loop, for: "web.test").get().addresses) ?? []
        }
        #expect(seen == new)
    }

    @Test("RFC 7766 §5: an answer that does not fit a datagram is fetched over TCP")
    func truncation() throws {
        let hosts = (1...60).map { "192.0.2.\($0) many.test\n" }.joined()
        let server = try Dnsmasq(hosts: hosts)
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        #expect(try resolver.wait(loop, for: "many.test").get().addresses.count == 60)
        #expect(try resolver.wait(loop, for: "many.test").get().addresses.count == 60)
    }

    @Test("a hundred lookups at once all get their own answer")
    func hundred() throws {
        let hosts = (1...100).map { "192.0.2.\($0) web\($0).test\n2001:db8::\($0) web\($0).test\n" }.joined()
        let server = try Dnsmasq(hosts: hosts)
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        var results: [Int: AddressResult] = [:]
        for number in 1...100 {
            resolver.addresses(of: "web\(number).test", port: 80) { results[number] = $0 }
        }
        try #require(serve(loop) { results.count == 100 })
        for number in 1...100 {
            let expected = [try address("2001:db8::\(number)"), try address("192.0.2.\(number)")]
            #expect(try results[number]?.get().addresses == expected)
        }
    }

    @Test("a short name is tried in the search domains, a dot at its end prevents that")
    func search() throws {
        let server = try Dnsmasq("--host-record=web.two.test,192.0.2.2")
        var settings = DNSResolver.Settings.patient(server.address)
        settings.searchDomains = ["one.test", "two.test"]
        let resolver = try DNSResolver(loop: loop, settings: settings)
        #expect(try resolver.wait(loop, for: "web").get().addresses == [try address("192.0.2.2")])
        #expect(throws: DNSFailure.self) { try resolver.wait(loop, for: "web.").get() }
    }
}
