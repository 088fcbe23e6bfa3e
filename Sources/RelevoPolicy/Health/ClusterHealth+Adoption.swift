// A reload: what was known about endpoints that are still there stays known.
// Endpoints are the same if their texts are.

extension ClusterHealth {
    /// Takes over what an older model of the cluster, of earlier settings, knows about endpoints that both have. To be
    /// called once, before any event; the older model is of no use any more.
    ///
    /// Orders, ejections and counters stay. What checks have found stays if the same is still asked; if not, endpoints
    /// are unchecked, and those that serve go on serving until the first result. New endpoints begin as in a new
    /// cluster. Returns what has changed for the endpoints that stayed.
    package mutating func adopt(_ older: ClusterHealth, now: UInt64) -> [HealthChange] {
        latest = max(latest, older.latest, now)
        let known = Dictionary(zip(older.records.map(\.text), older.records.indices), uniquingKeysWith: { $1 })
        let asksTheSame = check?.probe == older.check?.probe && check?.port == older.check?.port
        for position in records.indices {
            guard let source = known[records[position].text] else { continue }
            records[position].adopt(older.records[source], asksTheSame: asksTheSame, now: latest)
            standings[position] = older.standings[source]
            standings[position].weight = records[position].weight
        }
        outlook = older.outlook
        var changes = elapsed(now: latest) + release()
        for position in records.indices { changes += publish(position, "the configuration has changed") }
        // Without a change there may be another outlook all the same: endpoints have come or gone.
        _ = weigh()
        return changes
    }
}

extension EndpointRecord {
    fileprivate mutating func adopt(_ older: EndpointRecord, asksTheSame: Bool, now: UInt64) {
        duty = older.duty
        orderedWeight = older.orderedWeight
        if let record = older.service { service?.adopt(record, now: now) }
        switch (checks, older.checks) {
        case (.unused, _): break
        case (.unchecked, .unchecked), (.unchecked, .up), (.unchecked, .down):
            checks = asksTheSame ? older.checks : carriedOn(older)
        case (.unchecked, .unused): checks = carriedOn(older)
        case (.up, _), (.down, _): break
        }
    }

    /// No result of these checks yet: it serves if settings say so or if it did so far.
    private func carriedOn(_ older: EndpointRecord) -> CheckRecord {
        .unchecked(serves: checks.isWell || older.checks.isWell)
    }
}
