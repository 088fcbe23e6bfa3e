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
            proxy_protocol: off                 # default
        domains:
          a.example:                            # line 3
            connection: keep-alive              # default
            forwarded: x-forwarded              # default
            endpoints:
              - address: 10.0.0.1               # line 3
                weight: 1                       # default
                backup: false                   # default
            balance: random                     # default
            health: off                         # default
            ejection:
              consecutive: 5                    # default
              rate: 50%                         # default
              volume: 20                        # default
              window: 10s                       # default
              time: 5s                          # default
              max_time: 1m                      # default
              share: 50%                        # default
              server_errors: true               # default
            retry:
              attempts: 3                       # default
              statuses: off                     # default
              budget: 20%                       # default
              reserve: 3                        # default
              body_bytes: 64KiB                 # default
              non_idempotent: never             # default
              backoff: 25ms                     # default
            slow_start: off                     # default
            hold: off                           # default
            max_requests: off                   # default
            concurrency: off                    # default
            queue:
              length: 100                       # default
              timeout: 1s                       # default
            proxy_protocol: off                 # default
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
          handshake: 10s                        # default
          head: 10s                             # default
          body: 30s                             # default
          idle: 1m                              # default
          connect: 5s                           # default
          response: 1m                          # default
          stream: 5m                            # default
          tunnel: 1h                            # default
          drain: 1m                             # default
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
          handshakes: 1024                      # default
          client_requests: 10000                # default
          idle_upstreams: 128                   # default
          upstream_requests: 10000              # default
        trusted_proxies: off                    # default
        resolver:
          nameservers: auto                     # default
          search: auto                          # default
          timeout: 2s                           # default
          tries: 3                              # default
          min_ttl: 1s                           # default
          max_ttl: 5m                           # default
        hsts: off                               # default
        access_log:
          format: json                          # default
          to: stdout                            # default
          only: all                             # default
          slower_than: off                      # default
          sample: 100%                          # default
          redact: off                           # default
        recent:
          requests: 200                         # default
          slower_than: 1s                       # default
        tracing: off                            # default
        admin: off                              # default
        user: off                               # default

        """

    @Test("Every value is written out with its origin")
    func exact() throws {
        #expect(try load(Self.file, ["PORT": "8080"]).effectiveYAML() == Self.effective)
    }

    @Test(
        "What is written of a cluster has the origin of what was written, short or long",
        arguments: [
            ("balance: random", ["    balance: random # line 4"]),
            ("balance: { hash: client }", ["      hash: client # line 4"]),
            ("balance: { hash: { header: X-A } }", ["        header: X-A # line 4"]),
            (
                "balance: sticky",
                [
                    "        cookie: relevo # default", "        secret: auto # default",
                    "        lifetime: off # default",
                ]
            ),
            ("balance: { sticky: { lifetime: 1h } }", ["        lifetime: 1h # line 4"]),
            ("health: off", ["    health: off # line 4"]), ("health: tcp", ["      probe: tcp # line 4"]),
            ("health: /x", ["      path: /x # line 4", "      probe: http # default", "      initial: up # default"]),
            ("health: { status: [201] }", ["      status: 201 # line 4"]),
            ("health: { status: [201,\n 300-301] }", ["        - 201 # line 4", "        - 300-301 # line 5"]),
            ("health: { body: ok }", ["      body: \"ok\" # line 4", "      host: auto # default"]),
            ("ejection: off", ["    ejection: off # line 4"]),
            ("ejection: { rate: off }", ["      rate: off # line 4", "      share: 50% # default"]),
            ("retry: { budget: 5% }", ["      budget: 5% # line 4", "      statuses: off # default"]),
            ("max_requests: 7", ["    max_requests: 7 # line 4"]), ("hold: 1s", ["    hold: 1s # line 4"]),
            ("concurrency: 7", ["      limit: 7 # line 4", "      adaptive: off # default"]),
            ("concurrency: { adaptive: on }", ["      limit: off # default", "        minimum: 10 # default"]),
            ("concurrency: off", ["    concurrency: off # line 4"]), ("queue: off", ["    queue: off # line 4"]),
            (
                "tls: { name: b }",
                ["      name: b # line 4", "      verify: on # default", "      ca: system # default"]
            ), ("tls: { verify: off }", ["      verify: off # line 4"]),
            ("queue: { timeout: 2s }", ["      length: 100 # default", "      timeout: 2s # line 4"]),
        ])
    func clusterOrigins(setting: String, expected: [String]) throws {
        let head = "listeners: [a:1]\ndomains: { a.example: { cluster: c } }\nclusters:\n"
        let file = head + "  c: { endpoints: [https://a], \(setting) }"
        let lines = try load(file).effectiveYAML().split(separator: "\n").map { line -> String in
            guard let mark = line.lastIndex(of: "#") else { return String(line) }
            return trimmed(line[..<mark]) + " " + line[mark...]
        }
        for line in expected { #expect(lines.contains(line), "\(lines)") }
    }

    @Test(
        "It loads to an equal configuration, and its own effective configuration says the same",
        arguments: [
            SampleFile.shortest, SampleFile.full, SampleFile.settings, SampleFile.odd, SampleFile.transport,
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
