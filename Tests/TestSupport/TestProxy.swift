// A proxy on loopback for one test: its own seed, its own access log in memory, its own notices.
// Not for the public facade, which has tests of its own.

package import CLibevent
import Foundation
package import RelevoPolicy
package import RelevoProxy

/// A running set of workers.
package final class TestProxy: Sendable {
    /// Where the first listener accepts.
    package let address: SocketAddress
    /// The lines of its access log.
    package let log: LogReader
    /// The running workers.
    package let group: WorkerGroup
    /// What the operator was told.
    package let notices: Watched<[String]>
    private let writer: LogWriter

    /// Starts a proxy. `adjust` may change what the workers are given besides the configuration.
    package static func start(
        _ configuration: ProxyConfiguration, adjust: (inout GroupSettings) -> Void = { _ in }
    ) async throws -> TestProxy {
        let snapshot = try SnapshotBuilder.build(configuration)
        let log = try LogReader()
        let writer = try LogWriter(descriptor: log.writeEnd)
        let notices = Watched<[String]>([])
        var settings = GroupSettings(
            log: writer, notify: { notice in notices.change { $0.append("\(notice)") } }, seed: 7)
        settings.certificates = try ListenerCertificates(snapshot)
        settings.clusterCertificates = try ClusterCertificates(snapshot)
        adjust(&settings)
        let group = try await WorkerGroup.start(snapshot, settings)
        return TestProxy(group, log, writer, notices)
    }

    private init(_ group: WorkerGroup, _ log: LogReader, _ writer: LogWriter, _ notices: Watched<[String]>) {
        self.group = group
        self.log = log
        self.writer = writer
        self.notices = notices
        address = group.addresses[0]
    }

    /// A new client's connection to the first listener.
    package func client(receiveBuffer: Int? = nil) throws -> Client {
        try Client(address, receiveBuffer: receiveBuffer)
    }

    /// Ends the proxy; everything that it logged is in ``log`` afterwards.
    package func stop(within limit: Duration = .seconds(1)) async {
        await group.shutdown(within: limit)
        await writer.finish(within: .seconds(Wire.patience))
        log.finish()
    }

    /// Waits until no client's connection is open.
    package func isQuiet() async -> Bool { await eventually { await self.group.statistics().connectionsOpen == 0 } }
}

/// Runs a test's body with a proxy and ends the proxy whatever happens.
package func withProxy(
    _ configuration: ProxyConfiguration, adjust: (inout GroupSettings) -> Void = { _ in },
    _ body: (TestProxy) async throws -> Void
) async throws {
    let proxy = try await TestProxy.start(configuration, adjust: adjust)
    do {
        try await body(proxy)
    } catch {
        await proxy.stop(within: .milliseconds(10))
        throw error
    }
    await proxy.stop()
}

extension ProxyConfiguration {
    /// One worker, one loopback port, short time limits, the given domains.
    package static func loopback(
        _ domains: [Domain], workers: Int = 1, _ adjust: (inout ProxyConfiguration) -> Void = { _ in }
    ) -> ProxyConfiguration {
        var configuration = ProxyConfiguration(workers: workers, listeners: ["127.0.0.1:0"], domains: domains)
        configuration.timeouts.shutdown = .seconds(10)
        adjust(&configuration)
        return configuration
    }
}

extension ProxyConfiguration.Domain {
    /// A domain of which everything goes to the given origins.
    package static func to(
        _ name: String, _ origins: Origin..., mode: ConnectionMode = .keepAlive, forwarded: ForwardedMode = .none
    ) -> ProxyConfiguration.Domain {
        var domain = ProxyConfiguration.Domain(name, endpoints: origins.map { .init($0.text) })
        domain.connection = mode
        domain.forwarded = forwarded
        return domain
    }

    /// The classic mode: bytes go on as they came, but for Connection.
    package static func classic(_ name: String, _ origins: Origin...) -> ProxyConfiguration.Domain {
        var domain = ProxyConfiguration.Domain(name, endpoints: origins.map { .init($0.text) })
        domain.connection = .close
        domain.forwarded = .none
        return domain
    }
}
