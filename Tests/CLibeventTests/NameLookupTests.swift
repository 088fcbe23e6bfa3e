// Names to addresses, as far as they need no network: literals, loopback, names that cannot be.
// Not for literals as such: those are in SocketAddressTests.

import CLibevent
import Testing

@Suite struct NameLookupTests {
    @Test("a literal is its own address, with the port that was asked, once")
    func literals() throws {
        #expect(try NameLookup.addresses(of: "127.0.0.1", port: 8080) == [.loopback(port: 8080)])
        #expect(try NameLookup.addresses(of: "::1", port: 1) == [.ipv6(high: 0, low: 1, port: 1, scope: 0)])
    }

    @Test("the name of this machine's loopback has addresses of loopback only, without duplicates")
    func loopback() throws {
        let found = try NameLookup.addresses(of: "localhost", port: 80)
        #expect(!found.isEmpty)
        #expect(Set(found).count == found.count)
        #expect(Set(found).isSubset(of: [.loopback(port: 80), .ipv6(high: 0, low: 1, port: 80, scope: 0)]))
    }

    @Test(
        "RFC 6761 §6.4: a name that cannot be has no address but a reason in words",
        arguments: ["name.invalid", "", "a..b", String(repeating: "x", count: 300), "127.0.0.1:80", "[::1]"])
    func invalid(_ name: String) {
        do throws(NameLookup.Failure) {
            let found = try NameLookup.addresses(of: name, port: 80)
            Issue.record("\(name) has addresses: \(found)")
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test(
        "a name with a NUL in it is refused")
    func nul() {
        #expect(throws: NameLookup.Failure.self) { try NameLookup.addresses(of: "127.0.0.1\0.invalid", port: 80) }
    }
}
