// The set of workers and the control thread of one proxy: started together, asked together, stopped together.
// What a worker does is in Worker.swift.

package import CLibevent
import CLibeventDNS
package import RelevoPolicy
import Synchronization

/// Why a proxy could not start. Nothing of it is left running.
package struct StartError: Error, Sendable {
    /// The listener that could not be opened; nil if threads or loops were the matter.
    package let listener: ListenerSpec?
    /// The file that could not be opened, if one was the matter.
    package let file: String?
    /// The system's reason.
    package let reason: SystemError

    /// Creates an error.
    package init(listener: ListenerSpec?, file: String? = nil, reason: SystemError) {
        self.listener = listener
        self.file = file
        self.reason = reason
    }
}

/// What a group needs besides a snapshot.
package struct GroupSettings: Sendable {
    /// The embedding program's look at each request.
    package var hook: RequestHook?
    /// Where access log lines go; nil for no log.
    package var log: LogWriter?
    /// Where spans go; nil for nowhere.
    package var spans: SpanExporter?
    /// The embedding program's own traces, in place of spans.
    package var tracer: (any ExchangeTracer)?
    /// What somebody has to know to have requests explained; nil if nobody can.
    package var explanationToken: [UInt8]?
    /// Where news for the operator goes; any thread.
    package var notify: @Sendable (ProxyNotice) -> Void
    /// Who answers questions for names.
    package var names: NameSourceMaker = DNSResolver.source
    /// How long the start waits for names.
    package var lookupPatience: Duration = .seconds(5)
    /// What listeners need to speak TLS; nil for plain listeners only.
    package var certificates: ListenerCertificates?
    /// What clusters need to speak TLS with their endpoints.
    package var clusterCertificates: ClusterCertificates?
    /// When files are read again.
    package var pace = FilePace()
    /// Called when files have changed that only a reload can take up: authorities, lists of revoked certificates, and
    /// certificates that are shown to endpoints. Any thread.
    package var othersChanged: @Sendable ([String]) -> Void = { _ in }
    /// Those files as they were before they were read.
    package var marksOfOthers: [String: FileMark]?
    /// Listening sockets that somebody else has opened; of use for a start only.
    package var inherited = InheritedListeners()
    /// Orders for endpoints that hold from the start.
    package var orders: [HeldOrder] = []
    /// What cookies are signed with where the configuration names no secret.
    package var secret: [UInt8] = (0..<32).map { _ in UInt8.random(in: 0...255) }
    /// The seed of all dice.
    package var seed: UInt64

    /// Creates settings.
    package init(
        hook: RequestHook? = nil, log: LogWriter? = nil, notify: @escaping @Sendable (ProxyNotice) -> Void,
        seed: UInt64
    ) {
        self.hook = hook
        self.log = log
        self.notify = notify
        self.seed = seed
    }

    /// The same for whoever shows none.
    var withoutCertificates: GroupSettings {
        var copy = self
        copy.certificates = nil
        return copy
    }
}

/// All threads of a running proxy. Any thread may call its methods.
package final class WorkerGroup: Sendable {
    /// Where clients are accepted, in the order of the listeners, with real ports.
    package var addresses: [SocketAddress] { listeners.listeners.map(\.address) }

    /// Who has how many clients.
    package let balance: AcceptBalance

    let workers: [LoopMailbox<Worker>]
    private let threads = Mutex<[LoopThread]>([])
    let control: ControlLoop
    /// The thread that reads certificates again; nil without any.
    private let files = Mutex<FilesLoop?>(nil)
    private let certificateReports = Mutex<[CertificateReport]>([])
    private let open: Mutex<ListenerSet>
    private let epoch = Mutex(0)
    private let hasStopped = Mutex(false)
    let capacities: Mutex<[ClusterCapacity?]>
    /// What is served.
    let served: Mutex<ProxySnapshot>
    let census: ClientCensus
    /// What cookies are signed with where the configuration names no secret.
    package let secret: [UInt8]

    /// Opens the listeners, resolves names for a bounded time, and starts the workers. Returns when all of them listen.
    package static func start(
        _ snapshot: ProxySnapshot, _ settings: GroupSettings
    ) async throws(StartError) -> WorkerGroup {
        let count = snapshot.configuration.workers ?? Processors.count
        let specs = snapshot.listeners
        let places = specs.map { _ in ListenerSet.Place.new }
        let sockets = try ListenerSet().open(specs, workers: count, inheriting: settings.inherited)
        var settings = settings
        // Threads keep their settings, and a socket is open for as long as anybody has it.
        settings.inherited = InheritedListeners()
        let listeners = ListenerSet().replaced(by: specs, places, opened: sockets)
        var entrances = EntrancePlan(contexts: settings.certificates?.contexts ?? [], places: places)
        entrances.meet(listeners)
        let group: WorkerGroup
        do throws(SystemError) {
            let mailboxes = try (0..<count).map { _ throws(SystemError) in try LoopMailbox<Worker>() }
            let control = try ControlLoop(snapshot, settings, workers: mailboxes)
            group = WorkerGroup(snapshot, listeners, settings.secret, workers: mailboxes, control: control)
        } catch {
            sockets.removeFiles()
            throw StartError(listener: nil, reason: error)
        }
        await group.control.followNames(patience: settings.lookupPatience)
        group.control.watch()
        for held in settings.orders {
            _ = await group.order(held.order, endpoint: held.endpoint, ofCluster: held.cluster)
        }
        for index in 0..<count {
            let worker = group.workerSettings(snapshot, settings, entrances, index: index)
            let failure = await group.startThread(worker, sockets.share(of: index, among: count), index)
            guard let failure else { continue }
            await group.shutdown(within: .zero, leaving: listeners.paths(notIn: sockets.paths))
            throw StartError(listener: nil, reason: failure)
        }
        do throws(StartError) {
            try group.followFiles(settings)
        } catch {
            await group.shutdown(within: .zero, leaving: listeners.paths(notIn: sockets.paths))
            throw error
        }
        return group
    }

    /// Begins to serve other certificates when their files change.
    private func followFiles(_ settings: GroupSettings) throws(StartError) {
        guard let loop = try filesLoop(served.withLock(\.self), settings, epoch: 0) else { return }
        certificateReports.withLock { $0 = settings.certificates?.reports ?? [] }
        files.withLock { $0 = loop }
        loop.begin()
    }

    /// The thread that reads certificates again; nil without any.
    func filesLoop(
        _ snapshot: ProxySnapshot, _ settings: GroupSettings, epoch: Int
    ) throws(StartError) -> FilesLoop? {
        guard let certificates = settings.certificates else { return nil }
        let followed = FollowedFiles(
            certificates: certificates, others: snapshot.othersToFollow, marks: settings.marksOfOthers,
            publish: { [weak self] in self?.serve($0, of: epoch) }, othersChanged: settings.othersChanged)
        guard !followed.others.isEmpty || certificates.contexts.contains(where: { $0 != nil }) else { return nil }
        do throws(SystemError) {
            return try FilesLoop(followed, settings.pace, notify: settings.notify)
        } catch {
            throw StartError(listener: nil, reason: error)
        }
    }

    /// Has new clients of the listeners of a reload shown these certificates.
    func serve(_ certificates: ListenerCertificates, of epoch: Int) {
        certificateReports.withLock { $0 = certificates.reports }
        for worker in workers { worker.postAlways { $0.serve(certificates.contexts, of: epoch) } }
    }

    /// Has another thread read certificates again, and ends the one that has so far.
    func follow(by loop: FilesLoop?) async {
        let former = files.withLock { files in
            defer { files = loop }
            return files
        }
        await former?.end()
        // A shutdown that has come meanwhile has seen the former only.
        if hasStopped.withLock(\.self) { await loop?.end() } else { loop?.begin() }
    }

    /// The number of the next reload.
    func nextEpoch() -> Int {
        epoch.withLock { epoch in
            epoch += 1
            return epoch
        }
    }

    /// What is open.
    var listeners: ListenerSet { open.withLock(\.self) }

    /// The paths of the file system that end with the group.
    package var paths: [String] { listeners.paths }

    /// Others are open from now on.
    /// - Returns: the paths that are not any more.
    func replaceListeners(by next: ListenerSet) -> [String] {
        open.withLock { open in
            defer { open = next }
            return open.paths(notIn: next)
        }
    }

    /// The sockets of the open listeners, for whoever takes over.
    package func listeningSockets() async -> InheritedListeners {
        var sockets: [[ListeningSocket]] = listeners.listeners.map { _ in [] }
        for worker in workers {
            let own = await ask(worker, otherwise: []) { $0.listeningSockets }
            for (index, part) in own.enumerated() where sockets.indices.contains(index) { sockets[index] += part }
        }
        return InheritedListeners(
            zip(listeners.listeners, sockets).map {
                .init(configured: $0.spec.address.description, sockets: $1, ownsFile: $0.ownsFile)
            })
    }

    /// The certificates that new clients are shown.
    package var certificates: [CertificateReport] { certificateReports.withLock(\.self) }

    private init(
        _ snapshot: ProxySnapshot, _ listeners: ListenerSet, _ secret: [UInt8], workers: [LoopMailbox<Worker>],
        control: ControlLoop
    ) {
        self.secret = secret
        served = Mutex(snapshot)
        capacities = Mutex(snapshot.byCluster { ClusterCapacity($0) })
        census = ClientCensus(limit: snapshot.limits.clientConnections)
        open = Mutex(listeners)
        self.workers = workers
        balance = AcceptBalance(workers)
        self.control = control
    }

    /// Stops accepting, lets exchanges finish for at most `limit`, and returns when all threads have ended.
    /// - Parameters:
    ///   - manner: whether idle clients are waited for.
    ///   - paths: sockets of the file system that somebody else has taken over.
    package func shutdown(
        within limit: Duration, _ manner: DrainManner = .prompt, leaving paths: [String] = []
    ) async {
        hasStopped.withLock { $0 = true }
        control.stop()
        let files = files.withLock(\.self)
        balance.endHandOvers()
        let started = workers.prefix(threads.withLock { $0.count })
        for drained in started.map({ Self.drain($0, within: limit, manner) }) { await drained?.value }
        for thread in threads.withLock({ $0 }) { thread.join() }
        control.join()
        await files?.end()
        for path in listeners.paths(notIn: paths) { FileOutput.removeSocket(path) }
    }

    /// Has a shutdown that is going on end sooner.
    package func hasten(within limit: Duration) async {
        for drained in workers.map({ Self.drain($0, within: limit, .prompt) }) { await drained?.value }
    }

    /// Tells a worker to end; nil if it has ended.
    private static func drain(
        _ worker: LoopMailbox<Worker>, within limit: Duration, _ manner: DrainManner
    ) -> Promise<Void>? {
        let drained = Promise<Void>()
        let posted = worker.post { worker in
            worker.drain(within: limit, manner) {
                worker.loop.stop()
                drained.fulfil(())
            }
        }
        return posted ? drained : nil
    }

    /// The sum of all workers' counters.
    package func statistics() async -> WorkerStats {
        var sum = WorkerStats()
        for worker in workers {
            let part: WorkerStats? = await withCheckedContinuation { continuation in
                let posted = worker.post { continuation.resume(returning: $0.statistics) }
                if !posted { continuation.resume(returning: nil) }
            }
            if let part { sum.add(part) }
        }
        return sum
    }
}

// MARK: - Starting

extension WorkerGroup {
    private func workerSettings(
        _ snapshot: ProxySnapshot, _ settings: GroupSettings, _ entrances: EntrancePlan, index: Int
    ) -> WorkerSettings {
        var seeds = RandomSource(seed: settings.seed &+ UInt64(index))
        return WorkerSettings(
            snapshot: snapshot, hook: settings.hook, log: settings.log,
            spans: settings.spans, tracer: settings.tracer,
            explanationKey: settings.explanationToken.map { ExplanationKey($0) }, notify: settings.notify,
            census: census, balance: balance,
            index: index,
            control: control.mailbox, count: workers.count,
            secret: secret,
            capacities: capacities.withLock(\.self),
            callOthers: { [workers] cluster in Self.call(workers, but: index, cluster) },
            entrances: entrances,
            clusterTLS: settings.clusterCertificates?.contexts ?? [],
            maxConnections: max(1, Self.connectionBound(snapshot, settings, index) / workers.count),
            seed: seeds.next())
    }

    /// Calls whoever waits first in the other workers; more are called than there are places, and wait again.
    private static func call(_ workers: [LoopMailbox<Worker>], but index: Int, _ cluster: Int) {
        for (other, worker) in workers.enumerated() where other != index {
            worker.post { $0.placeIsFree(inCluster: cluster) }
        }
    }

    /// Client connections of all workers together: as configured, but a quarter of the descriptors is left for
    /// connections to endpoints, and some for listeners, loops and logs. Most clients wait most of the time; if more of
    /// them ask at once than there are descriptors for, idle connections make room.
    static func connectionBound(_ snapshot: ProxySnapshot, _ settings: GroupSettings, _ index: Int) -> Int {
        let descriptors = Descriptors.limit
        let affordable = max(8, descriptors - descriptors / 4 - 32)
        if affordable < snapshot.limits.connections, index == 0 {
            settings.notify(.connectionsBounded(affordable, descriptors: descriptors))
        }
        return min(snapshot.limits.connections, affordable)
    }

    /// What was handed over is gone when this returns.
    private static func makeWorker(
        _ loop: EventLoop, _ handover: Handover<(WorkerSettings, [[ListeningSocket]])>
    ) throws(SystemError) -> Worker {
        let (settings, sockets) = handover.take()
        return try Worker(loop: loop, settings: settings, sockets: sockets)
    }

    /// Starts one worker and waits until it serves; returns the reason if it cannot.
    private func startThread(
        _ settings: WorkerSettings, _ sockets: [[ListeningSocket]], _ index: Int
    ) async -> SystemError? {
        let handover = Handover((settings, sockets))
        let outcome = Promise<SystemError?>()
        let mailbox = workers[index]
        do throws(SystemError) {
            let thread = try LoopThread(name: "relevo-\(index)") {
                do throws(SystemError) {
                    let loop = try EventLoop()
                    let worker = try Self.makeWorker(loop, handover)
                    let receiver = try mailbox.receive(on: loop, context: worker)
                    outcome.fulfil(nil)
                    loop.run()
                    receiver.close()
                } catch {
                    outcome.fulfil(error)
                }
            }
            let failure = await outcome.value
            if failure == nil { threads.withLock { $0.append(thread) } }
            return failure
        } catch {
            return error
        }
    }
}
