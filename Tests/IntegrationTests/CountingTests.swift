// Statistics and the access log: what is counted adds up, and a log that nobody reads holds nobody up.
// How a line is written byte by byte is tested with RelevoProxy.

import CLibevent
import Logging
import Relevo
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Statistics and log") struct Counting {
        @Test("the counters add up over two workers")
        func addUp() async throws {
            let origin = try Origin.ok("0123456789")
            let configuration = ProxyConfiguration.loopback(
                [
                    .to("a.example", origin),
                    .init("dead.example", endpoints: [.init(try Integration.deadAddress().description)]),
                ], workers: 2)
            let proxy = try ReverseProxy(configuration: configuration, logger: Shutdown.logger)
            let address = try #require(try await proxy.start().first)
            let hosts = ["a.example", "a.example", "dead.example", "c.example"]
            for _ in 0..<6 {
                let client = try Client(address)
                for host in hosts {
                    try client.get(host)
                    _ = try client.response()
                }
                client.wire.close()
            }
            #expect(await eventually { await proxy.statistics().connectionsOpen == 0 })
            let numbers = await proxy.statistics()
            #expect(numbers.connectionsAccepted == 6)
            #expect(numbers.requests == 24)
            #expect(numbers.requestsActive == 0)
            #expect(numbers.answersByStatusClass == [2: 12, 4: 6, 5: 6])
            #expect(numbers.faults == [.routeUnknownDomain: 6, .connectRefused: 6])
            #expect(numbers.connectsFailed == 6)
            let heads = hosts.map { "GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n".utf8.count }
            #expect(numbers.bytesReceived == 6 * heads.reduce(0, +))
            #expect(numbers.bytesSent > 12 * 10)
            await proxy.shutdown(within: .seconds(1))
        }

        @Test("a line says what happened: names, sizes, endpoint, request number")
        func line() async throws {
            let origin = try Origin.ok("0123456789")
            try await withProxy(.loopback([.to("*.example", origin)])) { proxy in
                let client = try proxy.client()
                let request = "POST /p?q=\"1\" HTTP/1.1\r\nHost: A.example\r\nContent-Length: 3\r\n\r\nabc"
                try client.send(request)
                _ = try client.response()
                let line = try proxy.log.line()
                #expect(line.isValid)
                #expect(line.text("domain") == "*.example")
                #expect(line.text("host") == "a.example")
                #expect(line.text("method") == "POST")
                #expect(line.text("target") == "/p?q=\"1\"")
                #expect(line.number("status") == 200)
                #expect(line.number("bytes_received") == request.utf8.count)
                #expect((line.number("bytes_sent") ?? 0) > 10)
                #expect(line.text("cluster") == "*.example")
                #expect(line.text("endpoint") == origin.text)
                #expect(line.number("client_request") == 1)
                #expect(line.text("request_id")?.count == 16)
                #expect(line.text("client") == "127.0.0.1")
                #expect(line.text("peer")?.hasPrefix("127.0.0.1:") == true)
                #expect(line.text("time")?.hasSuffix("Z") == true)
                #expect(line.code == nil)
            }
        }

        @Test(
            "bytes that no JSON could hold are logged as valid JSON",
            arguments: ["/\u{7F}\u{80}", "/\"\\\u{1}", "/\u{FEFF}é"])
        func hostileTarget(_ target: String) async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) { proxy in
                let client = try proxy.client()
                try client.get("a.example", target)
                _ = try client.response()
                #expect(try proxy.log.line().isValid)
            }
        }

        @Test("lines for a reader that has stalled are dropped and counted; requests and the shutdown go on")
        func stalledReader() async throws {
            let pipe = try RawPipe()
            let told = Watched<[Int]>([])
            let writer = try LogWriter(descriptor: pipe.writeEnd) { lines in told.change { $0.append(lines) } }
            let domain = ProxyConfiguration.Domain("a.example", routes: [.init(.respond(status: 200, body: "ok"))])
            let requests = 700
            try await withProxy(.loopback([domain])) {
                $0.log = writer
            } _: { proxy in
                let client = try proxy.client()
                let target = "/" + String(repeating: "x", count: 15_000)
                for _ in 0..<requests {
                    try client.get("a.example", target)
                    #expect(try client.response().text == "ok")
                }
                // The operator is told at once, and of the rest later.
                #expect(await eventually { !told.current.isEmpty })
                await proxy.stop()
                let dropped = writer.droppedLines
                #expect((1..<requests).contains(dropped))
                await writer.finish(within: .milliseconds(100))
                writer.tellOfDrops()
                #expect(told.current.reduce(0, +) == dropped && told.current.allSatisfy { $0 > 0 })
            }
            // The writer's thread is blocked in the pipe until nobody can read it any more.
            pipe.close(pipe.readEnd)
            await writer.finish(within: .seconds(10))
        }

        @Test("a log whose reader has gone away does not end the process")
        func readerGone() async throws {
            let pipe = try RawPipe()
            pipe.close(pipe.readEnd)
            let writer = try LogWriter(descriptor: pipe.writeEnd)
            let domain = ProxyConfiguration.Domain("a.example", routes: [.init(.respond(status: 200, body: "ok"))])
            try await withProxy(.loopback([domain])) {
                $0.log = writer
            } _: { proxy in
                let client = try proxy.client()
                for _ in 0..<3 {
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                }
                await proxy.stop()
                await writer.finish(within: .seconds(10))
                #expect(writer.droppedLines == 3)
            }
            withExtendedLifetime(pipe) {}
        }
    }
}
