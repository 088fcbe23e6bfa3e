// What the dashboard and `relevo top` live on: the figures of /v1/traffic, and the page with what it may do.
// How the page looks is for people; script/pictures takes its pictures.

import CLibevent
import Foundation
import Relevo
import RelevoAdmin
import TestSupport
import Testing

extension Integration {
    @Suite("Traffic and dashboard") struct Dashboard {
        private final class Scene {
            let directory: TemporaryDirectory
            let origin: Origin
            let program: Program
            let address: SocketAddress
            let second: SocketAddress

            init() throws {
                directory = try TemporaryDirectory()
                origin = try Origin.ok("hello")
                let file = try directory.write(
                    "relevo.yaml",
                    """
                    workers: 2
                    listeners: [127.0.0.1:0, 127.0.0.1:0]
                    domains:
                      a.example:
                        routes:
                          - { path: /old/, redirect: { to: "https://b.example/", status: 308 } }
                          - { path: /ok, respond: { status: 204 } }
                          - { path: /, methods: [GET], cluster: api }
                      b.example: ["127.0.0.1:9"]
                    clusters: { api: [\(origin.text)] }
                    access_log: off
                    admin: unix:\(directory.path)/admin.sock
                    """)
                program = try Program(Program.relevo, ["run", file])
                let words = program.complaints { $0.contains("serving=") || $0.contains("relevo: ") }
                let ports = words.split(separator: "127.0.0.1:").dropFirst().compactMap {
                    UInt16($0.prefix { $0.isNumber })
                }
                try #require(ports.count >= 2, "\(words)")
                (address, second) = (.loopback(port: ports[0]), .loopback(port: ports[1]))
            }

            func get(_ path: String, _ fields: String..., method: String = "GET") throws -> RawResponse {
                let client = try Client(.unix(path: "\(directory.path)/admin.sock"))
                let lines = fields.map { $0 + "\r\n" }.joined()
                try client.send("\(method) \(path) HTTP/1.1\r\nHost: x\r\n\(lines)\r\n")
                return try client.response(to: method)
            }

            func traffic() throws -> TrafficDocument {
                let client = AdminClient(AdminSettings("unix:\(directory.path)/admin.sock"))
                return try client.get("/v1/traffic", as: TrafficDocument.self)
            }

            func end() throws {
                program.signal(SIGTERM)
                let outcome = try program.outcome()
                #expect(outcome.status == 0, "\(outcome.complaints)")
            }
        }

        @Test("traffic has counters by domain, route, cluster and endpoint, and what leads where")
        func traffic() async throws {
            let scene = try Scene()
            let before = try scene.traffic()
            #expect(before.domains.allSatisfy { $0.answers.isEmpty && $0.duration == nil })
            func ask(_ host: String, _ path: String) throws -> Int {
                let client = try Client(scene.address)
                try client.get(host, path)
                return try client.response().status
            }
            for _ in 0..<3 { #expect(try ask("a.example", "/x") == 200) }
            #expect(try ask("a.example", "/old/1") == 308)
            #expect(try ask("b.example", "/") == 502)
            #expect(try ask("c.example", "/") == 421)
            #expect(await eventually { (try? scene.traffic().totals.requestsActive) == 0 })
            let traffic = try scene.traffic()
            #expect(traffic.uptime > before.uptime && traffic.process == before.process)
            #expect(traffic.state == "running" && traffic.totals.requests == 6)
            #expect(traffic.listeners.map(\.address) == [scene.address, scene.second].map(\.description))
            #expect(traffic.domains.map(\.name) == ["a.example", "b.example", ""])
            #expect(traffic.domains.map(\.answers) == [["2xx": 3, "3xx": 1], ["5xx": 1], ["4xx": 1]])
            #expect(
                traffic.domains.map(\.failures) == [[:], ["connect.refused": 1], ["route.unknown_domain": 1]])
            #expect(traffic.domains[0].duration?.counts.count == traffic.bounds.count + 1)
            #expect(traffic.domains[0].duration?.counts.reduce(0, +) == 4)
            let routes = traffic.domains[0].routes
            #expect(routes.map(\.text) == ["/old/", "/ok", "GET /"])
            #expect(routes.map(\.redirect) == ["https://b.example/", nil, nil])
            #expect(routes.map(\.status) == [308, 204, nil])
            #expect(routes.map(\.cluster) == [nil, nil, "api"])
            #expect(routes.map(\.answers) == [["3xx": 1], [:], ["2xx": 3]])
            #expect(Set(traffic.clusters.map(\.name)) == ["api", "b.example"])
            let api = try #require(traffic.clusters.first { $0.name == "api" })
            #expect(api.endpoints.map(\.status.endpoint) == [scene.origin.text])
            #expect(api.endpoints[0].answers == ["2xx": 3] && api.connect != nil)
            let own = try #require(traffic.clusters.first { $0.name == "b.example" })
            #expect(own.endpoints[0].failures == ["connect.refused": 1] && own.connect == nil)
            try scene.end()
        }

        @Test("the page is what script/page makes of its files, and goes to browsers; nobody else gets it unasked")
        func page() throws {
            let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
            #expect(ChildProcess.run(root.appending(path: "script/page").path, "--check") == 0, "run script/page")
            let scene = try Scene()
            let page = try scene.get("/dashboard")
            #expect(page.status == 200 && page.field("Content-Type") == "text/html; charset=utf-8")
            let browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
            #expect(try scene.get("/", browser).text == page.text)
            #expect(try scene.get("/dashboard", method: "HEAD").status == 200)
            #expect(try scene.get("/dashboard", method: "POST").status == 405)
            for accept in ["*/*", "application/json", "text/html;q=0.1, text/plain", "text/html;q=0", ",;", ""] {
                #expect(try scene.get("/", "Accept: \(accept)").text.contains("GET  /v1/traffic"), "\(accept)")
            }
            try scene.end()
        }

        @Test("the page runs its own script only, asks nobody else, and makes no markup of what it is told")
        func policy() throws {
            let scene = try Scene()
            let page = try scene.get("/dashboard")
            let policy = try #require(page.field("Content-Security-Policy"))
            for rule in ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
                #expect(policy.contains(rule))
            }
            #expect(policy.contains("script-src 'sha256-") && policy.contains("style-src 'sha256-"))
            #expect(!policy.contains("unsafe") && !policy.contains("http"))
            #expect(page.field("X-Content-Type-Options") == "nosniff")
            #expect(page.field("Referrer-Policy") == "no-referrer")
            for word in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", " style=\"", "onclick"]
            {
                #expect(!page.text.contains(word), "\(word)")
            }
            let others = page.text.matches(of: /(src|href)="(?<where>[^"#]+)"/).map { String($0.output.where) }
            #expect(others == ["data:,"])
            try scene.end()
        }
    }
}
