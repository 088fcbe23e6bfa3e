// A FlyingFox server with Relevo in front of it, in one process: the whole program.
// The server's routes are in Origin.swift, the look at each request in Gate.swift.

import Foundation
import Logging
import Relevo
import ServiceLifecycle

@main
struct Embedded {
    /// Starts the server, then the proxy; SIGINT or SIGTERM ends them in the other order.
    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let origin = try await Origin.start()

        let proxy = try ReverseProxy(
            configuration: ProxyConfiguration(
                listeners: [.init("127.0.0.1:\(environment["PORT"] ?? "8080")")],
                domains: [
                    .init("www.example", endpoints: [.init(origin.address)]),
                    .init("api.example", endpoints: [.init(origin.address)]),
                ]),
            logger: Logger(label: "proxy"),
            onRequest: Gate(keys: ["secret": "ada"]).judge)

        // Relevo installs no signal handler: the host does, here with swift-service-lifecycle. `run()` returns after
        // the last exchange, so the server stays until nobody needs it any more.
        let group = ServiceGroup(
            services: [proxy], gracefulShutdownSignals: [.sigint, .sigterm], logger: Logger(label: "host"))
        try await group.run()
        await origin.stop()
    }
}
