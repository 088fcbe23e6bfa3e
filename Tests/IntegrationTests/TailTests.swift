// Looking on at requests as they end: `relevo tail`, `/v1/tail`, and the library.
// Which requests a condition means: RequestConditionTests.

import CLibevent
import Foundation
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Looking on") struct TailTests {
        private final class Scene {
            let directory: TemporaryDirectory
            let origin: Origin
            let program: Program
            let address: SocketAddress
            /// Of the last answer that was looked at.
            private(set) var head = ""
            var path: String { "\(directory.path)/admin.sock" }

            init() throws {
                directory = try TemporaryDirectory()
                origin = try Origin.ok("hello")
                let file = try directory.write(
                    "relevo.yaml",
                    """
                    workers: 2
                    listeners: [127.0.0.1:0]
                    domains: { a.example: { cluster: api }, b.example: [127.0.0.1:1] }
                    clusters: { api: [\(origin.text)] }
                    access_log: { to: /dev/null, only: failures, redact: [query] }
                    admin: unix:\(directory.path)/admin.sock
                    """)
                program = try Program(Program.relevo, ["run", file])
                let words = program.complaints { $0.contains("serving=") || $0.contains("relevo: ") }
                let port = words.split(separator: "addresses=127.0.0.1:").dropFirst().first?.prefix { $0.isNumber }
                address = .loopback(port: try #require(port.flatMap { UInt16($0) }, "\(words)"))
            }

            func tail(_ arguments: String...) throws -> Program {
                try Program(Program.relevo, ["tail", "--admin", "unix:\(path)"] + arguments)
            }

            /// Looks on; the answer's head has come when it returns.
            func look(_ query: String = "") throws -> Client {
                let client = try Client(.unix(path: path))
                try client.send("GET /v1/tail\(query) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                head = try client.readHead()
                return client
            }

            /// The next line of who looks on.
            func line(_ reader: Client) throws -> String {
                var bytes: [UInt8] = []
                while bytes.last != 0x0A { bytes += try reader.read(1) }
                return String(decoding: bytes, as: UTF8.self)
            }

            func ask(_ host: String, _ target: String) throws -> RawResponse {
                let client = try Client(address)
                try client.get(host, target)
                return try client.response()
            }

            func end() throws {
                program.signal(SIGTERM)
                let outcome = try program.outcome()
                #expect(outcome.status == 0, "\(outcome.complaints)")
            }
        }

        @Test("only what is meant is shown, as it ends, whatever the access log takes")
        func condition() throws {
            let scene = try Scene()
            let all = try scene.look()
            let failed = try scene.look("?where=code%20~%20connect.%2A")
            #expect(try scene.ask("a.example", "/x?secret").status == 200)
            #expect(try scene.ask("b.example", "/y").status == 502)
            #expect(scene.head.contains("Content-Type: application/x-ndjson\r\n"))
            #expect(!scene.head.contains("Content-Length"))
            let seen = try [scene.line(all), scene.line(all)]
            #expect(seen.contains { $0.contains("\"target\":\"/x?\"") })
            #expect(seen.contains { $0.contains("\"target\":\"/y\"") })
            let bad = try scene.line(failed)
            #expect(bad.contains("\"code\":\"connect.refused\"") && bad.contains("\"target\":\"/y\""))
            try scene.end()
            #expect(all.end() == .orderly && failed.end() == .orderly)
        }

        @Test("the command shows lines for people or programs, and ends after as many as are wanted")
        func command() throws {
            let scene = try Scene()
            let people = try scene.tail("--where", "status >= 500", "--count", "2")
            let programs = try scene.tail("--json", "--count", "1", "--where", "host = b.example")
            // Nothing tells from outside that they look on already.
            let isOver = Watched(false)
            let address = scene.address
            Thread.detachNewThread {
                while !isOver.change({ $0 }), let client = try? Client(address) {
                    try? client.get("b.example", "/y")
                    _ = try? client.response()
                }
            }
            defer { isOver.change { $0 = true } }
            let (one, two) = (try people.outcome(), try programs.outcome())
            let lines = one.output.split(separator: "\n")
            #expect(lines.count == 2)
            for line in lines {
                #expect(line.contains("  502  GET b.example/y  ") && line.contains("connect.refused: "), "\(line)")
                #expect(line.contains("(relevo why "))
            }
            #expect(two.output.hasPrefix("{\"time\":") == true)
            #expect(two.output.split(separator: "\n").count == 1)
            try scene.end()
        }

        @Test("conditions that are none, and methods, are refused with words")
        func refusals() throws {
            let scene = try Scene()
            let wrong = try scene.tail("--where", "cod = x").outcome()
            #expect(wrong.status == 2 && wrong.complaints.contains("there is no field `cod`"), "\(wrong.complaints)")
            for (request, status, words) in [
                ("GET /v1/tail?where=cod", 400, "there is no field `cod`"),
                ("GET /v1/tail?limit=1", 400, "takes `where`"),
                ("GET /v1/tail?where=%zz", 400, "percent-encoded"), ("HEAD /v1/tail", 405, ""),
                ("POST /v1/tail", 405, "takes GET"),
            ] {
                let client = try Client(.unix(path: scene.path))
                try client.send("\(request) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let answer = try client.response(to: String(request.prefix { $0 != " " }))
                #expect(answer.status == status && (words.isEmpty || answer.text.contains(words)), "\(answer)")
            }
            let gone = try Program(Program.relevo, ["tail", "--admin", "unix:\(scene.path).not"]).outcome()
            #expect(gone.status == 4 && gone.complaints.contains("no proxy answers"))
            try scene.end()
        }

        @Test("eight look on at a time; who leaves makes room")
        func seats() async throws {
            let scene = try Scene()
            var readers = try (0..<8).map { _ in try scene.look() }
            let late = try Client(.unix(path: scene.path))
            try late.send("GET /v1/tail HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try late.response().status == 503)
            readers.removeLast().wire.close()
            #expect(
                await eventually {
                    guard let next = try? scene.look() else { return false }
                    readers.append(next)
                    return scene.head.hasPrefix("HTTP/1.1 200")
                })
            try scene.end()
        }

        @Test("of what nobody fetches lines are dropped, and counted")
        func slowReader() {
            let tap = RequestTap(nil)
            let line = [UInt8](repeating: 0x78, count: 1 << 16)
            for _ in 0..<70 { tap.add(line) }
            let found = tap.take()
            #expect(found.lines.count == 64 << 16 && found.dropped == 6)
            #expect(tap.take().lines.isEmpty)
        }
    }
}
