// Reloads that open and close listeners, or change what clients meet there: nobody is refused who comes to one that
// stays, and nothing is changed if one cannot be opened.

import CLibevent
import Foundation
import Relevo
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Reload of listeners") struct ReloadListeners: Reloading {
        private func listening(
            _ listeners: [ProxyConfiguration.Listener], _ origin: Origin
        ) -> ProxyConfiguration {
            configuration([.init("a.example", endpoints: [.init(origin.text)])]) { $0.listeners = listeners }
        }

        @Test("a listener that is added serves, and one that is removed is gone; the third never misses a client")
        func addAndRemove() async throws {
            let origin = try Origin.ok("hello")
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/proxy.sock"
            let before = listening(["127.0.0.1:0", "127.0.0.2:0"], origin)
            try await withRunning(before) { proxy, address in
                let gone = try await proxy.reload(before).addresses[1]
                let load = Load(3) { try ask(address, "a.example").status }
                let report = try await proxy.reload(
                    listening([.init("unix:\(path)"), "127.0.0.3:0", "127.0.0.1:0"], origin))
                #expect(
                    report.plan.lines == [
                        "- listener 127.0.0.2:0", "+ listener unix:\(path)", "+ listener 127.0.0.3:0",
                    ])
                #expect(report.addresses.count == 3 && report.addresses[2] == address)
                for each in report.addresses { #expect(try ask(each, "a.example").text == "hello") }
                #expect(throws: (any Error).self) { try Client(gone) }
                for _ in 0..<20 {
                    try await proxy.reload(before)
                    #expect(!directory.contains("proxy.sock"))
                    let next = try await proxy.reload(listening([.init("unix:\(path)"), "127.0.0.1:0"], origin))
                    #expect(try ask(next.addresses[0], "a.example").text == "hello")
                }
                #expect(load.end() == [200])
            }
            #expect(!directory.contains("proxy.sock"))
        }

        @Test(
            "clients of a listener that is gone finish their request or send one more, are told, and are let go in time"
        )
        func clientsOfTheGone() async throws {
            let mayAnswer = Gate()
            let origin = try Origin { connection in
                while true {
                    try connection.readRequest()
                    if connection.receivedText.contains("GET /slow") { mayAnswer.pass() }
                    try connection.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            }
            let before = listening(["127.0.0.1:0", "127.0.0.2:0"], origin)
            try await withRunning(before) { proxy, _ in
                let second = try await proxy.reload(before).addresses[1]
                let (silent, idle, busy) = (try Client(second), try Client(second), try Client(second))
                for client in [silent, idle, busy] {
                    try client.get("a.example")
                    #expect(try client.response().status == 200)
                }
                try busy.get("a.example", "/slow")
                #expect(await eventually { origin.requestCount == 4 })
                try await proxy.reload(listening(["127.0.0.1:0"], origin))
                mayAnswer.open()
                try idle.get("a.example")
                for client in [busy, idle] {
                    let last = try client.response()
                    #expect(last.status == 200 && last.field("Connection") == "close")
                    #expect(client.end() == .orderly)
                }
                #expect(silent.end() == .orderly)
            }
        }

        @Test("one that cannot be opened leaves everything as it was, and nothing of the others behind")
        func taken() async throws {
            let origin = try Origin.ok("hello")
            let other = try Wire.listen(on: .loopback(port: 0))
            let taken = "127.0.0.1:\(other.localPort)"
            let directory = try TemporaryDirectory()
            let before = listening(["127.0.0.1:0"], origin)
            try await withRunning(before) { proxy, address in
                let path = "\(directory.path)/proxy.sock"
                let wrong = listening([.init("unix:\(path)"), .init(taken)], origin)
                let error = await #expect(throws: ReloadError.self) { try await proxy.reload(wrong) }
                let words = error?.description ?? ""
                #expect(words.contains(taken) && words.contains("in use"), "\(words)")
                #expect(!directory.contains("proxy.sock"))
                let (answer, plan) = (try ask(address, "a.example"), try proxy.plan(for: before))
                #expect(answer.text == "hello" && plan.isEmpty)
            }
        }

        @Test("the same port of another address may be somebody else's: that is looked at")
        func foreign() async throws {
            let origin = try Origin.ok("hello")
            let before = listening(["127.0.0.1:0"], origin)
            try await withRunning(before) { proxy, address in
                let other = SocketAddress.ipv4(address: 0x7F00_0002, port: address.port ?? 0)
                // It shares its port, as another proxy would.
                let taken = try ListeningSocket(other, refuseIfTaken: false)
                let error = await #expect(throws: ReloadError.self) {
                    try await proxy.reload(listening(["127.0.0.1:0", .init("\(other)")], origin))
                }
                let words = error?.description ?? ""
                #expect(words.contains("in use"), "\(words)")
                withExtendedLifetime(taken) {}
            }
        }

        @Test("from one address to all of them and back, on the same port")
        func allAddresses() async throws {
            let origin = try Origin.ok("hello")
            let first = listening(["127.0.0.1:0"], origin)
            try await withRunning(first) { proxy, address in
                let port = try #require(address.port)
                for _ in 0..<5 {
                    for listeners in [["0.0.0.0:\(port)"], ["127.0.0.1:\(port)"]] {
                        try await proxy.reload(listening(listeners.map { .init($0) }, origin))
                        for _ in 0..<4 { #expect(try ask(address, "a.example").text == "hello") }
                    }
                }
            }
        }

        @Test("what clients meet changes for those who come, and those who are there come again")
        func otherDoor() async throws {
            let origin = try Origin.ok("hello")
            let before = listening(["127.0.0.1:0"], origin)
            try await withRunning(before) { proxy, address in
                let client = try Client(address)
                try client.get("a.example")
                #expect(try client.response().status == 200)
                var redirecting = before
                redirecting.listeners[0].redirect = RedirectToTLS()
                #expect(try await proxy.reload(redirecting).plan.lines == ["~ listener 127.0.0.1:0: redirect"])
                #expect(client.end() == .orderly)
                let moved = try ask(address, "a.example")
                #expect(moved.status == 301 && moved.field("Location") == "https://a.example/")
                var announced = before
                announced.listeners[0].proxyProtocol = .init(from: ["127.0.0.0/8"])
                try await proxy.reload(announced)
                let told = try Client(address)
                try told.send("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n")
                try told.get("a.example")
                #expect(try told.response().text == "hello")
                try await proxy.reload(before)
                #expect(try ask(address, "a.example").text == "hello")
            }
        }
    }
}
