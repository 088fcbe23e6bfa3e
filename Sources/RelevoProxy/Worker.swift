// One thread's whole proxy: loop, listeners, client connections, endpoint states. Shares nothing with other workers.
// Starting and stopping the set of workers is WorkerGroup's matter.

package import CLibevent
import CLibeventTLS
import RelevoHTTP
import RelevoPolicy

/// Serves clients on its own event loop. Confined to the loop's thread.
package final class Worker {
    let loop: EventLoop
    let wheel: DeadlineWheel
    let hook: RequestHook?
    let accessLog: AccessLogBuffer?
    /// The spans of its requests; nil without traces.
    let spans: SpanBuffer?
    let tracer: (any ExchangeTracer)?
    /// What somebody has to know to have requests explained; nil if nobody can.
    var explanationKey: ExplanationKey?
    var random: RandomSource
    var stats = WorkerStats()
    /// Serialised heads on their way to an output buffer: see `takeScratch()`.
    private var scratch: [UInt8] = []
    let dateClock = DateClock()
    let census: ClientCensus
    private let balance: AcceptBalance
    private let index: Int
    /// What is served; see Worker+Reload for how it changes.
    var snapshot: ProxySnapshot
    /// Bounds on heads, in the parser's form.
    var headLimits: HeadLimits
    /// By the clusters' numbers.
    var clusters: [ClusterState?]
    /// Clusters that are served no more and in whose line somebody waits.
    var leavingClusters: [ClusterState] = []
    var isDraining = false
    /// How, if it is.
    var drainManner = DrainManner.prompt
    /// Whether the last connection has ended after the end of accepting.
    var hasEnded = false

    let reporter: OutcomeReporter
    let caller: PlaceCaller
    private var faults: [Fault: Int] = [:]
    let notify: @Sendable (ProxyNotice) -> Void
    /// What is counted of domains and routes.
    var tallies: TallyBook
    /// Requests that failed or were slow.
    var recent: RecentRequests
    /// Who looks on.
    var taps = RequestTaps()
    /// Client connections that the worker may hold.
    var maxConnections: Int
    /// What the workers of the group have in common besides the snapshot.
    let shared: (workers: Int, secret: [UInt8])
    /// The listeners that are open, in the order of the configuration; see Worker+Listeners for how they change.
    var entrances: [Entrance] = []
    /// Listeners that nobody is told of yet.
    var prepared: [[ConnectionListener]] = []
    /// The numbers of the doors that are open.
    var openNumbers: Set<Int> = []
    /// How many reloads there have been.
    var epoch = 0
    /// TLS handshakes in progress.
    var handshakes = Handshakes<ClientSecurity>()
    /// Those that failed and were not told yet.
    var handshakeFailures = HandshakeFailures()
    /// Whether nobody is accepted for TLS because so many shake hands already.
    var restsForHandshakes = false
    var handshakeSilence = MonotonicTime(nanoseconds: 0)
    var connections: [ClientConnection] = []
    /// Clients of whom a header has yet to say who they are; nil until the worker is complete.
    private(set) var pending: PendingClients?
    /// The number of both, asked for by each request: a look at the list itself would be checked against changes of it.
    private(set) var connectionCount = 0
    /// Exchanges that wait to be used again, each knows the next.
    var spareExchange: Exchange?
    private var spareCount = 0
    private var sparePipes: [SplicePipe] = []
    private var pipeCount = 0
    var tick: Timer?
    var drainLimit: Timer?
    /// When that is over.
    var drainEnd = MonotonicTime(nanoseconds: .max)
    var onDrained: (() -> Void)?
    private var requestCounter: UInt64
    var troubleSilence = MonotonicTime(nanoseconds: 0)
    private var fullSilence = MonotonicTime(nanoseconds: 0)

    /// How long the worker is silent about exhausted descriptors after it has told of them.
    static let troubleInterval: Duration = .seconds(10)
    /// Exchanges that are kept for their memory.
    private static let maxSpares = 64
    /// Memory for messages that is kept, in bytes.
    static let maxScratch = 64 * 1024
    /// Pipes in use at most, of two descriptors each.
    private static let maxPipes = 128
    /// Empty pipes that are kept.
    private static let maxSparePipes = 8
    /// Idle client connections that end when descriptors have run out.
    private static let evictions = 4

    /// Creates a worker on the calling thread, which must be the loop's.
    package init(loop: EventLoop, settings: WorkerSettings, sockets: [[ListeningSocket]]) throws(SystemError) {
        self.loop = loop
        wheel = DeadlineWheel(now: .now)
        hook = settings.hook
        let logging = settings.snapshot.configuration.accessLog.settings ?? AccessLogSettings()
        accessLog = settings.log.map { AccessLogBuffer($0, logging) }
        let tracing = settings.snapshot.configuration.tracing
        spans = settings.spans.flatMap { exporter in
            tracing.map { SpanBuffer(exporter, $0, logging.redacted, seed: .random(in: 0 ... .max)) }
        }
        tracer = settings.tracer
        explanationKey = settings.explanationKey
        notify = settings.notify
        census = settings.census
        balance = settings.balance
        reporter = OutcomeReporter(loop, to: settings.control)
        caller = try PlaceCaller(loop, callOthers: settings.callOthers)
        index = settings.index
        maxConnections = settings.maxConnections
        snapshot = settings.snapshot
        headLimits = HeadLimits(settings.snapshot.limits)
        tallies = TallyBook(settings.snapshot.table)
        recent = RecentRequests(settings.snapshot.configuration)
        random = RandomSource(seed: settings.seed)
        requestCounter = random.next()
        shared = (settings.count, settings.secret)
        clusters = []
        let place = place(settings.snapshot, settings.capacities, settings.clusterTLS)
        clusters = settings.snapshot.byCluster { ClusterState($0, place) }
        tick = try Timer(loop: loop, .forever) { [unowned self] in onTick() }
        tick?.start(DeadlineWheel.tick)
        pending = PendingClients(self, notify: notify)
        try prepare(sockets)
        open(settings.entrances)
    }

    /// What the states of clusters are made with.
    func place(
        _ snapshot: ProxySnapshot, _ capacities: [ClusterCapacity?], _ tls: [TLSClientContext?]
    ) -> ClusterState.Place {
        ClusterState.Place(
            loop: loop, wheel: wheel, idleLimit: snapshot.limits.idleUpstreams, workers: shared.workers,
            secret: shared.secret, capacities: capacities, tls: tls)
    }

    func endIdleUpstreams() {
        for case let cluster? in clusters {
            for endpoint in cluster.endpoints { endpoint.pool.endAll() }
        }
        guard snapshot.clusters.contains(where: { $0.proxyProtocol != nil }) else { return }
        for connection in connections { connection.upstreams?.endAll() }
    }

    /// Out of descriptors: idle connections to endpoints and of clients are the ones that are missed least.
    func makeRoom() {
        endIdleUpstreams()
        sparePipes = []
        for _ in 0..<Self.evictions { evictIdle() }
    }

    private func onTick() {
        wheel.advance(to: .now)
        seeWhetherFull()
        tendHandshakes()
        accessLog?.flush()
        spans?.flush()
        reporter.report()
        for case let cluster? in clusters {
            cluster.rise(now: loop.now.nanoseconds)
            cluster.tendLine(now: loop.now.nanoseconds)
        }
        if !leavingClusters.isEmpty { tendLeavingClusters() }
    }

    /// The state of a cluster of the snapshot that is served.
    func state(of cluster: Cluster) -> ClusterState? {
        clusters.indices.contains(cluster.id) ? clusters[cluster.id] : nil
    }

    /// An identifier for a request: 16 hexadecimal digits that other workers and other runs hardly repeat.
    func nextRequestID() -> UInt64 {
        requestCounter &+= 1
        var mixer = RandomSource(seed: requestCounter)
        return mixer.next()
    }
}

// MARK: - Connections

extension Worker {
    /// A client has come to one of the worker's own listeners.
    func accept(_ socket: consuming Socket, _ arrival: Arrival) {
        guard !isDraining, let other = lighter else {
            balance.count(1, of: index)
            serve(socket, arrival)
            return
        }
        guard let own = balance.handOver(socket, arrival, to: other) else { return makePlace() }
        balance.count(1, of: index)
        serve(own, arrival)
    }

    /// Takes a client over from another worker, which has counted it here. Who has ended cannot serve it: the loop will
    /// not turn again.
    func adopt(_ socket: consuming Socket, _ arrival: Arrival) {
        guard !hasEnded else { return balance.count(-1, of: index) }
        serve(socket, arrival)
    }

    /// The connection of a client, with TLS if its listener speaks that; nil without memory or descriptors for it.
    private func connection(_ socket: consuming Socket, by door: Door) -> Bufferevent? {
        guard let context = door.tls else {
            return try? Bufferevent(loop: loop, socket: socket)
        }
        guard let layer = try? context.makeConnection() else { return nil }
        return try? Bufferevent(loop: loop, socket: socket, layer: layer)
    }

    private func serve(_ socket: consuming Socket, _ arrival: Arrival) {
        guard let pending, pending.expect(arrival) else { return begin(socket, arrival) }
        guard pending.begin(socket, arrival) else { return hasLeft() }
        recount()
        makePlace()
    }

    /// Serves a client of whom it is known who it is.
    func begin(_ socket: consuming Socket, _ arrival: Arrival) {
        guard let bufferevent = connection(socket, by: arrival.door) else { return hasLeft() }
        let connection = ClientConnection(
            worker: self, bufferevent: bufferevent, arrival: arrival, index: connections.count)
        connections.append(connection)
        recount()
        stats.connectionsAccepted += 1
        connection.start()
        if isDraining {
            connection.drain(drainManner)
        } else if !isOpen(arrival.door) {
            connection.drain()
            cutOffLater(connection, within: snapshot.timeouts.drain) { $0.cutOff() }
        }
        makePlace()
    }

    /// The worker that should have the next client instead of this one.
    private var lighter: Int? { balance.lighter(than: index, limit: maxConnections) }

    /// A full worker goes on accepting for as long as another has places: who comes is handed over. Without any an idle
    /// client makes room, or nobody is accepted.
    private func makePlace() {
        guard isFull, lighter == nil else { return }
        evictIdle()
        if isFull { pauseAsFull() }
    }

    private func seeWhetherFull() {
        guard isFull else { return }
        // Another may have got places since this one paused.
        if lighter != nil { resumeListeners(.full) } else { evictIdle() }
    }

    private func pauseAsFull() {
        pauseListeners(.full)
        guard loop.now >= fullSilence else { return }
        fullSilence = loop.now + Self.troubleInterval
        notify(.connectionsFull(maxConnections))
    }

    /// Lends the memory in which messages are put together, empty. What is not given back is only made anew.
    func takeScratch() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &scratch)
        if !taken.isEmpty { taken.removeAll(keepingCapacity: true) }
        return taken
    }

    /// Takes the memory back, unless one huge message has made it so large that no other needs it.
    func giveBack(scratch used: consuming [UInt8]) {
        if used.capacity <= Self.maxScratch { scratch = used }
    }

    /// Whether there are as many client connections as there may be: who has been served makes room for who waits.
    var isFull: Bool { connectionCount >= maxConnections }

    /// Ends one connection that waits between two requests, if a few guesses find one: whoever comes with a request is
    /// worth more than who may come with another.
    private func evictIdle() {
        guard !connections.isEmpty else { return }
        for _ in 0..<16 {
            var random = random
            let chosen = connections[Int.random(in: connections.indices, using: &random)]
            self.random = random
            if chosen.endIfIdle() { return }
        }
    }

    /// A connection has ended; called by it once.
    func remove(_ connection: ClientConnection) {
        loop.retire(connection)
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
        hasLeft()
    }

    /// A client's connection has ended, with or without having been served.
    func hasLeft() {
        balance.count(-1, of: index)
        recount()
        if connectionCount == maxConnections - 1 { resumeListeners(.full) }
        finishDrainIfEmpty()
    }

    /// A client has come, has gone, or has said who it is.
    func recount() { connectionCount = connections.count + (pending?.count ?? 0) }

    /// An exchange to use, with the memory of an earlier one if there is any.
    func takeExchange() -> Exchange {
        stats.requestsActive += 1
        guard let spare = spareExchange else { return Exchange(worker: self) }
        spareExchange = spare.nextSpare
        spare.nextSpare = nil
        spareCount -= 1
        return spare
    }

    /// Takes an exchange back.
    func giveBack(_ exchange: Exchange) {
        stats.requestsActive -= 1
        exchange.reset()
        guard spareCount < Self.maxSpares else { return }
        exchange.nextSpare = spareExchange
        spareExchange = exchange
        spareCount += 1
    }

    /// Counts a request that failed.
    func count(_ fault: Fault) { faults[fault, default: 0] += 1 }

    /// A pipe for a large body; nil if enough are in use or no descriptor is left: such a body is copied.
    func takePipe() -> SplicePipe? {
        guard pipeCount < Self.maxPipes, let pipe = sparePipes.popLast() ?? (try? SplicePipe()) else { return nil }
        pipeCount += 1
        return pipe
    }

    /// Takes a pipe back; what is held in it is lost with it.
    func giveBack(_ pipe: SplicePipe) {
        pipeCount -= 1
        if pipe.held == 0, sparePipes.count < Self.maxSparePipes { sparePipes.append(pipe) }
    }

    /// The worker's counters.
    package var statistics: WorkerStats {
        var copy = stats
        copy.connectionsOpen = connectionCount
        copy.handshakesActive = handshakes.count
        copy.faults = faults
        return copy
    }
}

@available(*, unavailable)
extension Worker: Sendable {}
