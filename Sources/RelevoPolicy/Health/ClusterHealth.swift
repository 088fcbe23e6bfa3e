// The health of one cluster: what checks, service and orders say of each endpoint, and what follows for all of them.
// Pure: it asks no endpoint, sets no timer and reads no clock. It lives on one thread; workers get `standings`.

/// Who of a cluster may get requests, and why.
///
/// Every event returns what it has changed. ``standings`` change only with an event that returns something.
///
/// **It fails open.** If no endpoint is well although some are neither draining nor disabled, all those are available:
/// a wrong check, or a fault on the proxy's own side, must not take a site down. See ``isDesperate``.
///
/// Ejections are bounded: a share of the endpoints that are not disabled, never all of them, never the last that is
/// well. One that would go beyond is left out, and considered again with the next failure of that endpoint.
///
/// Times are nanoseconds of a monotonic clock. One that is earlier than another before it counts as that. Positions
/// that do not exist are ignored.
package struct ClusterHealth: Sendable {
    /// What workers may do with each endpoint, by position.
    package internal(set) var standings: [EndpointStanding]
    /// Whether there is anything to serve with.
    package internal(set) var outlook = ClusterOutlook.well

    let name: String
    let check: HealthCheck?
    let rules: EjectionRules?
    var records: [EndpointRecord]
    var latest: UInt64

    /// Begins with endpoints of which nothing is known: they are up, or unchecked if the cluster has checks.
    package init(_ cluster: Cluster, now: UInt64) {
        let rules = cluster.ejection.map(EjectionRules.init)
        name = cluster.name
        check = cluster.health
        self.rules = rules
        latest = now
        records = cluster.endpoints.map { EndpointRecord($0, check: cluster.health, rules: rules) }
        standings = records.map { EndpointStanding(weight: $0.weight, state: $0.condition) }
        _ = weigh()
    }

    /// Whether no endpoint is well, so that those that are neither draining nor disabled are tried nevertheless.
    ///
    /// An endpoint of weight 0 counts as well only if all the others that could serve have weight 0, too: it gets no
    /// requests and cannot carry a site. A cluster whose settings keep endpoints out until their first check begins in
    /// this state, too; `startsUp: false` matters where others serve already.
    package var isDesperate: Bool { outlook == .desperate }

    /// When ``elapsed(now:)`` has to be called next; nil if time alone changes nothing.
    package var nextDeadline: UInt64? { records.lazy.compactMap { $0.service?.term?.until }.min() }
}

// MARK: - Events

extension ClusterHealth {
    /// A check had a result. The first one decides by itself, then `rise` and `fall` count.
    package mutating func checked(_ position: Int, _ result: CheckResult, now: UInt64) -> [HealthChange] {
        guard let check, records.indices.contains(position) else { return [] }
        let changes = elapsed(now: now)
        let isPardoned = isPardoned(position, result, check)
        if isPardoned { records[position].service?.reinstate(now: latest) }
        guard let reason = records[position].checks.add(result, check) else {
            guard isPardoned else { return changes }
            return changes + publish(position, check.rise == 1 ? "a check passed" : "\(check.rise) checks passed")
        }
        records[position].service?.forget()
        return changes + publish(position, reason)
    }

    /// Whether an ejection ends before its time: checks that ask as requests do find the endpoint well again.
    private mutating func isPardoned(_ position: Int, _ result: CheckResult, _ check: HealthCheck) -> Bool {
        guard case .http = check.probe else { return false }
        return records[position].service?.checked(result == .passed, rise: check.rise) ?? false
    }

    /// A worker reports what it saw. Endpoints out of service are not judged by it: that they fail is known, and
    /// requests that began before do not tell how they are now.
    package mutating func served(_ position: Int, _ tally: OutcomeTally, now: UInt64) -> [HealthChange] {
        guard records.indices.contains(position) else { return [] }
        let changes = elapsed(now: now)
        guard records[position].isWell else { return changes }
        records[position].service?.add(tally, now: latest)
        guard tally.failures > 0, let charge = records[position].service?.charge, mayEject(position) else {
            return changes
        }
        records[position].service?.eject(charge, now: latest)
        return changes + publish(position, charge)
    }

    /// An operator wants something. An ejection does not outlive being drained or disabled; enabling an endpoint that
    /// is neither changes nothing.
    package mutating func ordered(_ position: Int, _ order: EndpointOrder, now: UInt64) -> [HealthChange] {
        guard records.indices.contains(position) else { return [] }
        let changes = elapsed(now: now)
        switch order {
        case .enable: return changes + assign(position, .enabled, "enabled by order")
        case .drain: return changes + assign(position, .draining, "by order")
        case .disable: return changes + assign(position, .disabled, "by order")
        case .weight(let weight): return changes + reweigh(position, min(1000, max(0, weight)))
        }
    }

    /// The orders for each endpoint that hold, in the order of the endpoints.
    package var orders: [[EndpointOrder]] { records.map(\.orders) }

    /// Time has passed: ejections end.
    package mutating func elapsed(now: UInt64) -> [HealthChange] {
        latest = max(latest, now)
        guard let deadline = nextDeadline, deadline <= latest else { return [] }
        let ended = records.indices.filter { records[$0].service?.term.map { $0.until <= latest } ?? false }
        // All end before any is told, so that none is told of a desperation that the next one relieves.
        for position in ended { records[position].service?.reinstate(now: latest) }
        return ended.flatMap { publish($0, "its ejection is over") }
    }
}

// MARK: - What follows

extension ClusterHealth {
    private mutating func assign(_ position: Int, _ duty: EndpointRecord.Duty, _ reason: String) -> [HealthChange] {
        guard records[position].duty != duty else { return [] }
        records[position].duty = duty
        records[position].service?.reinstate(now: latest)
        records[position].service?.forget()
        let released = release()
        return publish(position, reason) + released
    }

    private mutating func reweigh(_ position: Int, _ weight: Int) -> [HealthChange] {
        let isChanged = records[position].weight != weight
        records[position].orderedWeight = weight
        guard isChanged else { return [] }
        standings[position].weight = weight
        let text = "\(records[position].text) has weight \(weight): by order"
        return [change(position, from: standings[position].state, text: text)]
    }

    /// Ends the ejections that are nearest to their end while there are more than the share allows: there may be fewer
    /// endpoints than when they began.
    mutating func release() -> [HealthChange] {
        var changes: [HealthChange] = []
        while true {
            let ejected = records.indices.filter { records[$0].isEjected }
            guard ejected.count > allowance, let first = ejected.min(by: { until($0) < until($1) }) else {
                return changes
            }
            records[first].service?.reinstate(now: latest)
            changes += publish(first, "too few others are left to keep it ejected")
        }
    }

    private func until(_ position: Int) -> UInt64 { records[position].service?.term?.until ?? 0 }

    /// How many endpoints may be ejected at a time.
    private var allowance: Int { rules?.allowance(records.count { $0.duty != .disabled }) ?? 0 }

    private func mayEject(_ position: Int) -> Bool {
        guard records.count(where: \.isEjected) < allowance else { return false }
        let isWeightless = records[position].weight == 0
        return records.indices.contains { other in
            other != position && records[other].isWell && (isWeightless || records[other].weight > 0)
        }
    }

    /// Makes the standing of an endpoint say what its record says; returns the change, if it is one.
    mutating func publish(_ position: Int, _ reason: String) -> [HealthChange] {
        let from = standings[position].state
        let to = records[position].condition
        guard from != to else { return [] }
        standings[position].state = to
        if !records[position].isWell {
            standings[position].recovered = nil
        } else if from.isAbsence {
            standings[position].recovered = latest
        }
        return [change(position, from: from, text: sentence(position, reason))]
    }

    private mutating func change(_ position: Int, from: EndpointCondition, text: String) -> HealthChange {
        let turn = weigh()
        return HealthChange(
            position: position, from: from, to: standings[position].state, outlook: turn,
            text: text + (turn.map { "; \($0.text(name))" } ?? ""))
    }

    private func sentence(_ position: Int, _ reason: String) -> String {
        let subject = "\(records[position].text) is \(standings[position].state.name)"
        switch standings[position].state {
        case .down(let cause): return "\(subject): \(cause)"
        case .ejected(let until, let cause):
            let rest = Int64(clamping: until > latest ? until - latest : 0)
            return "\(subject) for \(DurationText.write(.nanoseconds(rest))): \(cause)"
        case .up, .unchecked, .draining, .disabled: return "\(subject): \(reason)"
        }
    }

    /// Decides anew who is available. Returns the outlook, if it is another than before.
    mutating func weigh() -> ClusterOutlook? {
        let before = outlook
        outlook = prospects
        for position in records.indices {
            let record = records[position]
            standings[position].isAvailable = outlook == .desperate ? record.duty == .enabled : record.isWell
        }
        return outlook == before ? nil : outlook
    }

    private var prospects: ClusterOutlook {
        var carriers = (count: 0, well: 0)
        var others = (count: 0, well: 0)
        for record in records where record.duty == .enabled {
            let well = record.isWell ? 1 : 0
            if record.weight > 0 {
                carriers = (carriers.count + 1, carriers.well + well)
            } else {
                others = (others.count + 1, others.well + well)
            }
        }
        let (count, well) = carriers.count > 0 ? carriers : others
        guard count > 0 else { return .closed }
        return well > 0 ? .well : .desperate
    }
}
