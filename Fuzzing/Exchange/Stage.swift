// A real worker on a loop that is turned by hand, a client and an origin beside it on the same thread.
// What an input means is Scenario's matter, what must hold is ExchangeFuzzer's.

import CLibevent
import FuzzSupport
import Glibc
import RelevoPolicy

@testable import RelevoProxy

/// Lives as long as the process.
final class Stage {
    let origin: ScriptedOrigin
    private let loop: EventLoop
    private let workers: [Worker]
    private let fronts: [String]
    private var time = MonotonicTime.now

    init() {
        // The proxy's own threads block it; this one is libFuzzer's, whose other signals have to get through.
        signal(SIGPIPE, SIG_IGN)
        let folder = "/tmp/relevo-fuzz-\(getpid())"
        _ = mkdir(folder, 0o700)
        do {
            loop = try EventLoop()
            let loop = loop
            let fronts = ["\(folder)/plain", "\(folder)/trusted"]
            workers = try fronts.map { front in
                try Self.makeWorker(loop, front: front, origin: "\(folder)/origin", trusts: front == fronts[1])
            }
            self.fronts = fronts
        } catch {
            violation("no stage: \(error)")
        }
        origin = ScriptedOrigin(path: "\(folder)/origin")
        Self.folder = folder
        atexit {
            for name in ["plain", "trusted", "origin"] { unlink("\(Stage.folder)/\(name)") }
            rmdir(Stage.folder)
        }
    }

    nonisolated(unsafe) private static var folder = ""

    private static func makeWorker(_ loop: EventLoop, front: String, origin: String, trusts: Bool) throws -> Worker {
        let modes: [(String, ConnectionMode, ForwardedMode)] = [
            ("a.example", .keepAlive, .xForwarded), ("n.example", .keepAlive, .none),
            ("r.example", .keepAlive, .rfc7239), ("l.example", .close, .xForwarded),
            ("c.example", .close, .none), ("probe.example", .keepAlive, .none),
        ]
        var configuration = ProxyConfiguration(workers: 1, listeners: [.init("unix:\(front)")])
        configuration.clusters = [.init("origin", endpoints: [.init("unix:\(origin)")])]
        configuration.domains = modes.map { name, connection, forwarded in
            var domain = ProxyConfiguration.Domain(name, cluster: "origin")
            domain.connection = connection
            domain.forwarded = forwarded
            return domain
        }
        configuration.limits.headBytes = 2048
        configuration.limits.targetBytes = 512
        configuration.limits.fields = 24
        configuration.limits.bodyBytes = 1024
        if trusts { configuration.trustedProxies = ["10.0.0.0/8"] }
        let snapshot = try SnapshotBuilder.build(configuration)
        let places = [ListenerSet.Place.new]
        let opened = try ListenerSet().open(snapshot.listeners, workers: 1)
        let listeners = ListenerSet().replaced(by: snapshot.listeners, places, opened: opened)
        var entrances = EntrancePlan(contexts: [], places: places)
        entrances.meet(listeners)
        let settings = WorkerSettings(
            snapshot: snapshot, hook: nil, log: nil, spans: nil, tracer: nil, explanationKey: nil, notify: { _ in },
            census: ClientCensus(limit: 100),
            balance: AcceptBalance([]), index: 0, control: try LoopMailbox<ControlPlane>(), count: 1,
            secret: [1, 2, 3],
            capacities: [nil], callOthers: { _ in }, entrances: entrances, maxConnections: 100, seed: 7)
        return try Worker(loop: loop, settings: settings, sockets: opened.share(of: 0, among: 1))
    }

    /// What a client got.
    struct Outcome {
        var received: [UInt8] = []
        var hasEnded = false
    }

    /// Plays one client's part to its end. Connections to the origin stay.
    func play(_ scenario: Scenario) -> Outcome {
        origin.begin(scenario)
        let client = StageClient(Plug.connect(fronts[scenario.behaviour.contains(.isTrusted) ? 1 : 0]), scenario)
        settle(client)
        if scenario.behaviour.contains(.halfCloses) { client.finishSending() }
        settle(client)
        client.isReading = true
        settle(client)
        if scenario.behaviour.contains(.waits) { waitForTheEnd(of: client) }
        let outcome = Outcome(received: client.received, hasEnded: client.hasEnded)
        client.close()
        settle(nil)
        return outcome
    }

    /// Turns everything until nobody has anything to do.
    private func settle(_ client: StageClient?) {
        var idleTurns = 0
        var turns = 0
        while idleTurns < 4 {
            loop.runOnce()
            var isBusy = origin.turn()
            if let client { isBusy = client.turn() || isBusy }
            idleTurns = isBusy ? 0 : idleTurns + 1
            turns += 1
            require(turns < 20_000, "no rest after \(turns) turns")
        }
    }

    /// Every wait has an end: hours pass, and no connection may be left.
    private func waitForTheEnd(of client: StageClient) {
        for _ in 0..<8 where connectionsOpen > 0 || origin.isConnected {
            time = max(time, .now) + .seconds(7200)
            for worker in workers { worker.wheel.advance(to: time) }
            settle(client)
        }
        require(connectionsOpen == 0, "\(connectionsOpen) connections of clients wait for ever")
        require(!origin.isConnected, "a connection to an origin waits for ever")
    }

    /// Ends the origin's connections; afterwards nothing may be left of a run.
    func clean() {
        origin.closeAll()
        settle(nil)
        for worker in workers {
            let numbers = worker.statistics
            require(numbers.connectionsOpen == 0, "\(numbers.connectionsOpen) connections left")
            require(numbers.requestsActive == 0, "\(numbers.requestsActive) exchanges left")
        }
    }

    private var connectionsOpen: Int { workers.reduce(0) { $0 + $1.statistics.connectionsOpen } }
}

/// The client of one run.
final class StageClient {
    private let plug: Plug
    private var pending: [UInt8]
    private var cut: Cut
    private var leavesAt: Int
    private(set) var received: [UInt8] = []
    /// Whether the client takes what comes.
    var isReading: Bool

    init(_ plug: Plug, _ scenario: Scenario) {
        self.plug = plug
        pending = scenario.clientStream
        cut = scenario.clientCut
        leavesAt = scenario.behaviour.contains(.vanishes) ? pending.count / 2 : -1
        isReading = !scenario.behaviour.contains(.floods)
    }

    var hasEnded: Bool { plug.hasEnded }
    func finishSending() { plug.finishSending() }
    func close() { plug.close() }

    func turn() -> Bool {
        let bytes = isReading ? plug.receive() : []
        received += bytes
        guard !pending.isEmpty else { return !bytes.isEmpty }
        let sent = plug.send(pending.prefix(cut.next(of: pending.count)))
        pending.removeFirst(sent)
        if plug.isDeaf { pending = [] }
        if pending.count <= leavesAt {
            pending = []
            plug.close()
        }
        return sent > 0 || !bytes.isEmpty
    }
}
