// The control loop of a simulation: checks, reports, and what follows from them, with the delays of mailboxes.
// What follows is decided by ClusterHealth.

/// The check of one endpoint that is being made.
struct SimulatedCheck {
    /// Checks begun; a check that a later one has overtaken has no result.
    var turn = 0
    var result = CheckResult.passed
}

extension Simulation {
    mutating func checkBegins(_ position: Int) {
        guard let check = script.cluster.health else { return }
        // The next check begins an interval after this one began, whatever comes of it.
        queue.add(.checkBegins(position), at: now + max(1, check.pause(using: &random)))
        let finding = endpoints[position].finding(at: now, check, using: &random)
        checks[position].turn += 1
        checks[position].result = finding.result
        queue.add(.checkEnded(position, turn: checks[position].turn), at: now + finding.after)
    }

    mutating func checkEnded(_ position: Int, _ turn: Int) {
        guard checks[position].turn == turn else { return }
        let result = checks[position].result
        changeHealth { $0.checked(position, result, now: $1) }
    }

    /// Puts what a worker has to report on its way.
    mutating func send(_ notes: [OutcomeNote]) {
        guard !notes.isEmpty else { return }
        reports.append(notes)
        queue.add(.reported, at: now + Self.mailboxDelay)
    }

    mutating func reported() {
        for note in reports.removeFirst() { changeHealth { $0.served(note.position, note.tally, now: $1) } }
    }

    mutating func published() {
        let standings = publications.removeFirst()
        for worker in workers.indices { workers[worker].standingsChanged(standings, now: now) }
    }

    /// Lets the cluster's health change, and tells the workers if it did.
    mutating func changeHealth(_ event: (inout ClusterHealth, UInt64) -> [HealthChange]) {
        let before = health.standings
        record.changed(event(&health, now), now: now)
        if health.standings != before {
            publications.append(health.standings)
            queue.add(.published, at: now + Self.mailboxDelay)
            if let deadline = health.nextDeadline { queue.add(.deadline, at: max(deadline, now + 1)) }
        }
    }
}
