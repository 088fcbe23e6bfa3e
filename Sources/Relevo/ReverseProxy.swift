// The proxy as a library: the only public way to run one.
// Configuration files and command lines are not known here.

public import CLibevent
public import Logging
@_exported public import RelevoPolicy
import RelevoProxy
import Synchronization
public import Tracing

/// A reverse proxy inside your process.
///
/// ```swift
/// let proxy = try ReverseProxy(
///     configuration: ProxyConfiguration(
///         listeners: ["127.0.0.1:8080"],
///         domains: [.init("a.example", endpoints: ["10.0.0.1", "10.0.0.2:8080"])]),
///     logger: Logger(label: "proxy"))
/// let addresses = try await proxy.start()
/// …
/// await proxy.shutdown(within: .seconds(30))
/// ```
///
/// It installs no signal handler, never ends the process and writes nowhere but to the logger and, if configured, the
/// access log. Several proxies may run in one process. All methods may be called from any thread or task.
public final class ReverseProxy: Sendable {
    private enum State {
        case new
        case starting
        case running(WorkerGroup, Outlets)
        case stopping(WorkerGroup, Outlets)
        case stopped
    }

    /// A checked configuration with the files that it names.
    struct Material: Sendable {
        let snapshot: ProxySnapshot
        /// Nil when they are served: others may have taken their place since.
        private(set) var certificates: ListenerCertificates?
        let clusterCertificates: ClusterCertificates
        let warnings: [ConfigurationProblem]

        let ticketKeys: SharedTicketKeys
        /// The files that are followed beside certificates, as they were before they were read.
        let marks: [String: FileMark]

        /// - Parameters:
        ///   - served: what is served, if it is; then nothing is read for which one would have to wait.
        ///   - ticketKeys: the keys to begin with; nil for new ones.
        init(
            _ configuration: ProxyConfiguration, after served: Material? = nil, ticketKeys: SharedTicketKeys? = nil
        ) throws(ConfigurationError) {
            snapshot = try SnapshotBuilder.build(configuration, after: served?.snapshot)
            if served != nil { try snapshot.refuseFilesThatWait() }
            marks = snapshot.marksOfOthers
            self.ticketKeys = served?.ticketKeys ?? ticketKeys ?? SharedTicketKeys()
            let certificates = try ListenerCertificates(
                snapshot, mayWait: served == nil, ticketKeys: self.ticketKeys)
            clusterCertificates = try ClusterCertificates(snapshot, after: served?.clusterCertificates)
            warnings = snapshot.warnings + certificates.warnings
            self.certificates = certificates
        }

        /// The same, when it is served.
        var withoutCertificates: Material {
            var copy = self
            copy.certificates = nil
            return copy
        }
    }

    private let material: Mutex<Material>
    let logger: Logger
    private let hook: RequestHook?
    private let tracer: (any Tracer)?
    /// What somebody has to know to have requests explained.
    let explanationToken = Mutex<[UInt8]?>(nil)
    /// What another proxy has left to this one; let go of when it is used.
    private let inheritance: Mutex<Inheritance?>
    let reloads = Turnstile()
    private let state = Mutex(State.new)
    private let started = Completion()
    private let stopped = Completion()

    /// Checks a configuration and reads the certificates that it names; nothing is opened yet.
    /// - Parameters:
    ///   - configuration: what to serve.
    ///   - logger: told of what operators should know: start, stop, unresolved names, exhausted descriptors.
    ///   - inheritance: what another proxy has left to this one, or sockets that a service manager has opened.
    ///   - tracer: gets a span for each valid request and each attempt at an endpoint, on workers' threads, in place of
    ///     the collector of the configuration; it must not block. What it injects goes to endpoints.
    ///   - onRequest: called for each valid request on a worker's thread, before routing; must not block.
    /// - Throws: all problems of the configuration at once.
    public init(
        configuration: ProxyConfiguration, logger: Logger, inheriting inheritance: Inheritance? = nil,
        tracer: (any Tracer)? = nil, onRequest: RequestHook? = nil
    ) throws(ConfigurationError) {
        let keys = inheritance.flatMap { SharedTicketKeys($0.state.ticketKeys) }
        material = Mutex(try Material(configuration, ticketKeys: keys))
        self.inheritance = Mutex(inheritance)
        self.logger = logger
        hook = onRequest
        self.tracer = tracer
    }

    /// Opens all listeners and starts the workers; returns when clients are served.
    ///
    /// Endpoints that are names are looked up first, for five seconds at most; a name without an address makes that
    /// endpoint down until it has one, never the start fail.
    /// - Returns: where clients are accepted, in the order of the listeners; port 0 has become a real port.
    /// - Throws: ``ProxyStartError`` if a listener cannot be opened; nothing is left open then.
    @discardableResult
    public func start() async throws(ProxyStartError) -> [SocketAddress] {
        let mayStart = state.withLock { state in
            guard case .new = state else { return false }
            state = .starting
            return true
        }
        guard mayStart else { throw ProxyStartError.notNew }
        defer { started.complete() }
        for warning in warnings { logger.warning("\(warning)") }
        var outlets = Outlets.none
        do {
            let material = served
            outlets = try await Outlets.open(material.snapshot.configuration, tracing: tracer == nil) { [logger] in
                Self.report($0, to: logger)
            }
            var settings = settings(material, outlets)
            // Sockets that no listener wants are closed with it.
            inheritance.withLock { inheritance in
                if let inheritance { settings.take(inheritance) }
                inheritance = nil
            }
            let group = try await WorkerGroup.start(material.snapshot, settings)
            replace(with: material.withoutCertificates)
            state.withLock { $0 = .running(group, outlets) }
            logger.info(
                "listening",
                metadata: [
                    "addresses": .array(group.addresses.map { .string($0.description) }),
                    "serving": .string(material.snapshot.summary),
                ])
            return group.addresses
        } catch {
            await outlets.finish(within: .seconds(1))
            state.withLock { $0 = .stopped }
            stopped.complete()
            throw ProxyStartError(error)
        }
    }

    /// Stops accepting, lets running exchanges finish for at most `limit` (the configured `shutdown` time if nil), then
    /// ends every thread. Returns when nothing of the proxy is left; calling it again waits for the first call.
    ///
    /// While a hand-over lets clients go in their own time, this hastens it.
    public func shutdown(within limit: Duration? = nil) async {
        await end(within: limit ?? served.snapshot.timeouts.shutdown, .prompt, leaving: [])
    }

    func end(within limit: Duration, _ manner: DrainManner, leaving paths: [String]) async {
        if !isNew { await started.wait() }
        let (running, ending): ((WorkerGroup, Outlets)?, WorkerGroup?) = state.withLock { state in
            switch state {
            case .running(let group, let outlets):
                state = .stopping(group, outlets)
                return ((group, outlets), nil)
            case .stopping(let group, _): return (nil, group)
            case .new, .starting, .stopped: return (nil, nil)
            }
        }
        guard let (group, outlets) = running else {
            await ending?.hasten(within: limit)
            if !isNew { await stopped.wait() }
            return
        }
        await group.shutdown(within: limit, manner, leaving: paths)
        await outlets.finish(within: .seconds(1))
        state.withLock { $0 = .stopped }
        logger.info("stopped")
        stopped.complete()
    }

    /// Returns when the proxy has stopped.
    public func waitUntilStopped() async { await stopped.wait() }

    /// What the proxy has done so far; zeros unless it runs or finishes what runs.
    public func statistics() async -> ProxyStatistics {
        let living: (WorkerGroup, Outlets)? = state.withLock { state in
            switch state {
            case .running(let group, let outlets), .stopping(let group, let outlets): (group, outlets)
            case .new, .starting, .stopped: nil
            }
        }
        guard let (group, outlets) = living else { return ProxyStatistics() }
        return ProxyStatistics(
            await group.statistics(), certificates: group.certificates, outlets)
    }

    /// Where clients are accepted now, in the order of the listeners, with real ports; empty unless the proxy runs.
    public var addresses: [SocketAddress] { runningGroup?.addresses ?? [] }

    /// What works, but should be looked at; logged when the proxy starts.
    public var warnings: [ConfigurationProblem] { served.warnings }

    /// What is served, or will be.
    var served: Material { material.withLock(\.self) }

    /// Opens the file of the access log anew, if there is one: call it when the file has been moved away. Any thread.
    /// - Throws: `SystemError` if it cannot be opened; then the file from before stays in use.
    public func reopenLog() async throws(SystemError) {
        if let reason = await runningOutlets?.log?.reopen() { throw reason }
    }

    func replace(with next: Material) { material.withLock { $0 = next } }

    /// Where it writes about requests, while it runs.
    var runningOutlets: Outlets? {
        state.withLock { if case .running(_, let outlets) = $0 { outlets } else { nil } }
    }

    /// The workers, while they run.
    var runningGroup: WorkerGroup? {
        state.withLock { if case .running(let group, _) = $0 { group } else { nil } }
    }

    /// Whether it accepts nobody any more and finishes what runs.
    public var isStopping: Bool { state.withLock { if case .stopping = $0 { true } else { false } } }

    /// Whether it has run and does no more.
    var hasStopped: Bool { state.withLock { if case .stopped = $0 { true } else { false } } }

    var isNew: Bool { state.withLock { if case .new = $0 { true } else { false } } }

    func settings(_ material: Material, _ outlets: Outlets) -> GroupSettings {
        var settings = GroupSettings(
            hook: hook, log: outlets.log, notify: { [logger] in Self.report($0, to: logger) },
            seed: UInt64.random(in: 0...UInt64.max))
        settings.explanationToken = explanationToken.withLock(\.self)
        if let tracer { settings.tracer = TracerBridge(tracer: tracer) } else { settings.spans = outlets.spans }
        settings.certificates = material.certificates
        settings.marksOfOthers = material.marks
        settings.clusterCertificates = material.clusterCertificates
        settings.othersChanged = { [weak self] paths in
            Task { [weak self] in await self?.readAgain(paths) }
        }
        return settings
    }

    private static func log(
        _ isTrouble: Bool, _ text: String, _ details: [(name: String, value: String)], _ logger: Logger
    ) {
        logger.log(
            level: isTrouble ? .warning : .notice, "\(text)",
            metadata: Dictionary(details.map { ($0.name, .string($0.value)) }) { first, _ in first })
    }

    static func report(_ notice: ProxyNotice, to logger: Logger) {
        switch notice {
        case .acceptingPaused(let address, let error):
            logger.error(
                "accepting rests",
                metadata: ["listener": .string(address.description), "reason": .string(error.description)])
        case .acceptingResumed(let address):
            logger.info("accepting again", metadata: ["listener": .string(address.description)])
        case .connectionsFull(let count):
            logger.warning(
                "client connections are at their bound: new ones wait",
                metadata: ["worker_connections": .stringConvertible(count)])
        case .proxyHeadersRefused(let peer, let reason, let count):
            logger.warning(
                "connection closed for want of a PROXY header",
                metadata: [
                    "peer": .string(peer.description), "reason": .string(reason), "count": .stringConvertible(count),
                ])
        case .handshakesFull(let count):
            logger.warning(
                "TLS handshakes are at their bound: new clients wait",
                metadata: ["worker_handshakes": .stringConvertible(count)])
        case .handshakesFailed(let report): logger.notice("TLS handshakes failed", metadata: metadata(of: report))
        case .nameUnresolved(let endpoint, let reason):
            logger.warning(
                "name not resolved: the endpoint keeps the addresses that it has, or is down without any",
                metadata: ["endpoint": .string(endpoint), "reason": .string(reason)])
        case .nameResolved(let endpoint, let addresses):
            logger.info(
                "name resolved",
                metadata: [
                    "endpoint": .string(endpoint), "addresses": .array(addresses.map { .string($0.description) }),
                ])
        case .nameAnswers(let endpoint):
            logger.info("name resolved again, nothing has changed", metadata: ["endpoint": .string(endpoint)])
        case .nameGone(let endpoint):
            logger.warning(
                "endpoint is down: its name does not exist any more", metadata: ["endpoint": .string(endpoint)])
        case .healthChanged(let cluster, let change):
            let isWorse =
                switch change.to {
                case .down, .ejected: true
                case .up, .unchecked, .draining, .disabled: false
                }
            logger.log(
                level: isWorse ? .warning : .notice, "\(change.text)", metadata: ["cluster": .string(cluster)])
        case .connectionsBounded(let count, let descriptors):
            logger.notice(
                "client connections are bounded by descriptors",
                metadata: ["connections": .stringConvertible(count), "descriptors": .stringConvertible(descriptors)])
        case .file(let notice): log(notice.isTrouble, notice.text, notice.details, logger)
        case .outlet(let notice): log(notice.isTrouble, notice.text, notice.details, logger)
        }
    }
}
