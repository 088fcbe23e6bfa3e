// The access log in its forms and places: what is written, what is left out, and what happens to files.
// The fields of the usual form are tested where they come from; the writer alone in LogWriterTests.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Forms of the access log") struct LogForms: Reloading {
        /// The lines of a few requests: 200 with a query, 404 of a route, and 421.
        private func lines(_ adjust: (inout AccessLogSettings) -> Void) async throws -> [String] {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/access.log"
            let origin = try Origin.ok()
            let settings = configuration([
                .init(
                    "a.example",
                    routes: [
                        .init(.respond(status: 404, body: ""), path: "/no"),
                        .init(.cluster("api")),
                    ])
            ]) {
                $0.workers = 1
                $0.clusters = [.init("api", endpoints: [.init(origin.text)])]
                var log = AccessLogSettings()
                log.target = .file(path)
                adjust(&log)
                $0.accessLog = .lines(log)
            }
            try await withRunning(settings) { _, address in
                let head = "Host: a.example\r\nUser-Agent: a \"b\"\tc\r\nReferer: http://r.example/?token=1\r\n\r\n"
                let client = try Client(address)
                try client.send("GET /x?token=secret&y=%20 HTTP/1.1\r\n" + head)
                #expect(try client.response().status == 200)
                try client.send("GET /no HTTP/1.0\r\n" + head)
                #expect(try client.response().status == 404)
                #expect(try ask(address, "b.example").status == 421)
            }
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.hasSuffix("\n"))
            return text.split(separator: "\n").map(String.init)
        }

        @Test("the combined format is what other tools read, and strange bytes are escaped")
        func combined() async throws {
            let lines = try await lines { $0.format = .combined }
            #expect(lines.count == 3)
            let time = #/\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]/#
            let plain = lines.map { $0.replacing(time, with: "[T]") }
            let agent = #""http://r.example/?token=1" "a \x22b\x22\x09c""#
            #expect(plain[0].hasPrefix(#"127.0.0.1 - - [T] "GET /x?token=secret&y=%20 HTTP/1.1" 200 "#))
            #expect(plain[0].hasSuffix(agent))
            #expect(plain[1].hasPrefix(#"127.0.0.1 - - [T] "GET /no HTTP/1.0" 404 "#))
            #expect(plain[2].hasPrefix(#"127.0.0.1 - - [T] "GET / HTTP/1.1" 421 "#) && plain[2].hasSuffix(#""-" "-""#))
        }

        @Test("logfmt has the fields of the JSON form")
        func logfmt() async throws {
            let lines = try await lines { $0.format = .logfmt }
            #expect(lines.count == 3)
            let first = try #require(lines.first)
            for pair in ["domain=a.example", "method=GET", "status=200", "attempts=1", "upstream_reused=false"] {
                #expect(first.split(separator: " ").contains { $0 == pair }, "\(pair) in \(first)")
            }
            #expect(first.contains(#" target="/x?token=secret&y=%20" "#))
            #expect(lines[2].hasSuffix("code=route.unknown_domain"))
        }

        @Test("a form of one's own has what it names, in its order, and nothing can break out of its line")
        func template() async throws {
            let template = try LogTemplate(#"{method} {target} {status} {code} "{header:User-Agent}" {{x}}"#)
            let lines = try await lines { $0.template = template }
            #expect(
                lines == [
                    #"GET /x?token=secret&y=%20 200 - "a \"b\"\u0009c" {x}"#,
                    #"GET /no 404 - "a \"b\"\u0009c" {x}"#, #"GET / 421 route.unknown_domain "-" {x}"#,
                ])
            let referer = try LogTemplate("{header:referer} {target} {client}")
            let cut = try await self.lines {
                $0.template = referer
                $0.redacted = [.query, .client]
            }
            #expect(cut.first == "http://r.example/? /x? 127.0.0.0")
        }

        @Test("lines for the system's log are datagrams; while nobody listens they are counted, and then it goes on")
        func syslog() async throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/log"
            var inbox: DatagramInbox? = try DatagramInbox(at: path)
            var log = AccessLogSettings()
            log.target = .syslog(Syslog(.local3, socket: path))
            log.format = .logfmt
            let settings = configuration([.init("a.example", routes: [.init(.respond(status: 200, body: ""))])]) {
                $0.workers = 1
                $0.accessLog = .lines(log)
            }
            try await withRunning(settings) { proxy, address in
                for path in ["/1", "/2"] { #expect(try ask(address, "a.example", path).status == 200) }
                for path in ["/1", "/2"] {
                    let line = try #require(inbox?.next())
                    #expect(line.hasPrefix("<158>relevo[\(ProcessInfo.processInfo.processIdentifier)]: time="))
                    #expect(line.contains(" target=\(path) ") && !line.contains("\n"))
                }
                inbox = nil
                try FileManager.default.removeItem(atPath: path)
                #expect(try ask(address, "a.example").status == 200)
                #expect(await eventually { await proxy.statistics().logLinesDropped == 1 })
                let again = try DatagramInbox(at: path)
                #expect(try ask(address, "a.example", "/3").status == 200)
                #expect(again.next()?.contains(" target=/3 ") == true)
            }
            let proxy = try ReverseProxy(
                configuration: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try? FileManager.default.removeItem(atPath: path)
            await #expect(throws: ProxyStartError.self) { try await proxy.start() }
        }

        @Test("what may tell who somebody is can be left out")
        func redaction() async throws {
            let lines = try await lines { $0.redacted = [.client, .query] }
            #expect(lines.allSatisfy { !$0.contains("127.0.0.1:") || $0.contains("\"endpoint\":\"127.0.0.1:") })
            let first = LogLine(text: try #require(lines.first))
            #expect(first.text("client") == "127.0.0.0" && first.text("peer") == "127.0.0.0")
            #expect(first.text("target") == "/x?")
            let combined = try await self.lines {
                $0.format = .combined
                $0.redacted = [.query]
            }
            #expect(combined.first?.contains("token") == false)
        }

        @Test("only failures, or a share of what is none")
        func selection() async throws {
            let failures = try await lines { $0.only = .failures }
            #expect(failures.map { LogLine(text: $0).code } == ["route.unknown_domain"])
            let none = try await lines { $0.sample = 0 }
            #expect(none.map { LogLine(text: $0).code } == ["route.unknown_domain"])
            let slow = try await lines {
                $0.only = .failures
                $0.slowerThan = .zero
            }
            #expect(slow.map { LogLine(text: $0).number("status") } == [200, 421])
        }

        @Test("a file that was moved away is made anew when it is told to, and nothing is lost")
        func rotation() async throws {
            let directory = try TemporaryDirectory()
            let (path, moved) = (directory.path + "/access.log", directory.path + "/access.log.1")
            let origin = try Origin.ok()
            let settings = configuration([.init("a.example", endpoints: [.init(origin.text)])]) {
                var log = AccessLogSettings()
                log.target = .file(path)
                $0.accessLog = .lines(log)
            }
            func targets(_ path: String) -> [String] {
                // Foundation leaks what it reads files of no length into.
                let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size]) as? Int ?? 0
                let text = size > 0 ? (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" : ""
                return text.split(separator: "\n").compactMap { LogLine(text: String($0)).text("target") }
            }
            try await withRunning(settings) { proxy, address in
                #expect(try ask(address, "a.example", "/1").status == 200)
                #expect(await eventually { targets(path) == ["/1"] })
                try FileManager.default.moveItem(atPath: path, toPath: moved)
                #expect(try ask(address, "a.example", "/2").status == 200)
                #expect(await eventually { targets(moved) == ["/1", "/2"] })
                try await proxy.reopenLog()
                #expect(try ask(address, "a.example", "/3").status == 200)
                #expect(await eventually { targets(path) == ["/3"] })
                // Where no file can be made, the one that is open stays.
                try FileManager.default.removeItem(atPath: moved)
                try FileManager.default.moveItem(atPath: path, toPath: moved)
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
                #expect(await (try? proxy.reopenLog()) == nil)
                #expect(try ask(address, "a.example", "/4").status == 200)
                #expect(await eventually { targets(moved) == ["/3", "/4"] })
            }
        }

        @Test("a pipe that nobody reads fails the start instead of holding it up")
        func pipe() async throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/pipe"
            #expect(ChildProcess.run("mkfifo", path) == 0)
            let settings = configuration([.init("a.example", endpoints: ["127.0.0.1:9"])]) {
                var log = AccessLogSettings()
                log.target = .file(path)
                $0.accessLog = .lines(log)
            }
            let proxy = try ReverseProxy(
                configuration: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            await #expect(throws: ProxyStartError.self) { try await proxy.start() }
        }

        @Test("what a log leaves out, why leaves out as well")
        func redactedStories() async throws {
            let settings = configuration([.init("a.example", endpoints: ["127.0.0.1:9"])]) {
                var log = AccessLogSettings()
                log.redacted = [.client, .query]
                log.target = .file("/dev/null")
                $0.accessLog = .lines(log)
            }
            try await withRunning(settings) { proxy, address in
                #expect(try ask(address, "a.example", "/x?secret=1").status == 502)
                let story = try #require(await proxy.recentRequests().first)
                #expect(story.client == "127.0.0.0" && story.target == "/x?")
                let told = story.timeline.map(\.text).joined()
                #expect(!told.contains("secret") && !told.contains("connection of"))
            }
        }

        @Test("a full disk stops no request, and what it does not take is counted")
        func fullDisk() async throws {
            let origin = try Origin.ok()
            let settings = configuration([.init("a.example", endpoints: [.init(origin.text)])]) {
                var log = AccessLogSettings()
                log.target = .file("/dev/full")
                $0.accessLog = .lines(log)
            }
            try await withRunning(settings) { proxy, address in
                for _ in 0..<5 {
                    let status = try ask(address, "a.example").status
                    #expect(status == 200)
                }
                #expect(await eventually { await proxy.statistics().logLinesDropped == 5 })
            }
        }

        @Test("a file that cannot be opened fails the start, and is named")
        func unwritable() async throws {
            let settings = configuration([.init("a.example", endpoints: ["127.0.0.1:9"])]) {
                var log = AccessLogSettings()
                log.target = .file("/nowhere/access.log")
                $0.accessLog = .lines(log)
            }
            let proxy = try ReverseProxy(
                configuration: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            var failure: ProxyStartError?
            do throws(ProxyStartError) {
                try await proxy.start()
            } catch {
                failure = error
            }
            #expect(failure?.file == "/nowhere/access.log")
            let words = "cannot write the access log to /nowhere/access.log: No such file or directory (open)"
            #expect(failure.map { "\($0)" } == words)
        }
    }
}
