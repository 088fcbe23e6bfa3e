// What stands for a worker in a simulation: its accounts of the cluster, its dice, and what it has to report.
// The accounts are those of real workers.

/// One worker.
final class SimulatedWorker {
    private(set) var ledger: ClusterLedger
    private var random: RandomSource
    private var pacing = ReportPacing()
    private var listed: [Int] = []

    init(_ script: SimulationScript, seed: UInt64) {
        ledger = ClusterLedger(script.cluster, workers: script.workers)
        random = RandomSource(seed: seed)
    }

    func requestBegan(now: UInt64) { ledger.requestBegan(now: now) }

    func choose(_ request: BalanceRequest, within capacity: ClusterCapacity?) -> EndpointChoice {
        let choice = ledger.choose(request, within: capacity, using: &random)
        if case .position(let position) = choice { ledger.attemptBegan(position) }
        return choice
    }

    func answered(_ position: Int, after nanoseconds: UInt64, now: UInt64) {
        if ledger.tracksLatency { ledger.answered(position, after: nanoseconds, now: now) }
    }

    func verdict(_ evidence: AttemptEvidence, now: UInt64) -> RetryVerdict {
        ledger.verdict(evidence, now: now)
    }

    func backoff(_ attempt: Int, _ settings: RetrySettings) -> UInt64 {
        Backoff.delay(attempt: attempt, settings, using: &random)
    }

    func mayHold(_ evidence: AttemptEvidence, now: UInt64) -> Bool { ledger.mayHold(evidence, now: now) }

    func roundFailed(now: UInt64) { ledger.holdGate.roundFailed(now: now) }

    func connected() { ledger.holdGate.connected() }

    func letsHeldTry(now: UInt64) -> Bool { ledger.holdGate.opens(now: now) }

    func hold(since: UInt64, now: UInt64, _ hold: UInt64) -> UInt64? {
        HoldPolicy.next(since: since, now: now, hold: hold, using: &random)
    }

    func standingsChanged(_ standings: [EndpointStanding], now: UInt64) {
        ledger.standingsChanged(standings, now: now)
    }

    // MARK: Reports

    /// An attempt is over. Returns what is to be reported now; nothing most of the time.
    func attemptEnded(
        _ position: Int, _ outcome: AttemptOutcome, since: UInt64, now: UInt64
    ) -> [OutcomeNote] {
        let news = ledger.attemptEnded(position, outcome, since: since)
        if news.isNew { listed.append(position) }
        return news.isUrgent && pacing.allows(now: now) ? report(now: now) : []
    }

    /// What happens ten times a second.
    func tick(now: UInt64) -> [OutcomeNote] {
        ledger.rise(now: now)
        return report(now: now)
    }

    private func report(now: UInt64) -> [OutcomeNote] {
        guard !listed.isEmpty else { return [] }
        pacing.reported(now: now)
        let notes = listed.map { OutcomeNote(position: $0, tally: ledger.takeTally($0)) }
        listed.removeAll(keepingCapacity: true)
        return notes
    }
}

/// What a worker saw of an endpoint since it last reported.
struct OutcomeNote: Sendable {
    var position: Int
    var tally: OutcomeTally
}
