// `relevo top` in a terminal: tmux is one that tells what is on its screen. Without it these tests are passed over;
// script/bootstrap installs it.
// What the screen says at which size is RelevoTopTests' matter.

import CLibevent
import Foundation
import Relevo
import RelevoAdmin
import TestSupport
import Testing

extension Integration {
    @Suite("relevo top") struct Top {
        private static var hasTmux: Bool { ChildProcess.run("tmux", "-V") == 0 }

        /// A proxy, and a shell in a terminal of its own.
        private final class Scene {
            let directory: TemporaryDirectory
            let origin: Origin
            let program: Program
            let address: SocketAddress
            private var socket: String { "\(directory.path)/tmux" }
            var admin: String { "unix:\(directory.path)/admin.sock" }

            init() throws {
                directory = try TemporaryDirectory()
                origin = try Origin.ok("hello")
                let file = try directory.write(
                    "relevo.yaml",
                    """
                    workers: 1
                    listeners: [127.0.0.1:0]
                    domains: { a.example: { cluster: api } }
                    clusters: { api: [\(origin.text)] }
                    access_log: off
                    admin: unix:\(directory.path)/admin.sock
                    """)
                program = try Program(Program.relevo, ["run", file])
                let words = program.complaints { $0.contains("serving=") || $0.contains("relevo: ") }
                let port = words.split(separator: "addresses=127.0.0.1:").dropFirst().first?.prefix { $0.isNumber }
                address = .loopback(port: try #require(port.flatMap { UInt16($0) }, "\(words)"))
            }

            deinit { _ = try? tmux("kill-server") }

            @discardableResult
            func tmux(_ arguments: String...) throws -> Program.Outcome {
                try Program("tmux", ["-f", "/dev/null", "-S", socket] + arguments).outcome()
            }

            /// Opens a terminal in which a shell runs the view and says with which code it ended.
            func open(columns: Int, rows: Int) throws {
                let command =
                    "'\(Program.relevo)' top --interval 0.2 --admin '\(admin)'; echo ended with $?; stty -a; cat"
                try tmux("new", "-d", "-x", "\(columns)", "-y", "\(rows)", command)
            }

            func screen() -> String { (try? tmux("capture-pane", "-p").output) ?? "" }

            /// Waits until the screen says something.
            func shows(_ words: String...) async -> Bool {
                await eventually {
                    let screen = screen()
                    return words.allSatisfy { screen.contains($0) }
                }
            }

            func press(_ keys: String...) throws { for key in keys { try tmux("send-keys", key) } }

            /// The view's process.
            func identifier() throws -> pid_t {
                let shell = try tmux("display", "-p", "#{pane_pid}").output.filter(\.isNumber)
                let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
                return try #require(pid_t(children.split(separator: " ").first ?? ""))
            }
        }

        @Test("views, an order, another size, and the terminal as it was", .enabled(if: hasTmux, "tmux is not there"))
        func view() async throws {
            let scene = try Scene()
            try scene.open(columns: 80, rows: 24)
            #expect(await scene.shows("[domains 2]", "> a.example", "running"), "\(scene.screen())")
            try scene.press("e", "D")
            #expect(await scene.shows("drain \(scene.origin.text) of api? y/n"), "\(scene.screen())")
            try scene.press("y")
            #expect(await scene.shows("~ draining", "draining, weight 1"), "\(scene.screen())")
            try scene.tmux("resize-window", "-x", "200", "-y", "40")
            #expect(await scene.shows("MOST FAILURES"), "\(scene.screen())")
            try scene.press("?")
            #expect(await scene.shows("any key goes back"))
            try scene.press("x", "q")
            #expect(await scene.shows("ended with 0", " icanon ", " echo "), "\(scene.screen())")
        }

        @Test(
            "a proxy that goes is told of and asked again; a signal leaves the terminal as it was",
            .enabled(if: hasTmux, "tmux is not there"), arguments: [SIGTERM, SIGINT, SIGHUP])
        func endings(_ signal: Int32) async throws {
            let scene = try Scene()
            try scene.open(columns: 80, rows: 24)
            #expect(await scene.shows("> a.example"))
            scene.program.signal(SIGTERM)
            #expect(await scene.shows("no proxy answers", "a.example"), "\(scene.screen())")
            kill(try scene.identifier(), signal)
            #expect(await scene.shows("ended with 0", " icanon ", " echo "), "\(scene.screen())")
        }

        @Test("one sample is plain text; without a terminal there is no view")
        func once() throws {
            let scene = try Scene()
            let client = try Client(scene.address)
            try client.get("a.example")
            #expect(try client.response().status == 200)
            let sample = try Program.run("top", "--once", "--interval", "0.2", "--admin", scene.admin)
            #expect(sample.status == 0, "\(sample.complaints)")
            #expect(!sample.output.contains("\u{1B}"))
            for word in ["DOMAIN", "a.example", "CLUSTER", "api", "ENDPOINT", scene.origin.text, "+ up"] {
                #expect(sample.output.contains(word), "\(sample.output)")
            }
            let view = try Program.run("top", "--admin", scene.admin)
            #expect(view.status == 2 && view.complaints.contains("--once"), "\(view.complaints)")
            let nobody = try Program.run("top", "--once", "--admin", "unix:\(scene.directory.path)/none")
            #expect(nobody.status == 4 && nobody.complaints.contains("no proxy answers at"))
        }
    }
}
