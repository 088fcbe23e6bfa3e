// The life of a resolver and its lookups: when closures are called, and when never again.
// Not for what they are told.

import CLibevent
import CLibeventDNS
import Foundation
import Testing

@Suite struct LifetimeTests {
    private let loop: EventLoop
    private let server: FakeNameserver

    init() throws {
        loop = try EventLoop()
        server = try FakeNameserver(loop)
        server.onDatagram = { $0.name.hasPrefix("silent") ? [] : [reply(to: $0.bytes, .a(1))] }
    }

    @Test(
        "a closure is never called within the call that begins the lookup", arguments: ["192.0.2.1", "", "localhost"])
    func later(_ name: String) throws {
        let resolver = try DNSResolver(loop: loop, settings: .hasty(server.address))
        var calls = 0
        resolver.addresses(of: name, port: 80) { _ in calls += 1 }
        #expect(calls == 0)
        try #require(serve(loop) { calls > 0 })
        settle(loop)
        #expect(calls == 1)
    }

    @Test("after close no closure is called: not of lookups under way, not of finished ones, not of later ones")
    func close() throws {
        let resolver = try DNSResolver(loop: loop, settings: .hasty(server.address))
        let token = Token()
        var calls = 0
        for name in ["silent.test", "192.0.2.1", "web.test"] {
            resolver.addresses(of: name, port: 80) { [token] _ in withExtendedLifetime(token) { calls += 1 } }
            resolver.services(of: name) { [token] _ in withExtendedLifetime(token) { calls += 1 } }
        }
        resolver.close()
        resolver.close()
        resolver.addresses(of: "192.0.2.1", port: 80) { [token] _ in withExtendedLifetime(token) { calls += 1 } }
        settle(loop)
        #expect(calls == 0)
    }

    @Test("what is closed or released holds nothing: no closure, no socket, not itself", arguments: [true, false])
    func release(_ closes: Bool) throws {
        var token: Token? = Token()
        let remembered = Remembered(token)
        var resolver: DNSResolver? = try DNSResolver(loop: loop, settings: .patient(server.address))
        let rememberedResolver = Remembered(resolver)
        for name in ["silent.test", "192.0.2.1"] {
            resolver?.addresses(of: name, port: 80) { [token] _ in withExtendedLifetime(token) {} }
            resolver?.services(of: name) { [token] _ in withExtendedLifetime(token) {} }
        }
        token = nil
        try #require(serve(loop) { server.datagrams.count >= 3 })
        #expect(!remembered.isGone)
        if closes { resolver?.close() }
        if closes { #expect(remembered.isGone) }
        resolver = nil
        #expect(remembered.isGone)
        #expect(rememberedResolver.isGone)
    }

    @Test("a closure may close the resolver: those that were due after it are not called")
    func closeInClosure() throws {
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        var calls = 0
        for number in 1...20 {
            resolver.addresses(of: number % 2 == 0 ? "192.0.2.1" : "web\(number).test", port: 80) { _ in
                calls += 1
                resolver.close()
            }
        }
        try #require(serve(loop) { calls > 0 })
        settle(loop)
        #expect(calls == 1)
    }

    @Test("a closure may let go of the last reference", arguments: ["192.0.2.1", "web.test", "no name"])
    func releaseInClosure(_ name: String) throws {
        var resolver: DNSResolver? = try DNSResolver(loop: loop, settings: .patient(server.address))
        let remembered = Remembered(resolver)
        var calls = 0
        resolver?.addresses(of: "silent.test", port: 80) { _ in calls += 100 }
        resolver?.addresses(of: name, port: 80) { _ in
            calls += 1
            resolver = nil
        }
        try #require(serve(loop) { calls > 0 })
        settle(loop)
        #expect(calls == 1)
        #expect(remembered.isGone)
    }

    @Test("a closure may begin lookups, which end in their turn")
    func again() throws {
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        var names: [String] = []
        func ask(_ rest: [String]) {
            guard let name = rest.first else { return }
            resolver.addresses(of: name, port: 80, family: .ipv4) { _ in
                names.append(name)
                ask(Array(rest.dropFirst()))
            }
        }
        let all = ["a.test", "192.0.2.1", "", "b.test", "localhost", "c.test"]
        ask(all)
        try #require(serve(loop) { names.count == all.count })
        #expect(names == all)
    }

    @Test("one lookup too many is told so later, and there is room again when others have ended")
    func busy() throws {
        let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
        var results: [AddressResult] = []
        for _ in 0..<(DNSResolver.maxLookups + 3) {
            resolver.addresses(of: "192.0.2.1", port: 80) { results.append($0) }
        }
        #expect(results.isEmpty)
        try #require(serve(loop) { results.count == DNSResolver.maxLookups + 3 })
        #expect(results.filter { $0 == .failure(.busy) }.count == 3)
        #expect(throws: Never.self) { try resolver.wait(loop, for: "192.0.2.1").get() }
    }

    @Test("sockets are open only while lookups are under way")
    func descriptors() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let server = try FakeNameserver(loop)
            server.onDatagram = { [reply(to: $0.bytes, .a(1))] }
            let resolver = try DNSResolver(loop: loop, settings: .patient(server.address))
            _ = try resolver.wait(loop, for: "web.test", family: .ipv4)
            let before = try descriptorCount()
            for name in ["web.test", "web.test"] {
                _ = try resolver.wait(loop, for: name, family: .ipv4).get()
                #expect(try descriptorCount() == before)
            }
            var answered = false
            server.onDatagram = { _ in [] }
            resolver.addresses(of: "silent.test", port: 80) { _ in answered = true }
            #expect(try descriptorCount() == before + 1)
            resolver.close()
            #expect(try descriptorCount() == before)
            settle(loop)
            #expect(!answered)
        }
    }
}

private func descriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}
