// The PROXY protocol in configurations: short and long forms, what contradicts itself, and how it is shown. Malformed
// values are in Broken/; what the settings do is tested in IntegrationTests.

import RelevoConfig
import RelevoPolicy
import Testing

@Suite("Settings of the PROXY protocol")
struct ProxyProtocolSettingsTests {
    /// What a listener's settings become.
    private func listener(_ settings: String, at address: String = "0.0.0.0:80") throws -> ProxyProtocolSettings? {
        let file = """
            listeners: [{ address: "\(address)", proxy_protocol: \(settings) }]
            domains: { a.example: [10.0.0.1] }
            """
        return try load(file).configuration.unlocated.listeners[0].proxyProtocol
    }

    @Test("senders are a list, or a map with the list and a time; a path needs none")
    func senders() throws {
        let short = ProxyProtocolSettings(from: ["10.0.0.0/8", "::1"])
        #expect(try listener("[10.0.0.0/8, \"::1\"]") == short)
        #expect(try listener("{ from: [10.0.0.0/8, \"::1\"] }") == short)
        #expect(short.timeout == .seconds(3))
        var slow = ProxyProtocolSettings(from: ["10.0.0.1"])
        slow.timeout = .milliseconds(4500)
        #expect(try listener("{ from: [10.0.0.1], timeout: 4500ms }") == slow)
        #expect(try listener("off") == nil)
        for form in ["on", "{}"] {
            #expect(try listener(form, at: "unix:/run/a.sock") == ProxyProtocolSettings(from: []))
        }
        #expect(try listener("{ timeout: 5s }", at: "unix:/run/a.sock")?.timeout == .seconds(5))
    }

    /// The problems and warnings of a listener, or of a cluster that has settings.
    private func said(_ listener: String, _ cluster: String = "endpoints: [a]") throws -> [String] {
        let file = "listeners: [{ \(listener) }]\ndomains: { a.example: { \(cluster) } }"
        let configuration = try load(file).configuration
        do throws(ConfigurationError) {
            return try SnapshotBuilder.build(configuration).warnings.map(\.description)
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test(
        "who is believed has to be named, at a path nobody can be; whom everybody can be is warned of",
        arguments: [
            ("address: 0.0.0.0:80, proxy_protocol: on", "1:52: ", "does not say whose PROXY headers it believes"),
            ("address: 0.0.0.0:80, proxy_protocol: { timeout: 1s }", "1:52: ", "does not say whose"),
            ("address: \"unix:/a\", proxy_protocol: [10.0.0.1]", "1:51: ", "peers of `unix:/a` have no address"),
            ("address: 0.0.0.0:80, proxy_protocol: [10.0.0.0/33]", "1:53: ", "no address and no range"),
            ("address: 0.0.0.0:80, proxy_protocol: [lb]", "1:53: ", "no address and no range"),
            ("address: 0.0.0.0:80, proxy_protocol: [10.0.0.1, 0.0.0.0/0]", "1:63: ", "pretend to be anybody"),
            ("address: \"[::]:80\", proxy_protocol: [\"::/0\"]", "1:52: ", "pretend to be anybody"),
        ])
    func contradictions(listener: String, place: String, words: String) throws {
        let said = try said(listener)
        #expect(said.count == 1)
        #expect(said.first?.contains(place) == true && said.first?.contains(words) == true, "\(said)")
    }

    @Test("times and senders are checked in configurations that were never a file, too")
    func swift() throws {
        var configuration = ProxyConfiguration(
            listeners: ["0.0.0.0:80"], domains: [.init("a.example", endpoints: ["10.0.0.1"])])
        var settings = ProxyProtocolSettings(from: ["10.0.0.0/8"])
        for (time, isGood) in [
            (Duration.zero, false), (.seconds(-1), false), (.milliseconds(1), true), (.seconds(86_400), true),
            (.seconds(86_401), false),
        ] {
            settings.timeout = time
            configuration.listeners[0].proxyProtocol = settings
            let snapshot = try? SnapshotBuilder.build(configuration)
            #expect((snapshot != nil) == isGood)
        }
        configuration.listeners[0].proxyProtocol = ProxyProtocolSettings(from: [])
        #expect(throws: ConfigurationError.self) { try SnapshotBuilder.build(configuration) }
    }

    @Test("a cluster tells by v1, by v2, or not at all, wherever its endpoints are written")
    func clusters() throws {
        let file = """
            listeners: [0.0.0.0:80]
            domains:
              a.example: { endpoints: [a], proxy_protocol: v1 }
              b.example: { routes: [{ endpoints: [a], proxy_protocol: v2 }] }
              c.example: { cluster: c }
            clusters: { c: { endpoints: [a], proxy_protocol: off }, d: [a] }
            """
        let snapshot = try SnapshotBuilder.build(load(file).configuration)
        let versions = Dictionary(uniqueKeysWithValues: snapshot.clusters.map { ($0.name, $0.proxyProtocol) })
        #expect(versions == ["a.example": .v1, "b.example": .v2, "c": nil, "d": nil])
        for cluster in snapshot.clusters {
            #expect(cluster.endpoints.allSatisfy { $0.proxyProtocol == cluster.proxyProtocol })
        }
    }

    @Test("the effective configuration shows them with their origins, and reads back as the same")
    func effective() throws {
        let file = """
            listeners:
              - { address: 0.0.0.0:80, proxy_protocol: [10.0.0.0/8] }
              - { address: 0.0.0.0:81, proxy_protocol: { from: [10.0.0.1], timeout: 5s } }
              - { address: "unix:/run/a.sock", proxy_protocol: on }
              - 0.0.0.0:82
            domains:
              a.example: { endpoints: [a], proxy_protocol: v2 }
            """
        let loaded = try load(file)
        let text = loaded.effectiveYAML()
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        let listeners = lines.drop { $0 != "listeners:" }.dropFirst().prefix { $0 != "domains:" }
        #expect(
            Array(listeners) == [
                "- address: 0.0.0.0:80 # line 2", "proxy_protocol: # line 2", "from:", "- 10.0.0.0/8 # line 2",
                "timeout: 3s # default", "- address: 0.0.0.0:81 # line 3", "proxy_protocol: # line 3", "from:",
                "- 10.0.0.1 # line 3", "timeout: 5s # line 3", "- address: unix:/run/a.sock # line 4",
                "proxy_protocol: # line 4", "timeout: 3s # default", "- address: 0.0.0.0:82 # line 5",
                "proxy_protocol: off # default",
            ])
        #expect(lines.contains("proxy_protocol: v2 # line 7"))
        #expect(try load(text).configuration.unlocated == loaded.configuration.unlocated)
    }

    @Test("an explanation of a request names the header")
    func explained() throws {
        let file = "listeners: [0.0.0.0:80]\ndomains: { a.example: { endpoints: [a], proxy_protocol: v1 } }"
        let explainer = RequestExplainer(try SnapshotBuilder.build(load(file).configuration))
        let lines = explainer.explain(.init(url: "http://a.example/"))
        #expect(lines.contains { $0.hasPrefix("proxy ") && $0.contains("PROXY header (v1)") }, "\(lines)")
    }
}
