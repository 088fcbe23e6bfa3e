// The program `relevo` as a person starts it: exit codes, words, signals. What a configuration may contain is tested
// where it is read.

import CLibevent
import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite("The program", .enabled(if: FileManager.default.isExecutableFile(atPath: Program.relevo)))
    struct TheProgram {
        private static func configuration(_ listener: String, _ origin: Origin, _ more: String = "") -> String {
            "listeners: [\"\(listener)\"]\ndomains:\n  a.example: [\"\(origin.text)\"]\n\(more)"
        }

        /// Starts `relevo run` and waits until it serves.
        private static func serving(
            _ file: String, limitedTo descriptors: Int? = nil
        ) throws -> (program: Program, address: SocketAddress) {
            let program =
                if let descriptors {
                    try Program(
                        "/bin/sh", ["-c", "ulimit -n \(descriptors); exec \"$0\" run \"$1\"", Program.relevo, file])
                } else {
                    try Program(Program.relevo, ["run", file])
                }
            let text = program.complaints { $0.contains("listening") && $0.hasSuffix("\n") }
            let line = try #require(text.split(separator: "\n").first { $0.contains("listening") })
            let list = try #require(line.split(separator: " ").first { $0.hasPrefix("addresses=") })
            let port = try #require(list.split(separator: ":").last.flatMap { UInt16($0) })
            return (program, .loopback(port: port))
        }

        @Test("check says ok and ends with 0 for a configuration that is right")
        func checkOK() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write("ok.yaml", Self.configuration("127.0.0.1:0", try Origin.ok()))
            let outcome = try Program.run("check", file)
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(outcome.output == "ok: 1 listener, 1 domain, 1 endpoint\n")
            #expect(outcome.complaints.isEmpty)
        }

        @Test(
            "check names place and cure and ends with 1 for a configuration that is wrong",
            arguments: [
                "listeners: [127.0.0.1:0]\ndomain:\n  a.example: [127.0.0.1]\n", "listeners: 17\n", "{", "", "\t- x\n",
                "listeners: [127.0.0.1:99999]\ndomains: { a.example: [127.0.0.1] }\n",
                "listeners: [0.0.0.0:18080, 127.0.0.1:18080]\ndomains: { a.example: [127.0.0.1] }\n",
                "listeners: [127.0.0.1:0]\ndomains: { a.example: { routes: [{ path: /%61, respond: 403 }] } }\n",
            ])
        func checkBroken(_ text: String) throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write("bad.yaml", text)
            for verb in ["check", "run"] {
                let outcome = try Program.run(verb, file)
                #expect(outcome.status == 1)
                #expect(outcome.output.isEmpty)
                #expect(outcome.complaints.contains("bad.yaml"))
                #expect(outcome.complaints.contains("error"))
            }
        }

        @Test("a file that is not there, or is a directory, ends with 1 and is named", arguments: ["missing.yaml", ""])
        func unreadable(_ name: String) throws {
            let directory = try TemporaryDirectory()
            let outcome = try Program.run("check", directory.path + "/" + name)
            #expect(outcome.status == 1)
            #expect(outcome.complaints.contains(directory.path))
        }

        @Test(
            "wrong usage ends with 2",
            arguments: [
                ["frobnicate"], ["check"], ["run"], ["explain", "x.yaml"], ["check", "a", "b"], ["--nonsense"],
            ])
        func usage(_ arguments: [String]) throws {
            let outcome = try Program(Program.relevo, arguments).outcome()
            #expect(outcome.status == 2)
            #expect(!outcome.complaints.isEmpty)
            #expect(outcome.output.isEmpty)
        }

        @Test("help and version are no failures", arguments: ["--help", "version", "--version"])
        func help(_ argument: String) throws {
            let outcome = try Program.run(argument)
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(outcome.output.contains("relevo"))
            #expect(outcome.complaints.isEmpty)
        }

        @Test("version and --version say the same")
        func version() throws {
            let words = try Program.run("version")
            #expect(words.output.contains("libevent"))
            #expect(try Program.run("--version").output == words.output)
        }

        @Test("a port that is taken ends with 3 and one line that names the listener")
        func portTaken() throws {
            let directory = try TemporaryDirectory()
            let other = try Wire.listen(on: .loopback(port: 0))
            let listener = "127.0.0.1:\(other.localPort)"
            let file = try directory.write("taken.yaml", Self.configuration(listener, try Origin.ok()))
            let outcome = try Program.run("run", file)
            #expect(outcome.status == 3)
            #expect(outcome.complaints.contains(listener))
            #expect(outcome.complaints.contains("Address already in use"))
        }

        @Test(
            "SIGTERM and SIGINT let a running exchange finish, then end the program with 0",
            arguments: [SIGTERM, SIGINT])
        func signals(_ number: Int32) throws {
            let gate = Gate()
            let origin = try Origin { connection in
                try connection.readRequest()
                gate.pass()
                try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                "run.yaml",
                Self.configuration(
                    "127.0.0.1:0", origin, "workers: 1\naccess_log: { format: json, to: stdout }\n"))
            let (program, address) = try Self.serving(file)
            let client = try Client(address)
            try client.get("a.example")
            try origin.connection().awaitBytes { HTTPText.headLength($0) != nil }
            let idle = try Client(address)
            try idle.get("c.example")
            let refusal = try idle.response()
            #expect(refusal.status == 421)
            program.signal(number)
            // The end of an idle connection says that its worker knows.
            #expect(idle.end() == .orderly)
            gate.open()
            let response = try client.response()
            #expect(response.text == "ok")
            #expect(HTTPText.values(of: "connection", in: response.head) == ["close"])
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.map { LogLine(text: String($0)).number("status") } == [421, 200])
        }

        @Test("a second signal ends the program at once")
        func secondSignal() throws {
            let origin = try Origin { $0.readToEnd() }
            let directory = try TemporaryDirectory()
            let file = try directory.write("run.yaml", Self.configuration("127.0.0.1:0", origin))
            let (program, address) = try Self.serving(file)
            let client = try Client(address)
            try client.get("a.example")
            try origin.connection().awaitBytes { HTTPText.headLength($0) != nil }
            program.signal(SIGTERM)
            _ = program.complaints { $0.contains("stopping") }
            program.signal(SIGTERM)
            _ = try program.outcome()
            #expect(client.end() != .timeout)
        }

        @Test("out of descriptors accepting rests and goes on, and requests then succeed")
        func outOfDescriptors() throws {
            let origin = try Origin.ok()
            let directory = try TemporaryDirectory()
            let file = try directory.write("run.yaml", Self.configuration("127.0.0.1:0", origin, "workers: 1\n"))
            let (program, address) = try Self.serving(file)
            try Self.limit(program, to: 32)
            let crowd = try (0..<80).map { _ in try Client(address) }
            let text = program.complaints { $0.contains("accepting rests") }
            #expect(text.contains("accepting rests"))
            for client in crowd { client.wire.close() }
            let client = try Client(address)
            for _ in 0..<5 {
                try client.get("a.example")
                #expect(try client.response().status == 200)
            }
            program.signal(SIGTERM)
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
        }

        @Test("with few descriptors from the start, connections wait rather than take those that endpoints need")
        func fewDescriptors() throws {
            let origin = try Origin.ok()
            let directory = try TemporaryDirectory()
            let file = try directory.write("run.yaml", Self.configuration("127.0.0.1:0", origin, "workers: 1\n"))
            let (program, address) = try Self.serving(file, limitedTo: 48)
            let first = try Client(address)
            try first.get("c.example")
            #expect(try first.response().status == 421)
            let crowd = try (0..<80).map { _ in try Client(address) }
            for client in crowd { client.wire.close() }
            let late = try Client(address)
            try late.get("a.example")
            #expect(try late.response().status == 200)
            program.signal(SIGTERM)
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(outcome.complaints.contains("bounded by descriptors"))
            #expect(!outcome.complaints.contains("accepting rests"))
        }

        @Test("more requests at once than there are descriptors for wait for them, and all are answered")
        func requestsWaitForDescriptors() throws {
            let arrived = Watched(0)
            let isReleased = Watched(false)
            let origin = try Origin {
                _ = try $0.readRequest()
                arrived.change { $0 += 1 }
                isReleased.wait { $0 }
                try $0.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            }
            let directory = try TemporaryDirectory()
            let file = try directory.write("run.yaml", Self.configuration("127.0.0.1:0", origin, "workers: 1\n"))
            let (program, address) = try Self.serving(file, limitedTo: 256)
            let crowd = try (0..<200).map { _ in try Client(address) }
            for client in crowd { try client.get("a.example", "/", "Connection: close") }
            #expect(arrived.wait { $0 >= 20 })
            isReleased.change { $0 = true }
            for client in crowd { #expect(try client.response().status == 200) }
            program.signal(SIGTERM)
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(outcome.complaints.contains("bounded by descriptors"))
        }

        /// Lowers the bound on the descriptors of a program that runs.
        private static func limit(_ program: Program, to descriptors: Int) throws {
            let tool = try ChildProcess(
                "prlimit", ["--nofile=\(descriptors):\(descriptors)", "--pid", "\(program.identifier)"])
            #expect(tool.wait() == 0)
        }

        @Test("a proxy that finds no descriptor for an endpoint within the time to connect answers 503, and recovers")
        func noDescriptorForEndpoint() throws {
            let origin = try Origin.ok()
            let directory = try TemporaryDirectory()
            let patience = "workers: 1\ntimeouts: { connect: 300ms }\n"
            let file = try directory.write("run.yaml", Self.configuration("127.0.0.1:0", origin, patience))
            let (program, address) = try Self.serving(file)
            try Self.limit(program, to: 32)
            let first = try Client(address)
            try first.get("c.example")
            #expect(try first.response().status == 421)
            // A client in the middle of a head: one that waits between two requests would have to make room.
            try first.send("GET / HTTP/1.1\r\nHost: a.example\r\n")
            let crowd = try (0..<80).map { _ in try Client(address) }
            _ = program.complaints { $0.contains("accepting rests") }
            try first.send("\r\n")
            let response = try first.response()
            #expect(response.status == 503)
            #expect(response.code == "proxy.overloaded")
            for client in crowd { client.wire.close() }
            let late = try Client(address)
            try late.get("a.example")
            #expect(try late.response().status == 200)
            program.signal(SIGTERM)
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
        }

        @Test("explain says what becomes of a request, without sending anything")
        func explain() throws {
            let origin = try Origin.ok()
            let directory = try TemporaryDirectory()
            let file = try directory.write("ok.yaml", Self.configuration("127.0.0.1:0", origin))
            let found = try Program.run("explain", file, "http://a.example/x", "-X", "POST", "-H", "x: y")
            #expect(found.status == 0)
            #expect(found.output.contains(origin.text))
            #expect(found.output.contains("ok.yaml:3"))
            let unknown = try Program.run("explain", file, "http://c.example/")
            #expect(unknown.output.contains("421"))
            #expect(unknown.output.contains("route.unknown_domain"))
            let malformed = try Program.run("explain", file, "http://a.example/", "-X", "G T")
            #expect(malformed.output.contains("client.malformed: status 400"))
            #expect(origin.connectionCount == 0)
            for wrong in [["ftp://a.example/"], ["http://a.example/", "--from", "nowhere"]] {
                let refused = try Program(Program.relevo, ["explain", file] + wrong).outcome()
                #expect(refused.status == 2)
                #expect(refused.complaints.contains(wrong.last ?? ""))
            }
        }

        @Test("demo serves two domains from three origins each")
        func demo() throws {
            let program = try Program(Program.relevo, ["demo", "--listen", "127.0.0.1:0"])
            let text = program.complaints { $0.contains("Ctrl-C") }
            let address = try #require(text.split(separator: " ").first { $0.hasPrefix("http://127.0.0.1:") })
            let port = try #require(UInt16(address.split(separator: ":")[2].prefix { $0.isNumber }))
            let client = try Client(.loopback(port: port))
            var origins: Set<String> = []
            for host in ["a.example", "b.example"] {
                for _ in 0..<60 {
                    try client.get(host)
                    let response = try client.response()
                    #expect(response.field("X-Origin")?.hasPrefix(host) == true)
                    origins.insert(response.field("X-Origin") ?? "")
                }
            }
            #expect(origins.count == 6)
            program.signal(SIGINT)
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(outcome.output.split(separator: "\n").count == 120)
        }

        @Test("every example passes check, and its tests", arguments: Examples.files)
        func examples(_ file: String) throws {
            for verb in ["check", "test"] {
                let outcome = try Program.run(verb, file)
                #expect(outcome.status == 0, "\(outcome.complaints)\(outcome.output)")
            }
        }
    }
}

/// The configurations under Examples.
private enum Examples {
    static var files: [String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Examples").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return names.sorted().map { "\(root)/\($0)/relevo.yaml" }.filter { FileManager.default.fileExists(atPath: $0) }
    }
}
