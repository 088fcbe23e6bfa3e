// Starts a proxy and serves until a signal ends it, or another process takes over: what `run` and `demo` share.
// The only place that handles signals. What a reload does is in Serving+Reload.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoAdmin
import RelevoConfig
import Synchronization

/// A proxy that owns its process.
struct Serving {
    let proxy: ReverseProxy
    let logger: Logger
    /// The file that is read again by a reload; nil if there is none.
    let file: String?
    let notices = ServiceNotices()
    let succession: ProcessSuccession
    /// Reloads that were carried out, and those that were refused.
    let reloads = ReloadCount()
    /// What the file said when it was read for the start.
    private let text: String
    private let lines: LineWriter
    private let adminSettings: AdminSettings?
    private let shutdownLimit: Duration
    private let arrival: Arrival

    /// Checks a configuration and makes a proxy of it.
    /// - Parameters:
    ///   - file: the file that is read again by a reload; nil if there is none.
    ///   - arrival: what was there before.
    init(_ loaded: LoadedConfiguration, file: String? = nil, _ arrival: Arrival = .empty) throws {
        guard let lines = try? LineWriter(descriptor: 2) else {
            throw CommandFailure(status: .start, message: "relevo: no thread for the log")
        }
        let logger = Logger(label: "relevo") { _ in LineLogHandler(writer: lines) }
        self.lines = lines
        self.logger = logger
        self.file = file
        text = loaded.text
        adminSettings = loaded.configuration.admin
        shutdownLimit = loaded.configuration.timeouts.shutdown
        self.arrival = arrival
        do {
            proxy = try ReverseProxy(
                configuration: loaded.configuration, logger: logger,
                inheriting: arrival.takeInheritance(besideAdmin: adminSettings))
        } catch {
            throw loaded.failure(error)
        }
        succession = ProcessSuccession(proxy, logger, notices)
    }

    /// Starts and serves; returns after the last exchange. `ready` is called when clients are served.
    /// - Parameter isWatching: whether the file is read again when it changes.
    func serve(watching isWatching: Bool = false, ready: ([SocketAddress]) -> Void = { _ in }) async throws {
        Descriptors.raiseLimit()
        let (signals, continuation) = AsyncStream.makeStream(of: Int32.self)
        let isToStop = Mutex(false)
        let watcher = try? ProcessSignals([SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2]) { number in
            if number == SIGTERM || number == SIGINT { isToStop.withLock { $0 = true } }
            continuation.yield(number)
        }
        guard let watcher else { throw CommandFailure(status: .start, message: "relevo: cannot watch signals") }
        for warning in arrival.warnings { logger.warning("\(warning)") }
        if let claim = arrival.claim {
            logger.info("taking over from another process", metadata: ["process": .stringConvertible(claim.process)])
        }
        var admin: AdminServer?
        do {
            admin = try openAdmin()
            let addresses = try await proxy.start()
            let all = addresses + (admin.map { [$0.address] } ?? [])
            tellUnused(all)
            if let claim = arrival.claim {
                if isToStop.withLock(\.self) { throw AdminError(refusing: "it was told to stop before it served") }
                guard case .success(true) = await Blocking.run({ () throws(AdminError) in claim.serves(at: all) })
                else {
                    throw AdminError(refusing: "the process that was there does not give its place")
                }
            }
            notices.ready(addresses)
            ready(addresses)
        } catch {
            await abandon(admin)
            throw CommandFailure(status: .start, message: "relevo: \(error)")
        }
        let watch = isWatching ? watchFile() : nil
        await untilStopped(signals)
        watch?.end()
        if succession.isOver { admin?.leaveSocket(removingFile: false) }
        admin?.stop()
        succession.take(nil)
        await lines.finish(within: .seconds(1))
        withExtendedLifetime(watcher) {}
    }

    /// Ends what was begun. What was taken over is still served by the one that had it, and keeps its files.
    private func abandon(_ admin: AdminServer?) async {
        let isOwn = { (address: SocketAddress) in
            if case .unix(let path) = address { !arrival.sharedPaths.contains(path) } else { false }
        }
        admin.map { $0.leaveSocket(removingFile: isOwn($0.address)) }
        admin?.stop()
        succession.take(nil)
        let paths = proxy.addresses.filter(isOwn).compactMap { if case .unix(let path) = $0 { path } else { nil } }
        var terms = Succession(limit: .seconds(5), abandonedPaths: Set(paths))
        terms.isPrompt = true
        await proxy.retire(terms)
        await lines.finish(within: .seconds(1))
    }

    /// Has the file read again whenever it changes. Without that the proxy serves all the same.
    private func watchFile() -> FileWatch? {
        guard let file else { return nil }
        do throws(SystemError) {
            let watch = try FileWatch([file], logger: logger) { _ in
                Task {
                    // What is refused while another process takes over would be forgotten if that does not.
                    while succession.isOffering { try? await Task.sleep(for: .milliseconds(200)) }
                    if !succession.isOver { await reload() }
                }
            }
            // It may have changed since it was read.
            if (try? LoadedConfiguration.read(file))?.text != text { Task { await reload() } }
            return watch
        } catch {
            logger.warning("the file is not watched", metadata: ["reason": .string(error.description)])
            return nil
        }
    }

    /// Opens the admin listener, if there is one. Without it the proxy does not start: who has configured it will miss
    /// it when there is no time to look why.
    private func openAdmin() throws(AdminError) -> AdminServer? {
        guard let adminSettings else { return nil }
        let orders = AdminOrders(
            reload: { await reload(dryRun: $0) }, upgrade: { [succession] in await succession.upgrade() },
            handOver: { [succession] in await succession.handOver(to: $0) },
            isHandingOver: { [succession] in succession.hasBegun }, reloads: { [reloads] in reloads.current })
        let api = AdminAPI(proxy, version: Version.number, orders: orders)
        let server = try AdminServer(
            adminSettings, inheriting: try arrival.takeAdminSocket(), onRefusal: { [logger] in Self.tell($0, logger) },
            handler: { await api.answer($0) })
        succession.take(server)
        if let token = server.token { proxy.explainRequests(withToken: token) }
        logger.info("admin listener open", metadata: ["address": .string(server.address.description)])
        return server
    }

    private static func tell(_ refused: AdminRefused, _ logger: Logger) {
        var metadata: Logger.Metadata = [
            "peer": .string(refused.peer), "request": .string(refused.request), "host": .string(refused.host),
            "status": .stringConvertible(refused.status),
        ]
        if let origin = refused.origin { metadata["origin"] = .string(origin) }
        if refused.count > 1 { metadata["count"] = .stringConvertible(refused.count) }
        logger.warning("admin request refused", metadata: metadata)
    }

    /// A service manager's sockets that nobody asked for are closed by now, and whoever configured them wonders.
    private func tellUnused(_ addresses: [SocketAddress]) {
        for address in Set(arrival.serviceAddresses) where !addresses.contains(address) {
            logger.warning(
                "a socket of $LISTEN_FDS is not used: no listener has its address",
                metadata: ["address": .string(address.description)])
        }
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

    private func reopenLog() async {
        do throws(SystemError) {
            try await proxy.reopenLog()
            logger.info("the access log is opened anew")
        } catch {
            logger.error(
                "the access log cannot be opened anew: the file from before stays", metadata: ["reason": "\(error)"])
        }
    }

    private func handle(_ signals: AsyncStream<Int32>) async {
        var isStopping = false
        for await number in signals {
            let name = ProcessSignals.name(number)
            switch number {
            case SIGHUP: Task { await reload() }
            case SIGUSR1: Task { await reopenLog() }
            case SIGUSR2: Task { await succession.upgrade() }
            case _ where isStopping:
                logger.warning("second signal: ending at once", metadata: ["signal": .string(name)])
                exit(ExitStatus.success.rawValue)
            default:
                isStopping = true
                succession.end()
                if !succession.isOver { notices.stopping() }
                logger.info("stopping: running exchanges may finish", metadata: ["signal": .string(name)])
                Task {
                    if succession.isOver { await succession.hasten(within: shutdownLimit) }
                    await proxy.shutdown()
                }
            }
        }
    }
}
