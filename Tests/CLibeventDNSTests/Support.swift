// A resolver on a loop that tests drive by hand, and how they wait for it.
// Not for expectations, and not for nameservers: those are in Dnsmasq and FakeNameserver.

import CLibevent
import CLibeventDNS
import Foundation
import Testing

typealias AddressResult = Result<DNSResolver.Answer, DNSFailure>
typealias ServiceResult = Result<DNSResolver.Services, DNSFailure>

/// Serves `loop`, at least one turn, until `condition` holds; false if that takes longer than on any healthy machine.
func serve(_ loop: EventLoop, until condition: () -> Bool) -> Bool {
    let end = MonotonicTime.now + .seconds(30)
    repeat {
        guard MonotonicTime.now < end else { return false }
        loop.runOnce()
    } while !condition()
    return true
}

/// Serves so many turns that everything under way within this process has arrived.
func settle(_ loop: EventLoop) {
    for _ in 0..<30 { loop.runOnce() }
}

/// Knows an object without keeping it.
struct Remembered<Object: AnyObject> {
    private(set) weak var object: Object?

    init(_ object: Object?) { self.object = object }

    var isGone: Bool { object == nil }
}

/// Something that closures may keep.
final class Token {}

extension DNSResolver.Settings {
    /// For nameservers that are silent on purpose.
    static func hasty(_ nameservers: SocketAddress...) -> DNSResolver.Settings {
        DNSResolver.Settings(nameservers: nameservers, searchDomains: [], timeout: .milliseconds(100), tries: 2)
    }

    /// For nameservers that answer.
    static func patient(_ nameservers: SocketAddress...) -> DNSResolver.Settings {
        DNSResolver.Settings(nameservers: nameservers, searchDomains: [], timeout: .seconds(5), tries: 3)
    }
}

extension DNSResolver {
    /// Looks addresses up and waits for the answer.
    func wait(
        _ loop: EventLoop, for name: String, port: UInt16 = 80, family: Family = .any
    ) throws -> AddressResult {
        var result: AddressResult?
        addresses(of: name, port: port, family: family) { result = $0 }
        try #require(serve(loop) { result != nil })
        return try #require(result)
    }

    /// Looks services up and waits for the answer.
    func wait(_ loop: EventLoop, forServices name: String) throws -> ServiceResult {
        var result: ServiceResult?
        services(of: name) { result = $0 }
        try #require(serve(loop) { result != nil })
        return try #require(result)
    }
}

/// An address from its text.
func address(_ host: String, _ port: UInt16 = 80) throws -> SocketAddress {
    try #require(SocketAddress(literal: host, port: port))
}
