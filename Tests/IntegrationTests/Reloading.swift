// What tests of reloads have in common: a public proxy that runs, and one question of a client.
// Not for expectations.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoPolicy
import TestSupport

/// A test whose proxy gets another configuration while it runs.
protocol Reloading {}

extension Reloading {
    /// Two workers, streams that leave soon.
    func configuration(
        _ domains: [ProxyConfiguration.Domain], _ change: (inout ProxyConfiguration) -> Void = { _ in }
    ) -> ProxyConfiguration {
        var configuration = ProxyConfiguration.loopback(domains, workers: 2)
        configuration.timeouts.drain = .milliseconds(400)
        change(&configuration)
        return configuration
    }

    /// Runs a test's body with a proxy and ends the proxy whatever happens.
    func withRunning(
        _ configuration: ProxyConfiguration, _ body: (ReverseProxy, SocketAddress) async throws -> Void
    ) async throws {
        let proxy = try ReverseProxy(
            configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let address = try await proxy.start()[0]
        do {
            try await body(proxy, address)
        } catch {
            await proxy.shutdown(within: .zero)
            throw error
        }
        await proxy.shutdown(within: .seconds(1))
    }

    /// The answer to a GET on a new connection.
    func ask(_ address: SocketAddress, _ host: String, _ path: String = "/") throws -> RawResponse {
        let client = try Client(address)
        try client.get(host, path)
        return try client.response()
    }
}

/// Threads that ask until they are told to end.
final class Load: Sendable {
    private let isOver = Watched(false)
    private let running: Watched<Int>
    private let statuses = Watched<Set<Int>>([])

    /// Begins so many threads; `ask` gives the status of an answer.
    init(_ count: Int, _ ask: @escaping @Sendable () throws -> Int) {
        running = Watched(count)
        for _ in 0..<count { Thread.detachNewThread { self.repeat(ask) } }
    }

    private func `repeat`(_ ask: () throws -> Int) {
        while !isOver.current {
            let status = (try? ask()) ?? 0
            statuses.change { _ = $0.insert(status) }
        }
        running.change { $0 -= 1 }
    }

    /// Ends them, and tells which statuses there were; 0 stands for no answer.
    func end() -> Set<Int> {
        isOver.change { $0 = true }
        running.wait { $0 == 0 }
        return statuses.current
    }
}
