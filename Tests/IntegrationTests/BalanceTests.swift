// How clients are spread over workers, whatever the kernel's hash says.
// Not for how requests are spread over endpoints.

import RelevoPolicy
@testable import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Clients over workers") struct Balance {
        /// Most and fewest connections of a worker.
        private static func spread(_ proxy: TestProxy) -> Int {
            let counts = proxy.group.balance.connections
            return (counts.max() ?? 0) - (counts.min() ?? 0)
        }

        @Test("no worker has many more clients than another, and each client is served", arguments: 0..<3)
        func spread(_ run: Int) async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)], workers: 4)) { proxy in
                var clients: [Client] = []
                for count in 1...80 {
                    let client = try proxy.client()
                    try client.get("a.example")
                    #expect(try client.response().text == "ok")
                    clients.append(client)
                    #expect(proxy.group.balance.connections.reduce(0, +) == count)
                    #expect(Self.spread(proxy) <= AcceptBalance.tolerance(count) + 1)
                }
                #expect(await proxy.group.statistics().connectionsOpen == 80)
                clients = []
                #expect(await proxy.isQuiet())
                #expect(await eventually { proxy.group.balance.connections == [0, 0, 0, 0] })
            }
        }

        @Test("many at the same moment are spread as well, and all are served")
        func burst() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)], workers: 4)) { proxy in
                let clients = try (0..<200).map { _ in try proxy.client() }
                for client in clients { try client.get("a.example") }
                for client in clients { #expect(try client.response().text == "ok") }
                #expect(Self.spread(proxy) <= AcceptBalance.tolerance(100) + 4)
            }
        }

        @Test("a client that is on its way to a worker when the proxy stops is answered or sees its end")
        func stopping() async throws {
            let origin = try Origin.ok()
            let proxy = try await TestProxy.start(.loopback([.to("a.example", origin)], workers: 4))
            let clients = try (0..<100).map { _ in try proxy.client() }
            for client in clients { try client.get("a.example") }
            await proxy.stop()
            for client in clients {
                let received = client.readToEnd().bytes
                #expect(received.isEmpty || received.starts(with: Array("HTTP/1.1 200".utf8)))
            }
            #expect(proxy.group.balance.connections == [0, 0, 0, 0])
        }
    }
}
