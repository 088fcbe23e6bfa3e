// What the tests of this target share: loading a text, and configurations without the places in the file, which no
// two files have in common. No expectations are stated here.

import RelevoConfig
import RelevoPolicy

/// Loads a text as the file `relevo.yaml`.
func load(_ text: String, _ environment: [String: String] = [:]) throws(ConfigurationFileError) -> LoadedConfiguration {
    try ConfigurationLoader(environment: environment).load(text: text, file: "relevo.yaml")
}

/// The problems of a text, one line each; empty if it loads.
func problems(_ text: String, _ environment: [String: String] = [:]) -> [String] {
    do {
        _ = try load(text, environment)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

/// A file with one domain and the given lines of settings.
func settings(_ lines: String) -> String {
    "listeners: [0.0.0.0:8080]\ndomains: { a.example: [10.0.0.1] }\n" + lines + "\n"
}

/// Files that load, from the shortest to the fullest.
enum SampleFile {
    static let shortest = """
        listeners: [0.0.0.0:8080]
        domains:
          a.example: [10.0.0.1, "10.0.0.2:8080"]      # addresses; one is chosen at random per request
          b.example: [10.0.1.1:3000]
        """

    static let full = """
        workers: 4
        listeners:
          - address: 0.0.0.0:80
          - "[::]:80"
          - unix:/run/relevo.sock
        domains:
          a.example: [10.0.0.1, 10.0.0.2:8080]
          "*.shop.example":
            endpoints: [ { address: 10.0.0.7:80, weight: 3 }, 10.0.0.8 ]
            balance: round-robin
            connection: close
            forwarded: none
            timeouts: { body: 20s, connect: 250ms, response: 2m, stream: 1h }
          api.example:
            routes:
              - { path: /v1/, methods: [GET, HEAD], cluster: api-read }
              - { path: /v1/, cluster: api, timeouts: { response: 90s } }
              - { path: /old/, redirect: { to: https://api.example/v1/, status: 308 } }
              - { path: /health, respond: { status: 200, body: "ok" } }
              - { path: /inline, endpoints: ["[::1]:8080"], balance: random }
          c.example: { cluster: api }
          d.example: { redirect: https://a.example/ }
          "*": { respond: 404 }
        clusters:
          api:
            endpoints: [ 10.0.0.1:80, api.internal:8080 ]
            balance: round-robin
            health: off
            retry: off
            timeouts: { connect: 1s, response: 10s }
          api-read: [ 10.0.0.9 ]
        timeouts: { head: 5s, body: 6s, idle: 7s, connect: 8s, response: 9s, stream: 10s, half_close: 2s, shutdown: 1m }
        limits: { head_bytes: 16KiB, fields: 64, target_bytes: 8KiB, body_bytes: 10MB, connections: 1000 }
        trusted_proxies: [10.0.0.0/8, "::1"]
        resolver:
          nameservers: [127.0.0.1, "[::1]:5353"]
          search: [a.example, b]
          timeout: 1500ms
          min_ttl: 2s
        access_log: off
        """

    static let settings = """
        listeners: [{ address: 0.0.0.0:8080, proxy_protocol: { from: [10.0.0.0/8, "::1"], timeout: 4s } }]
        domains:
          a.example:
            endpoints: [{ address: a, backup: 2, max_requests: 5 }, { address: b, backup: false }]
            balance: sticky
            health: /well?deep=1
            ejection: off
            retry: off
            slow_start: 30s
            hold: 2s
            max_requests: 100
            concurrency: 1000
            queue: off
          b.example:
            routes:
              - { path: /x, endpoints: [a], balance: { hash: { header: "X-User" } }, health: tcp, concurrency: off }
              - path: /y
                endpoints: [a, { address: b, backup: true }]
                balance: { hash: { cookie: cart } }
                health: { probe: tcp, interval: 5s, timeout: 2s, rise: 1, fall: 1, port: 8081, initial: down }
                concurrency: { adaptive: on }
              - { endpoints: [a], balance: { hash: path }, concurrency: { limit: off, adaptive: off }, queue: {} }
        clusters:
          c:
            endpoints: [a]
            balance: { sticky: { cookie: "a~b", secret: "0123456789 $${abc}", lifetime: 9600h } }
            health:
              { path: /h, method: OPTIONS, host: "c.example:81", status: [200, 301-302], body: "off", initial: up }
            ejection:
              consecutive: off
              rate: 25%
              volume: 10
              window: 20s
              time: 90s
              max_time: 2m
              share: 100%
              server_errors: false
            retry:
              attempts: 5
              statuses: 502-503
              budget: 0%
              reserve: 0
              body_bytes: 0
              non_idempotent: unacknowledged
              backoff: off
            slow_start: off
            hold: off
            max_requests: off
            concurrency: { limit: 500, adaptive: { minimum: 20, maximum: 300 } }
            queue: { length: off, timeout: 3s }
            proxy_protocol: v1
          d: { endpoints: [a], balance: latency, health: { status: [404], body: off }, ejection: { rate: off } }
          f:
            endpoints: [https://f, { address: "srv:_https._tcp.f.example", tls: on }]
            tls: { ca: /etc/ca.pem, crl: /etc/crl.pem, name: f.example, certificate: /etc/f.pem, key: /etc/f.key }
          g: { endpoints: ["https://[::1]:8443"], tls: { ca: system, verify: off, name: auto } }
          h: { endpoints: [https://h] }
          e: { endpoints: [a], balance: power-of-two, retry: { statuses: [500, 502-504] }, health: { host: auto } }
        """

    static let transport = """
        listeners:
          - { address: "0.0.0.0:80", redirect: https }
          - { address: "0.0.0.0:81", redirect: { to: https, port: 8443, status: 302 } }
          - address: 0.0.0.0:443
            tls:
              certificates: [a.pem, { certificate: b.pem, key: b.key }]
              client: { mode: request, ca: ca.pem, crl: "revoked list.pem", rfc9440: true }
          - { address: "0.0.0.0:8443", tls: { certificate: a.pem, client: ca.pem } }
          - { address: "0.0.0.0:8444", tls: { certificate: a.pem, client: { ca: ca.pem, crl: off } } }
        domains:
          a.example: { endpoints: [10.0.0.1], hsts: on }
          b.example: { endpoints: [10.0.0.1], hsts: off }
          c.example: { endpoints: [10.0.0.1], hsts: { max_age: 400d, include_subdomains: true, preload: true } }
          d.example: { endpoints: [10.0.0.1], hsts: 0s }
          e.example: [10.0.0.1]
        hsts: 30d
        timeouts: { handshake: 3s }
        limits: { handshakes: 50 }
        """

    static let odd = """
        listeners: ["127.0.0.1:${PORT:-0}"]
        domains:
          ${HOST}:
            routes:
              - { cluster: "${CLUSTER}", methods: any }
          text.example:
            respond: { status: 200, body: "a \\"b\\"\\n\\tc # d: 'e' \\\\ $${HOME} ü \\u0007" }
          one.example: { routes: [ { cluster: api } ] }
          two.example: { routes: [ { path: /a, endpoints: [h] }, { path: /a, methods: [PUT], endpoints: [i] } ] }
        clusters: { "${CLUSTER}": [10.0.0.1], api: [off, no, 010.example, "true"] }
        limits: { body_bytes: unlimited }
        access_log: { to: stdout }
        """

    static let oddEnvironment = ["HOST": "*.odd example", "CLUSTER": "main: [cluster]"]
}
