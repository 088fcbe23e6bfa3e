// The effective configuration: what it looks like,
// and that it is the same configuration.

import RelevoConfig
import RelevoPolicy
import Testing

@Suite("Effective configuration")
struct EffectiveYAMLTests {
    private static let file = """
        listeners: ["0.0.0.0:${PORT}"]
        domains:
          a.example: [10.0.0.1]
          b.example:
            forwarded: none
            timeouts: { connect: 1500ms }
            routes:
              - { path: /v1/, methods: [GET], redirect: "https://a.example/?a=b" }
        limits: { body_bytes: 2048KiB }
        """

    private static let effective = """
        workers: auto                           # default
        listeners:
          - address: 0.0.0.0:8080               # line 1, from ${PORT}
        domains:
          a.example:                            # line 3
            connection: keep-alive              # default
            forwarded: x-forwarded              # default
            endpoints:
              - address: 10.0.0.1               # line 3
                weight: 1                       # default
            balance: random                     # default
          b.example:                            # line 4
            connection: keep-alive              # default
            forwarded: none                     # line 5
            timeouts:
              connect: 1500ms                   # line 6
            routes:
              - path: /v1/                      # line 8
                methods:
                  - GET                         # line 8
                redirect:
                  to: "https://a.example/?a=b"  # line 8
                  status: 307                   # default
        timeouts:
          head: 10s                             # default
          body: 30s                             # default
          idle: 1m                              # default
          connect: 5s                           # default
          response: 1m                          # default
          stream: 5m                            # default
          tunnel: 1h                            # default
          upstream_idle: 30s                    # default
          half_close: 1s                        # default
          shutdown: 30s                         # default
        limits:
          head_bytes: 32KiB                     # default
          fields: 128                           # default
          target_bytes: 16KiB                   # default
          body_bytes: 2MiB                      # line 9
          body_rate: 100                        # default
          connections: 65536                    # default
          client_connections: 4096              # default
          client_requests: 10000                # default
          idle_upstreams: 128                   # default
          upstream_requests: 10000              # default
        trusted_proxies: off                    # default
        access_log:
          format: json                          # default
          to: stdout                            # default

        """

    @Test("Every value is written out with its origin")
    func exact() throws {
        #expect(try load(Self.file, ["PORT": "8080"]).effectiveYAML() == Self.effective)
    }

    @Test(
        "It loads to an equal configuration, and its own effective configuration says the same",
        arguments: [
            SampleFile.shortest, SampleFile.full, SampleFile.odd,
        ])
    func roundTrip(text: String) throws {
        let first = try load(text, SampleFile.oddEnvironment)
        let second = try load(first.effectiveYAML())
        #expect(second.configuration.unlocated == first.configuration.unlocated)
        func values(_ text: String) -> [Substring] {
            text.split(separator: "\n").map { $0.prefix(upTo: $0.firstRange(of: " # ")?.lowerBound ?? $0.endIndex) }
        }
        #expect(values(second.effectiveYAML()).map(trimmed) == values(first.effectiveYAML()).map(trimmed))
    }

    private func trimmed(_ text: Substring) -> String {
        String(text.reversed().drop { $0 == " " }.reversed())
    }

    @Test(
        "Texts that mean something to YAML or to variables survive",
        arguments: [
            "", " ", "*", "*.a", "&a", "a: b", "a #b", "- a", "[::]:80", "{}", "yes", "~", "null", "'", "\"", "\\", "$",
            "$$",
            "${A}", "a\nb", "a\r\n", "\t", "\u{7}\u{1B}[31m", "é\u{301}", "👩‍👩‍👧", "\u{85}\u{2028}\u{FEFF}",
            "---", "...", "%", "@", "`",
            "a:", "<<", "\u{202E}abc", "#", "!!int 5", "?", "|", ">",
        ])
    func difficultTexts(text: String) throws {
        let environment = ["TEXT": text]
        let file = "listeners: [a:1]\ndomains: { a.example: { respond: { body: \"${TEXT}\" } } }\n"
        let first = try load(file, environment)
        #expect(first.configuration.domains[0].routes[0].action == .respond(status: 200, body: text))
        let second = try load(first.effectiveYAML())
        #expect(second.configuration.unlocated == first.configuration.unlocated)
    }
}
