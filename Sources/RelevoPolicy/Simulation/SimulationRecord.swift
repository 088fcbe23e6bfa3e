// Counts what happens in a simulation.
// What happens is decided in Simulation.

/// A report that is being written.
struct SimulationRecord {
    private(set) var report: SimulationReport
    private let duration: UInt64
    private var failures: [AttemptFailure: Int] = [:]
    private var latencies = LatencyHistogram()
    /// Requests that each endpoint has.
    private var inFlight: [Int]
    /// How each endpoint is, and since when.
    private var conditions: [(state: EndpointCondition, since: UInt64)]

    init(_ script: SimulationScript) {
        report = SimulationReport(script)
        duration = script.duration.inNanoseconds
        conditions = script.cluster.endpoints.map { _ in (.up, 0) }
        inFlight = conditions.map { _ in 0 }
    }

    private func slice(of time: UInt64) -> Int? {
        let index = Int(clamping: time / report.sliceLength)
        return report.arrivals.indices.contains(index) ? index : nil
    }

    // MARK: Requests

    mutating func arrived(at time: UInt64) {
        report.requests += 1
        if let slice = slice(of: time) { report.arrivals[slice] += 1 }
    }

    mutating func attempted(_ position: Int, at time: UInt64, repeatsUnsafely: Bool) {
        report.endpoints[position].attempts += 1
        inFlight[position] += 1
        report.endpoints[position].mostAtOnce = max(report.endpoints[position].mostAtOnce, inFlight[position])
        if repeatsUnsafely { report.unsafeRepeats += 1 }
        if let slice = slice(of: time) { report.endpoints[position].slices[slice].attempts += 1 }
    }

    /// An attempt is over.
    mutating func left(_ position: Int, isFailure: Bool) {
        inFlight[position] -= 1
        if isFailure { report.endpoints[position].failures += 1 }
    }

    /// What follows a failed attempt; `refusal` is why none does.
    mutating func decided(_ verdict: RetryVerdict) {
        switch verdict {
        case .no(.budgetSpent): report.budgetRefusals += 1
        case .no: break
        case .another(_, countsAgainstBudget: true, _): report.resent += 1
        case .another(_, countsAgainstBudget: false, _): report.redirected += 1
        }
    }

    mutating func heldFirst() { report.held += 1 }

    mutating func queued() { report.queued += 1 }

    /// A request is over; `failure` is nil if it was answered well.
    mutating func ended(_ failure: AttemptFailure?, arrived: UInt64, now: UInt64) {
        latencies.add(now - arrived)
        guard let failure else {
            report.answered += 1
            return
        }
        failures[failure, default: 0] += 1
        if let slice = slice(of: arrived) { report.losses[slice] += 1 }
    }

    // MARK: Health

    mutating func changed(_ changes: [HealthChange], now: UInt64) {
        guard now < duration else { return }
        for change in changes {
            report.changes.append(SimulationReport.Change(time: now, change: change))
            switch change.to {
            case .ejected: report.endpoints[change.position].ejections += 1
            case .down: report.endpoints[change.position].downs += 1
            case .up, .unchecked, .draining, .disabled: break
            }
            leave(change.position, until: now)
            conditions[change.position] = (change.to, now)
        }
    }

    /// Counts the time that an endpoint has spent in its condition.
    private mutating func leave(_ position: Int, until now: UInt64) {
        let (state, since) = conditions[position]
        guard state.isOutage, since < now else { return }
        report.endpoints[position].absence += now - since
        var start = since
        while start < now, let slice = slice(of: start) {
            let end = min(now, (UInt64(slice) + 1) * report.sliceLength)
            if case .down = state {
                report.endpoints[position].slices[slice].down += end - start
            } else {
                report.endpoints[position].slices[slice].ejected += end - start
            }
            start = end
        }
    }

    mutating func finish() -> SimulationReport {
        for position in conditions.indices { leave(position, until: duration) }
        // By count, then by name: the order of a dictionary is another in each process.
        report.failures = failures.map { SimulationReport.Failure(reason: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.reason.description) < ($0.count, $1.reason.description) }
        report.median = latencies.quantile(500)
        report.percentile99 = latencies.quantile(990)
        report.longest = latencies.longest
        return report
    }
}
