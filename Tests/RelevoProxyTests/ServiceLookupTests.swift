// What becomes of SRV records and of the addresses of their hosts.
// Real nameservers are asked in IntegrationTests.

import CLibevent
import CLibeventDNS
@testable import RelevoProxy
import Testing

@Suite struct ServiceLookupTests {
    typealias Result = Swift.Result<NameAnswer, DNSFailure>

    /// Answers at once, or never.
    private final class Source: NameSource {
        var services: Swift.Result<DNSResolver.Services, DNSFailure>?
        var hosts: [String: Swift.Result<DNSResolver.Answer, DNSFailure>] = [:]
        private(set) var asked: [String] = []

        func addresses(
            of name: String, port: UInt16, _ done: @escaping (Swift.Result<DNSResolver.Answer, DNSFailure>) -> Void
        ) {
            asked.append(name)
            if let answer = hosts[name] { done(answer) }
        }

        func services(
            of name: String, _ done: @escaping (Swift.Result<DNSResolver.Services, DNSFailure>) -> Void
        ) {
            asked.append(name)
            if let services { done(services) }
        }

        func close() {}
    }

    private let source = Source()

    private func offer(_ services: DNSResolver.Service..., timeToLive: Duration = .seconds(60)) {
        source.services = .success(DNSResolver.Services(services: services, timeToLive: timeToLive))
    }

    private func host(_ name: String, _ addresses: SocketAddress..., timeToLive: Duration = .seconds(60)) {
        source.hosts[name] = .success(DNSResolver.Answer(addresses: addresses, timeToLive: timeToLive))
    }

    private func look() -> Result? {
        var result: Result?
        ServiceLookup(source) { result = $0 }.start("_http._tcp.a")
        return result
    }

    @Test("each record is a target with the addresses of its host and its own port; the shortest time to live counts")
    func targets() {
        offer(
            .init(host: "a", port: 81, priority: 1, weight: 3), .init(host: "b", port: 82, priority: 2, weight: 0),
            .init(host: "a", port: 83, priority: 2, weight: 9))
        host("a", .loopback(port: 0), .ipv6(high: 0, low: 1, port: 0, scope: 0), timeToLive: .seconds(7))
        host("b", .ipv4(address: 1, port: 0))
        let expected = NameAnswer(
            [
                NameTarget(
                    [.loopback(port: 81), .ipv6(high: 0, low: 1, port: 81, scope: 0)], priority: 1, weight: 3),
                NameTarget([.ipv4(address: 1, port: 82)], priority: 2, weight: 0),
                NameTarget(
                    [.loopback(port: 83), .ipv6(high: 0, low: 1, port: 83, scope: 0)], priority: 2, weight: 9),
            ], timeToLive: .seconds(7))
        #expect(look() == .success(expected))
        // Each host once.
        #expect(source.asked == ["_http._tcp.a", "a", "b"])
    }

    @Test("a host that does not exist is left out; if none does, there is no answer")
    func absent() {
        offer(
            .init(host: "a", port: 81, priority: 1, weight: 1), .init(host: "b", port: 82, priority: 1, weight: 1))
        source.hosts["a"] = .failure(.notFound)
        host("b", .loopback(port: 0), timeToLive: .seconds(90))
        let target = NameTarget([.loopback(port: 82)], priority: 1, weight: 1)
        #expect(look() == .success(NameAnswer([target], timeToLive: .seconds(60))))
        source.hosts["b"] = .failure(.noData)
        #expect(look() == .failure(.noData))
    }

    @Test("a host that could not be asked for makes the lookup fail: old addresses are better than a part of the new")
    func doubtful() {
        offer(
            .init(host: "a", port: 81, priority: 1, weight: 1), .init(host: "b", port: 82, priority: 1, weight: 1))
        host("a", .loopback(port: 0))
        source.hosts["b"] = .failure(.timedOut)
        #expect(look() == .failure(.timedOut))
        source.services = .failure(.serverFailed)
        #expect(look() == .failure(.serverFailed))
        source.services = nil
        #expect(look() == nil)
    }

    @Test("of very many records the first 64 are used")
    func bound() throws {
        let many = (0..<100).map { DNSResolver.Service(host: "h\($0)", port: 80, priority: $0, weight: 1) }
        source.services = .success(DNSResolver.Services(services: many, timeToLive: .seconds(9)))
        for index in 0..<100 { host("h\(index)", .ipv4(address: UInt32(index), port: 0)) }
        let targets = try #require(look()).get().targets
        #expect(targets.map(\.priority) == Array(0..<64))
        #expect(source.asked.count == 65)
    }
}
