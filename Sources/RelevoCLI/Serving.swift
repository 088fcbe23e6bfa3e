// Starts a proxy and serves until a signal ends it: what `run` and `demo` have in common.
// The only place that handles signals.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoConfig

/// A proxy that owns its process.
struct Serving {
    let proxy: ReverseProxy
    let logger: Logger
    private let lines: LineWriter
    /// The file that is read again by a reload; nil if there is none.
    private let file: String?

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
        do {
            ready(try await proxy.start())
        } catch {
            await lines.finish(within: .seconds(1))
            throw CommandFailure(status: .start, message: "relevo: \(error)")
        }
        await untilStopped(signals)
        await lines.finish(within: .seconds(1))
        withExtendedLifetime(watcher) {}
    }

    private func untilStopped(_ signals: AsyncStream<Int32>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await proxy.waitUntilStopped() }
            group.addTask { await handle(signals) }
            await group.next()
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
            logger.info("stopping: running exchanges may finish", metadata: ["signal": .string(name)])
            Task { await proxy.shutdown() }
        }
    }
}

extension Serving {
    /// Reads the file again and serves what it says, or says why everything stays as it is.
    private func reload() async {
        guard let file else { return logger.warning("there is no file to reload") }
        if let reason = await outcome(ofReloading: file) {
            logger.error("not reloaded: everything stays as it is")
            for line in reason.split(separator: "\n") { logger.error("\(line)") }
        }
    }

    /// Why a file cannot be reloaded; nil if it was.
    private func outcome(ofReloading file: String) async -> String? {
        do {
            let loaded = try LoadedConfiguration.read(file)
            let result = await result(ofReloading: loaded.configuration)
            switch result {
            case .success(let report):
                for line in report.plan.lines { logger.info("\(line)") }
                return nil
            case .failure(.configuration(let error)): return loaded.failure(error).message
            case .failure(let error): return error.description
            }
        } catch {
            return (error as? CommandFailure)?.message ?? "\(error)"
        }
    }

    private func result(ofReloading configuration: ProxyConfiguration) async -> Result<ReloadReport, ReloadError> {
        do throws(ReloadError) {
            return .success(try await proxy.reload(configuration))
        } catch {
            return .failure(error)
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
