// The proxy as a service of swift-service-lifecycle.
// Signals are the service group's matter.

public import ServiceLifecycle

extension ReverseProxy: Service {
    /// Starts (unless it was started before) and serves until the task is cancelled or a graceful shutdown is asked
    /// for; then drains for the configured `shutdown` time.
    /// - Throws: ``ProxyStartError`` if it cannot start.
    public func run() async throws {
        if isNew { try await start() }
        await withTaskCancellationOrGracefulShutdownHandler {
            await waitUntilStopped()
        } onCancelOrGracefulShutdown: {
            Task { await self.shutdown() }
        }
    }
}
