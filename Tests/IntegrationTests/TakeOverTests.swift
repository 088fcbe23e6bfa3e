// Processes of the program that take the place of each other, and those that are started with open sockets.
// What proxies give each other is tested in SuccessionTests.

import CLibevent
import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite("Processes that take over") struct TakeOver {
        /// A program with its files. The processes after the first have its output.
        private final class Scene {
            let directory: TemporaryDirectory
            let origin: Origin
            let file: String
            let program: Program
            let address: SocketAddress

            init(_ extra: String = "") throws {
                directory = try TemporaryDirectory()
                origin = try Origin.ok("hello")
                let text = Self.text(origin, directory, extra)
                file = try directory.write("relevo.yaml", text)
                program = try Program(Program.relevo, ["run", file])
                address = try Self.address(in: program.complaints { $0.contains("serving=") })
            }

            static func text(_ origin: Origin, _ directory: TemporaryDirectory, _ extra: String = "") -> String {
                """
                workers: 2
                listeners: [127.0.0.1:0, "unix:\(directory.path)/proxy.sock"]
                domains: { a.example: [\(origin.text)] }
                access_log: off
                admin: unix:\(directory.path)/admin.sock
                \(extra)
                """
            }

            static func address(in words: String) throws -> SocketAddress {
                let text = words.split(separator: "addresses=127.0.0.1:").dropFirst().first?.prefix { $0.isNumber }
                return .loopback(port: try #require(text.flatMap { UInt16($0) }, "\(words)"))
            }

            func ask(_ client: Client? = nil) throws -> RawResponse {
                let client = try client ?? Client(address)
                try client.get("a.example")
                return try client.response()
            }

            func relevo(_ arguments: String...) throws -> Program.Outcome {
                try Program(Program.relevo, arguments + ["--admin", "unix:\(directory.path)/admin.sock"]).outcome()
            }

            /// The process that answers orders now.
            func process() throws -> Int32 {
                let status = try relevo("status").output
                let number = status.split(separator: "process ").dropFirst().first?.prefix { $0.isNumber }
                return try #require(number.flatMap { Int32($0) }, "\(status)")
            }

            /// Ends the one that serves now, whoever that is.
            func end() throws {
                kill(try process(), SIGTERM)
                let outcome = try program.outcome()
                #expect(outcome.status == 0, "\(outcome.complaints)")
                #expect(!directory.contains("admin.sock") && !directory.contains("proxy.sock"))
            }
        }

        @Test("an upgrade: who is connected stays a while, who comes meets the new process, and orders hold")
        func upgrade() throws {
            let scene = try Scene()
            #expect(try scene.relevo("endpoint", "weight", "a.example", scene.origin.text, "7").status == 0)
            let client = try Client(scene.address)
            #expect(try scene.ask(client).field("Connection") == nil)
            let outcome = try scene.relevo("upgrade")
            #expect(outcome.status == 0, "\(outcome.complaints)")
            let process = try scene.process()
            #expect(process != scene.program.identifier)
            #expect(
                outcome.output
                    == "process \(process) serves; clients of process \(scene.program.identifier) may leave\n")
            #expect(try scene.ask().text == "hello")
            #expect(try scene.relevo("status").output.contains(" 7 "))
            #expect(try scene.ask(client).field("Connection") == "close")
            // By a signal, too, and to another number of workers.
            _ = try scene.directory.write(
                "relevo.yaml", Scene.text(scene.origin, scene.directory).replacing("workers: 2", with: "workers: 1"))
            kill(process, SIGUSR2)
            let words = scene.program.complaints { $0.split(separator: "another process serves").count == 3 }
            #expect(words.contains("taking over from another process process=\(process)"))
            #expect(try scene.ask().text == "hello")
            try scene.end()
        }

        @Test("one that cannot take over changes nothing, and says why")
        func refused() throws {
            let scene = try Scene()
            let taken = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
            let text = Scene.text(scene.origin, scene.directory)
            let port = taken.address.port ?? 0
            let cases = [
                (text + "\nnonsense: 1\n", Int32(1), "unknown key `nonsense`"),
                (
                    text.replacing("127.0.0.1:0,", with: "127.0.0.1:0, 127.0.0.1:\(port),"), 4,
                    "relevo: cannot listen on 127.0.0.1:\(port): Address already in use"
                ),
                (text + "\nuser: nobody\n", 4, "`user: nobody` is another than runs now"),
            ]
            for (text, status, words) in cases {
                _ = try scene.directory.write("relevo.yaml", text)
                let outcome = try scene.relevo("upgrade")
                #expect(outcome.status == status && outcome.complaints.contains(words), "\(outcome.complaints)")
                #expect(try scene.process() == scene.program.identifier)
                #expect(try scene.ask().text == "hello")
            }
            #expect(scene.program.complaints { _ in true }.contains("not handed over: everything stays as it is"))
            _ = try scene.directory.write("relevo.yaml", text)
            #expect(try scene.relevo("upgrade").status == 0)
            try scene.end()
        }

        @Test("a process of somebody else's takes over by the admin path; without anybody there it just starts")
        func takeOver() throws {
            let directory = try TemporaryDirectory()
            let origin = try Origin.ok("hello")
            let file = try directory.write("relevo.yaml", Scene.text(origin, directory))
            let arguments = ["run", "--take-over", "unix:\(directory.path)/admin.sock", file]
            let first = try Program(Program.relevo, arguments)
            let address = try Scene.address(in: first.complaints { $0.contains("serving=") })
            let second = try Program(Program.relevo, arguments)
            let words = second.complaints { $0.contains("serving=") }
            #expect(words.contains("taking over from another process process=\(first.identifier)"))
            #expect(try Scene.address(in: words) == address)
            let outcome = try first.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
            let client = try Client(address)
            try client.get("a.example")
            #expect(try client.response().text == "hello")
            // Whoever asks and then says nothing, or nonsense, gets nothing changed.
            for (index, words) in [
                "", "{}\n", "{\"process\":1,\"failure\":\"no\",\"isMisconfigured\":false,\"paths\":[]}\n",
            ].enumerated() {
                let asker = try Client(.unix(path: "\(directory.path)/admin.sock"))
                try asker.send(
                    "POST /v1/handover HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: relevo-handover/1\r\n\r\n"
                )
                guard case .bytes(let answer) = asker.wire.receive() else { throw WireError.timeout }
                #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 101 "))
                try asker.send(words)
                asker.wire.close()
                let log = second.complaints { $0.split(separator: "not handed over").count == index + 2 }
                #expect(log.split(separator: "not handed over").count == index + 2)
            }
            try client.get("a.example")
            #expect(try client.response().text == "hello")
            second.signal(SIGTERM)
            #expect(try second.outcome().status == 0)
        }

        @Test("what the new configuration has no more is closed, with its file, and can be opened again")
        func removedListeners() throws {
            let scene = try Scene()
            let text = Scene.text(scene.origin, scene.directory)
            let port = try #require(scene.address.port)
            let both = "127.0.0.1:0, \"unix:\(scene.directory.path)/proxy.sock\""
            let spare = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true).address
            _ = try scene.directory.write("relevo.yaml", text.replacing(both, with: "\(spare)"))
            #expect(try scene.relevo("upgrade").status == 0)
            _ = scene.program.complaints { $0.contains("stopped") }
            #expect(throws: (any Error).self) { try Client(scene.address) }
            #expect(!scene.directory.contains("proxy.sock"))
            for _ in 0..<2 {
                _ = try scene.directory.write("relevo.yaml", text.replacing("127.0.0.1:0", with: "127.0.0.1:\(port)"))
                let back = try scene.relevo("reload")
                #expect(back.status == 0, "\(back.complaints)")
                #expect(throws: (any Error).self) { try Client(spare) }
                for _ in 0..<8 { #expect(try scene.ask().text == "hello") }
                #expect(scene.directory.contains("proxy.sock"))
                _ = try scene.directory.write("relevo.yaml", text.replacing(both, with: "\(spare)"))
                #expect(try scene.relevo("reload").status == 0)
            }
            try scene.end()
        }

        @Test("while another takes over nothing is changed; who is told to end then, ends for both")
        func stoppedAmidAnOffer() throws {
            let scene = try Scene()
            let (path, admin) = (scene.directory.path, "unix:\(scene.directory.path)/admin.sock")
            // Another program when it is started again: a script that waits for a file and then is `relevo`.
            let script = "#!/bin/sh\nwhile [ ! -e \(path)/gate ]; do sleep 0.02; done\nexec \(Program.relevo) \"$@\"\n"
            #expect(unsafe chmod(try scene.directory.write("script", script), 0o755) == 0)
            #expect(unsafe symlink(Program.relevo, "\(path)/program") == 0)
            let second = try Program("\(path)/program", ["run", "--take-over", admin, scene.file])
            _ = second.complaints { $0.contains("serving=") }
            #expect(try scene.program.outcome().status == 0)
            #expect(unsafe rename("\(path)/script", "\(path)/program") == 0)
            let upgrade = try Program(Program.relevo, ["upgrade", "--admin", admin])
            let order = ["endpoint", "weight", "a.example", scene.origin.text, "7", "--admin", admin]
            // From some moment on it is refused; before that it is known to the new process.
            var refusal = try Program(Program.relevo, order).outcome()
            while refusal.status == 0 { refusal = try Program(Program.relevo, order).outcome() }
            #expect(refusal.complaints == "relevo: another process is taking over\n")
            #expect(try scene.relevo("reload").complaints == "relevo: another process is taking over\n")
            second.signal(SIGTERM)
            _ = second.complaints { $0.contains("stopping") }
            _ = try scene.directory.write("gate", "")
            #expect(try upgrade.outcome().status == 4)
            let outcome = try second.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(throws: (any Error).self) { try Client(scene.address) }
            #expect(!scene.directory.contains("admin.sock") && !scene.directory.contains("proxy.sock"))
        }

        @Test("a new process that is told to end before it serves leaves everything as it was")
        func stoppedTooEarly() throws {
            // The start waits for it.
            let nameserver = try SilentNameserver()
            let scene = try Scene()
            let slow =
                Scene.text(scene.origin, scene.directory)
                + "\nclusters: { slow: [nobody.example] }\n"
                + "resolver: { nameservers: [127.0.0.1:\(nameserver.port)], timeout: 2s, tries: 1 }\n"
            _ = try scene.directory.write("relevo.yaml", slow)
            let upgrade = try Program(
                Program.relevo, ["upgrade", "--admin", "unix:\(scene.directory.path)/admin.sock"])
            let words = scene.program.complaints { $0.split(separator: "admin listener open").count == 3 }
            #expect(words.contains("taking over from another process"))
            let own = scene.program.identifier
            let others = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter {
                let stat = try? String(contentsOfFile: "/proc/\($0)/stat", encoding: .utf8)
                return stat?.split(separator: ") ").last?.split(separator: " ").dropFirst().first.map(String.init)
                    == "\(own)"
            }
            kill(try #require(others.first), SIGTERM)
            let outcome = try upgrade.outcome()
            #expect(outcome.status == 4)
            #expect(outcome.complaints.contains("it was told to stop before it served"), "\(outcome.complaints)")
            #expect(try scene.process() == own)
            #expect(try scene.ask().text == "hello")
            #expect(scene.directory.contains("proxy.sock"))
            try scene.end()
        }

        @Test(
            "started by root it runs as its user, with the port that only root may open",
            .enabled(if: Self.rootCanStart))
        func user() throws {
            let directory = try TemporaryDirectory()
            #expect(unsafe chmod(directory.path, 0o755) == 0)
            let origin = try Origin.ok("hello")
            let port = try freeLowPort()
            let text = """
                workers: 2
                user: nobody
                listeners: [127.0.0.1:\(port), "unix:\(directory.path)/proxy.sock"]
                domains: { a.example: [\(origin.text)] }
                admin: unix:\(directory.path)/admin.sock
                access_log: off
                """
            let file = try directory.write("relevo.yaml", text)
            let program = try Program(Program.relevo, ["run", file])
            _ = program.complaints { $0.contains("serving=") || $0.contains("relevo:") }
            let status = try String(contentsOfFile: "/proc/\(program.identifier)/status", encoding: .utf8)
            let lines = status.split(separator: "\n").map(String.init)
            let nobody = try #require(ProcessIdentity(user: "nobody", group: nil))
            #expect(lines.contains { $0.hasPrefix("Uid:\t\(nobody.user)\t\(nobody.user)\t\(nobody.user)") })
            #expect(lines.contains { $0.hasPrefix("Gid:\t\(nobody.group)\t\(nobody.group)\t\(nobody.group)") })
            // Ports below 1024, and nothing else.
            for set in ["CapPrm", "CapEff", "CapAmb"] { #expect(lines.contains("\(set):\t0000000000000400")) }
            #expect(lines.contains("NoNewPrivs:\t1"))
            for address in [SocketAddress.loopback(port: port), .unix(path: "\(directory.path)/proxy.sock")] {
                let client = try Client(address)
                try client.get("a.example")
                #expect(try client.response().text == "hello")
            }
            let outcome = try Program.run("upgrade", "--admin", "unix:\(directory.path)/admin.sock")
            #expect(outcome.status == 0, "\(outcome.complaints)")
            let next = outcome.output.split(separator: " ")[1]
            #expect(kill(try #require(Int32(next)), SIGTERM) == 0)
            #expect(try program.outcome().status == 0)
        }

        /// Root runs this, and others may execute what it has built.
        private static var rootCanStart: Bool {
            guard geteuid() == 0 else { return false }
            var path = URL(fileURLWithPath: Program.relevo)
            while true {
                let mode = (try? FileManager.default.attributesOfItem(atPath: path.path))?[.posixPermissions] as? Int
                guard let mode, mode & 1 == 1 else { return false }
                if path.path == "/" { return true }
                path.deleteLastPathComponent()
            }
        }

        private func freeLowPort() throws -> UInt16 {
            let free = (900..<1000).first {
                (try? ListeningSocket(.loopback(port: $0), refuseIfTaken: true)) != nil
            }
            return try #require(free)
        }

        @Test("a user that does not exist, or that only root could become, is said")
        func noUser() throws {
            let directory = try TemporaryDirectory()
            let text = "listeners: [127.0.0.1:0]\ndomains: { a.example: [127.0.0.1:9] }\nuser: "
            for (user, status, words) in [
                ("no-such-user-here", Int32(3), "relevo: there is no user `no-such-user-here`\n"),
                ("\"a/b\"", 1, "`user` wants a user, not `a/b`"),
            ] {
                let outcome = try Program.run("run", directory.write("relevo.yaml", text + user))
                #expect(outcome.status == status && outcome.complaints.contains(words), "\(outcome.complaints)")
            }
        }
    }
}
