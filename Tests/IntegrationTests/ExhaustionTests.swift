// Descriptors run out: accepting rests, what is open goes on, and everything recovers by itself.
// Each test has a process of its own: the shortage would meet every test that runs beside it.
// Bounds that are configured are in ListenerTests.

import CLibevent
import Glibc
import RelevoPolicy
@testable import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Out of descriptors") struct Exhaustion {
        @Test("accepting rests, is reported, and goes on: who waited is served")
        func accepting() async {
            await #expect(processExitsWith: .success) {
                let origin = try Origin.ok()
                try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                    let waiting = try (0..<3).map { _ in try Wire.prepare(for: proxy.address) }
                    let shortage = try DescriptorShortage()
                    for wire in waiting {
                        try wire.connect(to: proxy.address)
                        try wire.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    }
                    #expect(proxy.notices.wait { $0.contains { $0.contains("acceptingPaused") } })
                    #expect(waiting.allSatisfy { !$0.isReadable(withinMilliseconds: 0) })
                    shortage.end()
                    for wire in waiting { #expect(try Client(wire).response().text == "ok") }
                    #expect(proxy.notices.wait { $0.contains { $0.contains("acceptingResumed") } })
                    let late = try Integration.ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(late.text == "ok")
                }
            }
        }

        @Test(
            "a request for which no connection can be opened gets 503 and no second try; the next succeeds"
        )
        func connecting() async {
            await #expect(processExitsWith: .success) {
                let origins = try (0..<2).map { _ in try Origin.ok() }
                try await withProxy(.loopback([.to("a.example", origins[0], origins[1])])) { proxy in
                    let client = try proxy.client()
                    try client.get("c.example")
                    #expect(try client.response().status == 421)
                    let shortage = try DescriptorShortage()
                    try client.get("a.example")
                    let response = try client.response()
                    shortage.end()
                    #expect(response.status == 503)
                    #expect(response.code == "proxy.overloaded")
                    let line = try proxy.log.line(1)
                    #expect(line.code == "proxy.overloaded")
                    #expect(line.number("attempts") == 1)
                    // Its own descriptor is one of those that are missing.
                    #expect(client.end() == .orderly)
                    let late = try Integration.ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(late.text == "ok")
                }
            }
        }

        @Test("a connection that waits for its next request makes room for one that has brought one")
        func eviction() async {
            await #expect(processExitsWith: .success) {
                let origin = try Origin.ok()
                try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                    let idle = try proxy.client()
                    try idle.get("c.example")
                    #expect(try idle.response().status == 421)
                    let newcomer = try Wire.prepare(for: proxy.address)
                    let shortage = try DescriptorShortage()
                    try newcomer.connect(to: proxy.address)
                    try newcomer.send("GET / HTTP/1.1\r\nHost: c.example\r\n\r\n")
                    let status = try Client(newcomer).response().status
                    shortage.end()
                    #expect(status == 421)
                    #expect(idle.end() == .orderly)
                }
            }
        }

        @Test("a control thread that cannot have its loop is an error at once: no name would ever get an address")
        func control() async {
            await #expect(processExitsWith: .success) {
                let domain = ProxyConfiguration.Domain("a.example", endpoints: ["a.internal"])
                let snapshot = try SnapshotBuilder.build(.loopback([domain]))
                let settings = GroupSettings(notify: { _ in }, seed: 7)
                // Enough for its two mailboxes.
                let spare = (0..<2).map { _ in dup(0) }
                let shortage = try DescriptorShortage()
                for descriptor in spare { close(descriptor) }
                let error = #expect(throws: SystemError.self) {
                    _ = try ControlLoop(snapshot, settings, workers: [])
                }
                shortage.end()
                #expect(error?.isExhaustion == true)
            }
        }
    }
}
