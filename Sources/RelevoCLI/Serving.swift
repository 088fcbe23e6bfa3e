// Starts a proxy and serves until a signal ends it: what `run` and `demo` have in common.
// The only place that handles signals.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoAdmin
import RelevoConfig

/// A proxy that owns its process.
struct Serving {
    let proxy: ReverseProxy
    let logger: Logger
    private let lines: LineWriter
    /// The file that is read again by a reload; nil if there is none.
    private let file: String?
    private let adminSettings: AdminSettings?
    private let notices = ServiceNotices()

    /// Checks a configuration and makes a proxy of it.
    /// - Parameter file: the file that is read again by a reload; nil if there is none.
    init(_ loaded: LoadedConfiguration, file: String? = nil) throws {
        guard let lines = try? LineWriter(descriptor: 2) else {
            throw CommandFailure(status: .start, message: "relevo: no thread for the log")
        }
        let logger = Logger(label: "relevo") { _ in LineLogHandler(writer: lines) }
        self.lines = lines
        self.logger = logger
        self.file = file
        adminSettings = loaded.configuration.admin
        do {
            proxy = try ReverseProxy(configuration: loaded.configuration, logger: logger)
        } catch {
            throw loaded.failure(error)
        }
    }

    /// Starts and serves; returns after the last exchange. `ready` is called when clients are served.
    func serve(ready: ([SocketAddress]) -> Void = { _ in }) async throws {
        Descriptors.raiseLimit()
        let (signals, continuation) = AsyncStream.makeStream(of: Int32.self)
        let watcher = try? ProcessSignals([SIGTERM, SIGINT, SIGHUP]) { continuation.yield($0) }
        guard let watcher else { throw CommandFailure(status: .start, message: "relevo: cannot watch signals") }
        var admin: AdminServer?
        do {
            admin = try openAdmin()
            let addresses = try await proxy.start()
            notices.ready(addresses)
            ready(addresses)
        } catch {
            admin?.stop()
            await lines.finish(within: .seconds(1))
            throw CommandFailure(status: .start, message: "relevo: \(error)")
        }
        await untilStopped(signals)
        admin?.stop()
        await lines.finish(within: .seconds(1))
        withExtendedLifetime(watcher) {}
    }

    /// Opens the admin listener, if there is one. Without it the proxy does not start: who has configured it will miss
    /// it when there is no time to look why.
    private func openAdmin() throws(AdminError) -> AdminServer? {
        guard let adminSettings else { return nil }
        let api = AdminAPI(proxy, version: Version.number) { await reload(dryRun: $0) }
        let server = try AdminServer(adminSettings) { await api.answer($0) }
        logger.info("admin listener open", metadata: ["address": .string(server.address.description)])
        return server
    }

    private func untilStopped(_ signals: AsyncStream<Int32>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await proxy.waitUntilStopped() }
            group.addTask { await handle(signals) }
            let life = Task { await notices.live(proxy) }
            await group.next()
            life.cancel()
            group.cancelAll()
        }
    }

    private func handle(_ signals: AsyncStream<Int32>) async {
        var isStopping = false
        for await number in signals {
            let name = ProcessSignals.name(number)
            guard number != SIGHUP else {
                Task { await reload() }
                continue
            }
            if isStopping {
                logger.warning("second signal: ending at once", metadata: ["signal": .string(name)])
                exit(ExitStatus.success.rawValue)
            }
            isStopping = true
            notices.stopping()
            logger.info("stopping: running exchanges may finish", metadata: ["signal": .string(name)])
            Task { await proxy.shutdown() }
        }
    }
}

extension Serving {
    /// Reads the file again and serves what it says, or says why everything stays as it is.
    private func reload() async {
        switch await reload(dryRun: false) {
        case .success(let outcome): for line in outcome.plan { logger.info("\(line)") }
        case .failure(let refusal):
            logger.error("not reloaded: everything stays as it is")
            for line in refusal.words.split(separator: "\n") { logger.error("\(line)") }
        }
    }

    /// Reads the file again and serves what it says, or only tells what would change.
    private func reload(dryRun: Bool) async -> Result<AdminReload, AdminRefusal> {
        guard let file else { return .failure(AdminRefusal("there is no file to reload")) }
        if !dryRun { notices.reloading() }
        defer { if !dryRun { notices.ready(proxy.addresses) } }
        do {
            let loaded = try LoadedConfiguration.read(file)
            do {
                if dryRun {
                    let plan = try proxy.plan(for: loaded.configuration)
                    guard plan.needsRestart.isEmpty else { throw ReloadError.needsRestart(plan.needsRestart) }
                    return .success(AdminReload(plan))
                }
                return .success(AdminReload(try await proxy.reload(loaded.configuration)))
            } catch let error as ConfigurationError {
                throw loaded.failure(error)
            } catch ReloadError.configuration(let error) {
                throw loaded.failure(error)
            }
        } catch let failure as CommandFailure {
            return .failure(AdminRefusal(failure.message, status: 422))
        } catch ReloadError.notRunning {
            return .failure(AdminRefusal("\(ReloadError.notRunning)", status: 503))
        } catch {
            return .failure(AdminRefusal("\(error)"))
        }
    }
}

extension LoadedConfiguration {
    /// The failure for a configuration whose text is right and whose sense is not.
    func failure(_ error: ConfigurationError) -> CommandFailure {
        CommandFailure(
            status: .configuration, message: ConfigurationDiagnostics.render(error.problems, text: text))
    }

    /// Reads a file, with the process' environment.
    static func read(_ path: String) throws -> LoadedConfiguration {
        do {
            return try ConfigurationLoader(environment: ProcessInfo.processInfo.environment).load(path: path)
        } catch {
            throw CommandFailure(status: .configuration, message: error.rendered())
        }
    }
}
