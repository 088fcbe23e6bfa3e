// Plays a script: the policies that serve requests, with a virtual clock and endpoints that exist on paper only.
// No network, no real clock, and no dice but those of the seed.

/// A running simulation.
///
/// Workers choose, count and send again by their ``ClusterLedger``, as they do when they serve. What they see goes to
/// one ``ClusterHealth`` and comes back as standings, each with the delay of a mailbox. What is left out: connections
/// that are kept, names, and bodies that are too long to be sent again.
package struct Simulation {
    /// What happens at a time.
    enum Event: BitwiseCopyable {
        /// The attempt of a request is over.
        case attemptEnded(Int)
        /// A request has waited long enough.
        case resumed(Int)
        /// There may be a place for somebody who waits in a worker.
        case called(Int)
        /// The check of an endpoint begins, or has found something.
        case checkBegins(Int)
        case checkEnded(Int, turn: Int)
        /// The control loop hears from a worker, or the workers from the control loop.
        case reported, published
        /// An ejection may be over.
        case deadline
        /// Ten times a second.
        case tick
    }

    /// How long news take from one thread to another, in nanoseconds.
    static let mailboxDelay: UInt64 = 100_000

    let script: SimulationScript
    let patience: Patience
    let retry: RetrySettings
    let hold: UInt64
    var now: UInt64 = 0
    var queue = EventQueue<Event>()
    var random: RandomSource
    var workers: [SimulatedWorker]
    var endpoints: [EndpointTimeline]
    /// Places, where there are limits; the requests that wait for one, by worker.
    let capacity: ClusterCapacity?
    var lines: [WaitingLine<Int>]
    var record: SimulationRecord
    /// Requests by place; a place is used again.
    var requests: [SimulatedRequest] = []
    var freePlaces: [Int] = []
    /// For each client the endpoint that its cookie names.
    var cookies: [Int32]
    var health: ClusterHealth
    var checks: [SimulatedCheck]
    /// What is on its way from one thread to another, in the order of arrival.
    var reports: [[OutcomeNote]] = []
    var publications: [[EndpointStanding]] = []
    private let duration: UInt64

    private init(_ script: SimulationScript) {
        self.script = script
        patience = Patience(script.timeouts)
        retry = script.cluster.retry ?? RetrySettings()
        hold = script.cluster.hold?.inNanoseconds ?? 0
        duration = script.duration.inNanoseconds
        var random = RandomSource(seed: script.seed)
        workers = (0..<max(1, script.workers)).map { _ in SimulatedWorker(script, seed: random.next()) }
        self.random = random
        capacity = ClusterCapacity(script.cluster)
        lines = workers.map { _ in WaitingLine(length: .max) }
        let timelines = script.timelines
        endpoints = script.cluster.endpoints.indices.map { $0 < timelines.count ? timelines[$0] : EndpointTimeline() }
        record = SimulationRecord(script)
        let isSticky = if case .sticky = script.cluster.balance { true } else { false }
        cookies = isSticky ? Array(repeating: -1, count: max(1, script.clients)) : []
        health = ClusterHealth(script.cluster, now: 0)
        checks = endpoints.map { _ in SimulatedCheck() }
    }

    /// Plays a script to its end: until its time is over and every request has ended. Any thread; takes less than
    /// a microsecond of real time for each request.
    package static func run(_ script: SimulationScript) -> SimulationReport {
        var simulation = Simulation(script)
        simulation.play()
        return simulation.record.finish()
    }

    private mutating func play() {
        if script.cluster.health != nil {
            for position in endpoints.indices { queue.add(.checkBegins(position), at: 0) }
        }
        queue.add(.tick, at: ReportPacing.tick)
        var arrival = nextArrival(after: 0)
        while true {
            let due = queue.nextTime ?? .max
            if arrival < duration, arrival <= due {
                now = arrival
                arrive()
                arrival = nextArrival(after: arrival)
                continue
            }
            let isIdle = freePlaces.count == requests.count
            guard !isIdle || due < duration, let (time, event) = queue.next() else { return }
            now = time
            happen(event)
        }
    }

    private mutating func nextArrival(after time: UInt64) -> UInt64 {
        let gap = random.exponential(mean: 1e9 / Double(max(1, script.rate)))
        return time + UInt64(min(gap, 1e18))
    }

    private mutating func happen(_ event: Event) {
        switch event {
        case .attemptEnded(let place): attemptEnded(place)
        case .resumed(let place): resume(place)
        case .called(let worker): callNext(worker)
        case .checkBegins(let position): checkBegins(position)
        case .checkEnded(let position, let turn): checkEnded(position, turn)
        case .reported: reported()
        case .published: published()
        case .deadline: changeHealth { $0.elapsed(now: $1) }
        case .tick:
            for worker in workers.indices {
                send(workers[worker].tick(now: now))
                tendLine(worker)
            }
            queue.add(.tick, at: now + ReportPacing.tick)
        }
    }
}
