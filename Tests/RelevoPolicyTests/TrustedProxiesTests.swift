// Whose word about a client is taken, and how far.
// That the answer reaches endpoints is tested in IntegrationTests.

@testable import RelevoHTTP
import RelevoPolicy
import Testing

@Suite struct TrustedProxiesTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test(
        "a range contains what shares its prefix, and nothing else",
        arguments: [
            ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.1", "10.0.0.1", true), ("10.0.0.1", "10.0.0.2", false), ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "203.0.113.9", false), ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::/65", "2001:db8::7fff:0:0:1", true), ("2001:db8::/65", "2001:db8::8000:0:0:1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("192.168.1.128/25", "192.168.1.127", false),
            ("10.99.0.0/8", "10.1.0.0", true),
        ])
    func contains(range: String, candidate: String, expected: Bool) throws {
        let range = try #require(AddressRange(range))
        #expect(range.contains(try address(candidate)) == expected)
    }

    @Test(
        "texts that are no range are refused",
        arguments: [
            "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::/129", "name/8", "10.0.0.0/8/8",
            "10.0.0.0/+8",
        ])
    func refused(text: String) { #expect(AddressRange(text) == nil) }

    private func client(_ values: [String], trusted: [String] = ["10.0.0.0/8"]) throws -> String? {
        var fields = HeaderFields()
        for value in values { try fields.append(name: "X-Forwarded-For", value: value) }
        return TrustedProxies(trusted.compactMap(AddressRange.init)).client(in: fields)?.description
    }

    @Test("the client is the rightmost address that is not a trusted proxy itself")
    func rightmost() throws {
        #expect(try client(["203.0.113.9"]) == "203.0.113.9")
        #expect(try client(["1.2.3.4, 203.0.113.9, 10.0.0.7"]) == "203.0.113.9")
        #expect(try client(["1.2.3.4", "203.0.113.9", "10.0.0.7, 10.0.0.8"]) == "203.0.113.9")
        #expect(try client(["10.0.0.9, 10.0.0.7"]) == "10.0.0.9")
        #expect(try client([]) == nil)
    }

    @Test("what cannot be read ends the walk: nothing left of it is believed")
    func garbage() throws {
        #expect(try client(["1.2.3.4, garbage, 10.0.0.7"]) == "10.0.0.7")
        #expect(try client(["garbage"]) == nil)
        #expect(try client(["1.2.3.4, , 10.0.0.7"]) == "10.0.0.7")
    }

    @Test(
        "a port behind an address is left out of account: some gateways write the client's",
        arguments: [
            ("203.0.113.9:5678", "203.0.113.9"), ("203.0.113.9:0", "203.0.113.9"), ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:65535", "2001:db8::1"), ("203.0.113.9:5678, 10.0.0.7:80", "203.0.113.9"),
            ("[2001:db8::1]:1 ,\t10.0.0.7", "2001:db8::1"),
        ])
    func ports(value: String, expected: String) throws {
        #expect(try client([value]) == expected)
    }

    @Test(
        "what only looks like an address with a port is not read",
        arguments: [
            "203.0.113.9:", "203.0.113.9:65536", "203.0.113.9:+1", "203.0.113.9:123456", "203.0.113.9:1:2",
            "203.0.113.9:x", ":80", "[2001:db8::1", "[2001:db8::1]80", "[2001:db8::1]:", "[2001:db8::1]:x", "[]",
            "[]:80",
            "[203.0.113.9]:80", "2001:db8::1]:80", "[[2001:db8::1]]", "203.0.113. 9", "203.0.113 .9:80", "[", "]", ":",
            "name:80", "[fe80::1%eth0]:80", "203.0.113.9 :80",
        ])
    func noPorts(value: String) throws {
        #expect(try client(["1.2.3.4, \(value)"]) == nil)
    }
}
