// The admin listener of a running program: what it shows, what it does, whom it refuses, and what becomes of requests
// that are none.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoAdmin
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("The admin listener") struct Admin {
        private final class Scene {
            let directory: TemporaryDirectory
            let origin: Origin
            let file: String
            let program: Program
            let address: SocketAddress
            var path: String { "\(directory.path)/admin.sock" }

            init(_ extra: String = "", admin: String? = nil) throws {
                directory = try TemporaryDirectory()
                origin = try Origin.ok("hello")
                let place = admin ?? "unix:\(directory.path)/admin.sock"
                file = try directory.write("relevo.yaml", Self.text(origin, place, extra))
                program = try Program(Program.relevo, ["run", file])
                let words = program.complaints { $0.contains("serving=") || $0.contains("relevo: ") }
                let port = words.split(separator: "addresses=127.0.0.1:").dropFirst().first?.prefix { $0.isNumber }
                address = .loopback(port: try #require(port.flatMap { UInt16($0) }, "\(words)"))
            }

            static func text(_ origin: Origin, _ admin: String, _ extra: String = "") -> String {
                """
                workers: 2
                listeners: [127.0.0.1:0]
                domains: { a.example: { cluster: api } }
                clusters: { api: [\(origin.text), 127.0.0.1:9] }
                access_log: off
                admin: \(admin)
                \(extra)
                """
            }

            func ask(_ text: String) throws -> RawResponse {
                let client = try Client(.unix(path: path))
                try client.send(text)
                return try client.response(to: String(text.prefix { $0 != " " }))
            }

            func relevo(_ arguments: String...) throws -> Program.Outcome {
                try Program(Program.relevo, arguments + ["--admin", "unix:\(path)"]).outcome()
            }

            func end() throws {
                program.signal(SIGTERM)
                let outcome = try program.outcome()
                #expect(outcome.status == 0, "\(outcome.complaints)")
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }

        @Test("status, endpoints and orders by the commands of the program")
        func commands() throws {
            let scene = try Scene()
            let client = try Client(scene.address)
            for order in ["drain", "disable", "enable"] {
                let outcome = try scene.relevo("endpoint", order, "api", "127.0.0.1:9")
                let condition = ["drain": "draining", "disable": "disabled", "enable": "up"][order] ?? ""
                #expect(outcome.status == 0, "\(outcome.complaints)")
                #expect(outcome.output == "api 127.0.0.1:9: \(condition), weight 1, 0 requests\n")
            }
            #expect(try scene.relevo("endpoint", "weight", "api", "127.0.0.1:9", "0").output.contains("weight 0"))
            for _ in 0..<8 {
                try client.get("a.example")
                #expect(try client.response().text == "hello")
            }
            let shown = try scene.relevo("status").output
            #expect(shown.contains("listeners    \(scene.address)"), "\(shown)")
            #expect(shown.contains("requests     0 running, 8 received (2xx 8)"), "\(shown)")
            #expect(shown.contains("api      127.0.0.1:9"), "\(shown)")
            let json = try JSONSerialization.jsonObject(with: Data(scene.relevo("status", "--json").output.utf8))
            let counters = (json as? [String: Any])?["counters"] as? [String: Any]
            #expect(counters?["connections_open"] as? Int == 1)
            let unknown = try scene.relevo("endpoint", "drain", "api", "127.0.0.1:10")
            #expect(unknown.status == 4)
            #expect(unknown.complaints == "relevo: no cluster `api` has an endpoint `127.0.0.1:10`\n")
            try scene.end()
        }

        @Test("a reload says what changed, a dry run what would, and one that is wrong what is and where")
        func reload() throws {
            let scene = try Scene()
            let place = "unix:\(scene.path)"
            let more = Scene.text(scene.origin, place) + "\ntimeouts: { connect: 1s }\n"
            _ = try scene.directory.write("relevo.yaml", more)
            let dry = try scene.relevo("reload", "--dry-run")
            #expect(dry.output == "~ setting timeouts\nwould reload: 1 setting changed\n", "\(dry.complaints)")
            #expect(try scene.relevo("reload").output == "~ setting timeouts\nreloaded: 1 setting changed\n")
            #expect(try scene.relevo("reload").output == "reloaded: nothing changes\n")
            _ = try scene.directory.write("relevo.yaml", more + "domain: {}\n")
            let wrong = try scene.relevo("reload")
            #expect(wrong.status == 1 && wrong.output.isEmpty)
            #expect(wrong.complaints.contains("relevo.yaml:9:1: error: "), "\(wrong.complaints)")
            let client = try Client(scene.address)
            try client.get("a.example")
            #expect(try client.response().status != 421)
            try scene.end()
            let nobody = try scene.relevo("status")
            #expect(nobody.status == 4 && nobody.complaints.contains("no proxy answers at"), "\(nobody.complaints)")
        }

        @Test("drain returns when the requests of the endpoint are done, or says that they are not")
        func drain() throws {
            let mayAnswer = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                mayAnswer.pass()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
            let scene = try Scene("")
            let text = Scene.text(origin, "unix:\(scene.path)")
            _ = try scene.directory.write("relevo.yaml", text.replacing(", 127.0.0.1:9", with: ""))
            #expect(try scene.relevo("reload").status == 0)
            let client = try Client(scene.address)
            try client.get("a.example")
            _ = try origin.connection().request(0)
            let impatient = try scene.relevo("endpoint", "drain", "api", origin.text, "--timeout", "1")
            #expect(impatient.status == 4)
            #expect(impatient.complaints == "relevo: after 1 s there are still 1 requests in flight\n")
            let waiting = try Program(
                Program.relevo, ["endpoint", "drain", "api", origin.text, "--admin", "unix:\(scene.path)"])
            mayAnswer.open()
            #expect(try waiting.outcome().output == "api \(origin.text): draining, weight 1, 0 requests\n")
            #expect(try client.response().status == 200)
            try scene.end()
        }

        @Test("only the owner can open the socket, and what no request is gets its status")
        func refusals() throws {
            let scene = try Scene()
            let mode = try FileManager.default.attributesOfItem(atPath: scene.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let head = "HTTP/1.1\r\nHost: x\r\n"
            let cases = [
                ("GET /nowhere \(head)\r\n", 404), ("PUT /v1/status \(head)\r\n", 405), ("GET / HTTP/1.1\r\n\r\n", 400),
                ("POST /v1/endpoints \(head)Content-Length: 2\r\n\r\n{}", 400), ("nonsense\r\n\r\n", 400),
                ("POST /v1/reload?x=1 \(head)\r\n", 400), ("GET / HTTP/3.0\r\n\r\n", 505),
                ("POST /v1/reload \(head)Content-Length: 2000000\r\n\r\n", 413),
                ("POST /v1/reload \(head)Transfer-Encoding: chunked\r\n\r\n", 411),
                ("GET /\(String(repeating: "x", count: 40_000)) \(head)\r\n", 414), ("HEAD / \(head)\r\n", 200),
            ]
            for (request, status) in cases {
                #expect(try scene.ask(request).status == status, "\(request.prefix(40))")
            }
            let order = #"{"cluster":"api","endpoint":"127.0.0.1:9","command":"weight","value":9999}"#
            let odd = try scene.ask("POST /v1/endpoints \(head)Content-Length: \(order.utf8.count)\r\n\r\n\(order)")
            #expect(odd.status == 400 && odd.text.contains("from 0 to 1000"))
            for _ in 0..<200 { try Client(.unix(path: scene.path)).send("GET / HT") }
            #expect(try scene.ask("GET /v1/endpoints \(head)\r\n").status == 200)
            try scene.end()
        }

        @Test("an answer is for the one who has asked, also if that one has ended its side, and for no other")
        func ends() throws {
            let scene = try Scene()
            for _ in 0..<40 {
                let (asker, leaver) = (try Client(.unix(path: scene.path)), try Client(.unix(path: scene.path)))
                try leaver.send("POST /v1/reload HTTP/1.1\r\nHost: x\r\n\r\n")
                leaver.wire.close()
                try asker.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
                asker.wire.finishSending()
                let silent = try (0..<3).map { _ in try Client(.unix(path: scene.path)) }
                #expect(try asker.response().text.contains("\"state\" : \"running\""))
                for client in silent { client.wire.finishSending() }
                for client in silent { #expect(client.wire.receive() == .end(.orderly)) }
            }
            try scene.end()
        }

        @Test("who says nothing does not keep those out who do")
        func silence() throws {
            let scene = try Scene()
            let silent = try (0..<100).map { _ in try Client(.unix(path: scene.path)) }
            #expect(try scene.ask("GET /v1/endpoints HTTP/1.1\r\nHost: x\r\n\r\n").status == 200)
            withExtendedLifetime(silent) {}
            try scene.end()
        }

        @Test("what only a start can change is refused by a dry run too, with another code than a wrong file")
        func restart() throws {
            let scene = try Scene()
            let text = Scene.text(scene.origin, "unix:\(scene.path)").replacing("workers: 2", with: "workers: 3")
            _ = try scene.directory.write("relevo.yaml", text)
            for outcome in [try scene.relevo("reload", "--dry-run"), try scene.relevo("reload")] {
                #expect(outcome.status == 4)
                let words = "relevo: only `relevo upgrade` or a restart can change this: setting workers\n"
                #expect(outcome.complaints == words)
            }
            try scene.end()
        }

        @Test("on a port everybody looks who knows the address, and only the token changes anything")
        func port() throws {
            let directory = try TemporaryDirectory()
            let token = try directory.write("token", "0123456789abcdef\n")
            let listener = try Wire.listen(on: .loopback(port: 0))
            let port = listener.localPort
            listener.interrupt()
            let scene = try Scene(admin: "{ address: \"127.0.0.1:\(port)\", token_file: \(token) }")
            func status(_ method: String, _ fields: String...) throws -> Int {
                let client = try Client(.loopback(port: port))
                let lines = fields.map { $0 + "\r\n" }.joined()
                try client.send("\(method) /v1/\(method == "GET" ? "status" : "reload") HTTP/1.1\r\n\(lines)\r\n")
                return try client.response().status
            }
            #expect(try status("GET", "Host: 127.0.0.1:\(port)") == 200)
            #expect(try status("GET", "Host: localhost") == 200)
            #expect(try status("GET", "Host: evil.example\u{1B}[31m") == 400)
            #expect(try status("GET", "Host: evil.example", "Origin: http://evil.example") == 421)
            let words = scene.program.complaints { $0.contains("admin request refused") && $0.hasSuffix("\n") }
            #expect(words.contains("request=\"GET /v1/status\""), "\(words)")
            for word in ["peer=127.0.0.1:", "host=evil.example", "origin=http://evil.example", "status=421"] {
                #expect(words.contains(word), "\(words)")
            }
            let own = "Origin: http://127.0.0.1:\(port)"
            #expect(try status("GET", "Host: 127.0.0.1:\(port)", "Origin: http://evil.example") == 403)
            #expect(try status("GET", "Host: 127.0.0.1:\(port)", "Origin: null") == 403)
            #expect(try status("GET", "Host: 127.0.0.1:\(port)", own) == 200)
            #expect(try status("POST", "Host: localhost") == 401)
            #expect(try status("POST", "Host: localhost", "Authorization: Bearer 0123456789abcdee") == 401)
            #expect(try status("POST", "Host: localhost", "Authorization: Bearer 0123456789abcde") == 401)
            #expect(try status("POST", "Host: localhost", "Authorization: bearer 0123456789abcdef") == 200)
            let asked = ["Host: localhost", "Origin: http://evil.example", "Authorization: Bearer 0123456789abcdef"]
            #expect(try status("POST", asked[0], asked[1], asked[2]) == 403)
            try scene.end()
        }
    }
}
