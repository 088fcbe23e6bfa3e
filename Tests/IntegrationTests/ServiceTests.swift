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
    }
}
