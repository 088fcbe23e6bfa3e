// What the settings of name lookups mean in a file.
// What is refused is in Broken/; how names are followed is tested in RelevoProxyTests.

import RelevoConfig
import RelevoPolicy
import Testing

@Suite("Settings of name lookups")
struct ResolverSettingsTests {
    private func resolver(_ text: String) throws -> ResolverSettings {
        let head = "listeners: [0.0.0.0:80]\ndomains: { a.example: [a] }\n"
        return try load(head + text).configuration.unlocated.resolver
    }

    @Test("What is left out is the system's, or has its default")
    func defaults() throws {
        #expect(try resolver("") == ResolverSettings())
        #expect(try resolver("resolver: {}") == ResolverSettings())
        #expect(try resolver("resolver: { nameservers: auto, search: auto }") == ResolverSettings())
    }

    @Test("Each value is taken, and `off` is not `auto`")
    func values() throws {
        var expected = ResolverSettings()
        expected.nameservers = ["127.0.0.1", "[::1]:5353"]
        expected.search = ["a.example"]
        (expected.timeout, expected.tries) = (.milliseconds(500), 5)
        (expected.minTTL, expected.maxTTL) = (.seconds(2), .seconds(60))
        let text = "nameservers: [127.0.0.1, '[::1]:5353'], search: [a.example], timeout: 500ms, tries: 5"
        #expect(try resolver("resolver: { \(text), min_ttl: 2s, max_ttl: 1m }") == expected)
        #expect(try resolver("resolver: { search: off }").search == [])
    }

    @Test("The origin of each value is shown")
    func origins() throws {
        let head = "listeners: [0.0.0.0:80]\ndomains: { a.example: [a] }\n"
        let text = try load(head + "resolver: { nameservers: [127.0.0.1], search: off, tries: 1 }").effectiveYAML()
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        for line in ["- 127.0.0.1 # line 3", "search: off # line 3", "tries: 1 # line 3", "timeout: 2s # default"] {
            #expect(lines.contains(line), "\(lines)")
        }
    }

    @Test(
        "A nameserver is an IP address, with a port or without",
        arguments: [
            ("dns.example", "is no IP address"), ("dns.example:53", "is no IP address"), ("10.0.0.1:0", "has port 0"),
            ("10.0.0.1:99999", "ports are 1 to 65535"), ("[::1:53", "closing bracket"), ("", "is no IP address"),
            ("https://dns.example/q", "is no IP address"),
        ])
    func nameservers(text: String, expected: String) throws {
        var configuration = ProxyConfiguration(
            listeners: ["127.0.0.1:0"], domains: [.init("a.example", endpoints: ["a"])])
        configuration.resolver.nameservers = [.init(text)]
        let error = try #require(throws: ConfigurationError.self) { try SnapshotBuilder.build(configuration) }
        #expect(error.problems.map(\.description).joined().contains(expected), "\(error)")
    }

    @Test("Values that no file could have are refused as well")
    func bounds() throws {
        let changes: [(inout ResolverSettings) -> Void] = [
            { $0.tries = 0 }, { $0.timeout = .zero }, { $0.minTTL = .zero }, { $0.maxTTL = .seconds(86_401) },
            { $0.search = ["a b"] }, { $0.nameservers = Array(repeating: "10.0.0.1", count: 17) },
            { $0.minTTL = .seconds(301) },
        ]
        for change in changes {
            var configuration = ProxyConfiguration(
                listeners: ["127.0.0.1:0"], domains: [.init("a.example", endpoints: ["a"])])
            change(&configuration.resolver)
            #expect(throws: ConfigurationError.self) { try SnapshotBuilder.build(configuration) }
        }
    }
}
