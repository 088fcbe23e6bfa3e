// What a service manager hears of the program.
// That nobody hears anything without one needs no test: there is nothing to hear it with.

import CLibevent
import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite("Under a service manager") struct Service {
        @Test(
            "it hears when clients are served, of reloads good and bad, of life, and of the end", arguments: ["", "@"])
        func notices(_ kind: String) throws {
            let directory = try TemporaryDirectory()
            let inbox: DatagramInbox? = kind.isEmpty ? try DatagramInbox(at: "\(directory.path)/notify") : nil
            let text = "workers: 1\nlisteners: [127.0.0.1:0]\ndomains: { a.example: [127.0.0.1:9] }\n"
            let file = try directory.write("relevo.yaml", text)
            let program = try Program(
                "/usr/bin/env",
                [
                    "NOTIFY_SOCKET=\(kind)\(directory.path)/notify", "WATCHDOG_USEC=90000", Program.relevo, "run", file,
                ])
            _ = program.complaints { $0.contains("listening") }
            if let inbox {
                let ready = inbox.next(with: "READY=1")
                #expect(ready?.contains("MAINPID=\(program.identifier)\nSTATUS=serving at 127.0.0.1:") == true)
                #expect(inbox.next(with: "WATCHDOG=1") == "WATCHDOG=1")
                for (text, words) in [
                    (text + "timeouts: { head: 3s }\n", "reloaded: 1 setting"), ("x", "not reloaded"),
                ] {
                    _ = try directory.write("relevo.yaml", text)
                    program.signal(SIGHUP)
                    #expect(inbox.next(with: "RELOADING=1")?.contains("\nMONOTONIC_USEC=") == true)
                    #expect(inbox.next(with: "READY=1") != nil)
                    #expect(program.complaints { $0.contains(words) }.contains(words))
                }
            }
            program.signal(SIGTERM)
            if let inbox { #expect(inbox.next(with: "STOPPING=1") != nil) }
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
        }

        @Test("the file is read again when it changes, in place or by another that takes its name")
        func watch() throws {
            let directory = try TemporaryDirectory()
            let text = "workers: 1\nlisteners: [127.0.0.1:0]\ndomains: { a.example: [127.0.0.1:9] }\n"
            let file = try directory.write("relevo.yaml", text)
            let program = try Program(Program.relevo, ["run", "--watch", file])
            _ = program.complaints { $0.contains("listening") }
            _ = try directory.write("relevo.yaml", text + "timeouts: { head: 3s }\n")
            #expect(program.complaints { $0.contains("reloaded: 1 setting changed") }.contains("reloaded: 1 setting"))
            _ = try directory.write("relevo.yaml", text + "x: 1\n")
            #expect(program.complaints { $0.contains("unknown key `x`") }.contains("everything stays as it is"))
            let next = try directory.write("next.yaml", text + "limits: { fields: 50 }\n")
            #expect(unsafe rename(next, file) == 0)
            #expect(program.complaints { $0.contains("reloaded: 2 settings") }.contains("reloaded: 2 settings"))
            program.signal(SIGTERM)
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
        }

        private static let python = "/usr/bin/python3"
        /// Opens a socket for IPv6 and IPv4, one for nobody and one that does not listen, and executes the program.
        private static let activation = """
            import os, socket, sys
            path, port = sys.argv[2], int(sys.argv[1])
            both = socket.socket(socket.AF_INET6)
            both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            both.bind(("::", port)); both.listen()
            spare = socket.socket(); spare.bind(("127.0.0.1", 0)); spare.listen()
            named = socket.socket(socket.AF_UNIX)
            named.bind(os.path.dirname(sys.argv[-1]) + "/proxy.sock"); named.listen()
            for number, one in enumerate([both, spare, socket.socket(), named]):
                os.dup2(one.fileno(), 100 + number)
            for number in range(4): os.dup2(100 + number, 3 + number)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="4")
            os.execv(path, sys.argv[2:])
            """

        @Test(
            "it serves at the sockets that it was started with, and says which it has no use for",
            .enabled(if: FileManager.default.isExecutableFile(atPath: python)))
        func activation() throws {
            let directory = try TemporaryDirectory()
            let origin = try Origin.ok("hello")
            let listener = try Wire.listen(on: .loopback(port: 0))
            let port = listener.localPort
            listener.interrupt()
            let text = """
                workers: 2
                listeners: [0.0.0.0:\(port), "unix:\(directory.path)/proxy.sock"]
                domains: { a.example: [\(origin.text)] }
                admin: unix:\(directory.path)/admin.sock
                """
            let file = try directory.write("relevo.yaml", text)
            let program = try Program(
                Self.python, ["-c", Self.activation, "\(port)", Program.relevo, "run", file])
            let words = program.complaints { $0.contains("is not used") && $0.hasSuffix("\n") }
            #expect(words.contains("addresses=[::]:\(port),unix:"), "\(words)")
            #expect(words.contains("1 of the sockets of $LISTEN_FDS cannot be used: they do not listen"), "\(words)")
            #expect(words.contains("no listener has its address address=127.0.0.1:"), "\(words)")
            for _ in 0..<6 {
                let client = try Client(.loopback(port: port))
                try client.get("a.example")
                #expect(try client.response().text == "hello")
            }
            // Who came by IPv4 is known by that address.
            #expect(program.output { $0.contains("\"status\":200") }.contains("\"client\":\"127.0.0.1\""))
            program.signal(SIGTERM)
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
            // The service manager goes on listening there.
            #expect(directory.contains("proxy.sock") && !directory.contains("admin.sock"))
        }
    }
}
