// The requests of a simulation: who gets them, and what follows when that fails. The order of questions is that of
// Exchange+Attempts; the answers are the policies'.

/// A request on its way.
struct SimulatedRequest {
    let worker: Int
    let client: Int
    let isPost: Bool
    let arrived: UInt64
    /// The endpoint that has it, or had it last in this round.
    var position: Int?
    var tried: [Int] = []
    /// Attempts, and those before the present round.
    var attempts = 0
    var earlier = 0
    var sends = 0
    var connectTimeouts = 0
    var heldSince: UInt64?
    /// Whether it has one of the cluster's places, and whether it was called out of the line in which it waits.
    var hasPlace = false
    var wasCalled = false
    var queuedSince: UInt64?
    var began: UInt64 = 0
    var fate = AttemptFate(end: .failed(.endpointNoneHealthy), after: 0)
    /// Why the last attempt failed.
    var fault: Fault?
}

extension Simulation {
    mutating func arrive() {
        let request = SimulatedRequest(
            worker: workers.count == 1 ? 0 : random.below(workers.count), client: random.below(max(1, script.clients)),
            isPost: script.posts > 0 && random.below(100) < script.posts, arrived: now)
        record.arrived(at: now)
        workers[request.worker].requestBegan(now: now)
        var place = requests.count
        if let free = freePlaces.popLast() {
            place = free
            requests[place] = request
        } else {
            requests.append(request)
        }
        attempt(place)
    }

    /// Gives a request to an endpoint that it was not given to in this round.
    mutating func attempt(_ place: Int) {
        if let position = requests[place].position.take() { requests[place].tried.append(position) }
        let worker = requests[place].worker
        guard takePlace(place) else { return }
        let position: Int
        switch workers[worker].choose(question(of: requests[place]), within: capacity) {
        case .position(let chosen): position = chosen
        case .full: return waitInLine(place)
        case .none: return nobodyLeft(place)
        }
        requests[place].wasCalled = false
        requests[place].queuedSince = nil
        let fate = endpoints[position].fate(at: now, patience, using: &random)
        record.attempted(
            position, at: now, repeatsUnsafely: requests[place].isPost && requests[place].sends > 0)
        requests[place].position = position
        requests[place].attempts += 1
        requests[place].began = now
        requests[place].fate = fate
        if fate.wasSent {
            requests[place].sends += 1
            workers[worker].connected()
        }
        queue.add(.attemptEnded(place), at: now + fate.after)
    }

    private func question(of request: SimulatedRequest) -> BalanceRequest {
        let cookie = cookies.isEmpty ? -1 : cookies[request.client]
        return BalanceRequest(
            tried: request.tried, key: RandomSource.mixed(UInt64(request.client) &* RandomSource.step),
            preferred: cookie < 0 ? nil : Int(cookie), now: now)
    }

    mutating func attemptEnded(_ place: Int) {
        let request = requests[place]
        guard let position = request.position else { return }
        switch request.fate.end {
        case .answered(let status):
            workers[request.worker].answered(position, after: now - request.began, now: now)
            capacity?.answered(after: now - request.began, now: now)
            if workers[request.worker].ledger.retries(status), goesOn(place, .status(status)) { return }
            leave(place, .answered(status))
            if !cookies.isEmpty { cookies[request.client] = Int32(truncatingIfNeeded: position) }
            end(place, status < 500 ? nil : .status(status))
        case .failed(let fault):
            requests[place].fault = fault
            if fault == .connectTimeout { requests[place].connectTimeouts += 1 }
            if fault == .upstreamTimeout { capacity?.answered(after: now - request.began, now: now) }
            if goesOn(place, .fault(fault)) { return }
            let mayHold =
                hold > 0 && workers[request.worker].mayHold(evidence(of: .fault(fault), at: place), now: now)
            leave(place, .failed(.fault(fault)))
            if mayHold, let wait = holdTime(place) { beginRound(place, after: wait) } else { end(place, .fault(fault)) }
        }
    }

    /// Whether another attempt follows a failed one; if so, it begins or is waited for.
    private mutating func goesOn(_ place: Int, _ failure: AttemptFailure) -> Bool {
        let request = requests[place]
        let verdict = workers[request.worker].verdict(evidence(of: failure, at: place), now: now)
        record.decided(verdict)
        guard case .another(_, _, let waits) = verdict else { return false }
        leave(place, .failed(failure))
        if waits {
            queue.add(.resumed(place), at: now + workers[request.worker].backoff(request.sends, retry))
        } else {
            attempt(place)
        }
        return true
    }

    private func evidence(of failure: AttemptFailure, at place: Int) -> AttemptEvidence {
        let request = requests[place]
        var evidence = AttemptEvidence(failure)
        evidence.requestBytesSent = request.fate.wasSent
        if case .answered = request.fate.end { evidence.responseBytes = true }
        evidence.isIdempotent = !request.isPost
        evidence.body =
            !request.isPost ? .none : !request.fate.wasSent ? .untouched : retry.bodyBytes > 0 ? .kept : .lost
        evidence.attempts = request.attempts - request.earlier
        evidence.sends = request.sends
        evidence.connectTimeouts = request.connectTimeouts
        evidence.hasUntried = workers[request.worker].ledger.hasUntried(beside: request.position, request.tried)
        return evidence
    }

    private mutating func leave(_ place: Int, _ outcome: AttemptOutcome) {
        guard let position = requests[place].position else { return }
        let isFailure =
            switch outcome {
            case .failed: true
            case .answered(let status): status >= 500
            case .neutral: false
            }
        record.left(position, isFailure: isFailure)
        let began = requests[place].began
        let worker = requests[place].worker
        send(workers[worker].attemptEnded(position, outcome, since: began, now: now))
        leave(position, of: worker)
    }

    mutating func end(_ place: Int, _ failure: AttemptFailure?) {
        record.ended(failure, arrived: requests[place].arrived, now: now)
        givePlaceBack(place)
        freePlaces.append(place)
    }

    // MARK: Waiting for any endpoint

    private mutating func nobodyLeft(_ place: Int) {
        if let wait = holdTime(place) { return beginRound(place, after: wait) }
        end(place, .fault(requests[place].fault ?? .endpointNoneHealthy))
    }

    /// How long a request waits before another round through all endpoints; nil for no longer.
    private mutating func holdTime(_ place: Int) -> UInt64? {
        guard hold > 0, requests[place].fault?.mayBeRestart ?? true else { return nil }
        let since = requests[place].heldSince ?? now
        guard let wait = workers[requests[place].worker].hold(since: since, now: now, hold) else { return nil }
        if requests[place].heldSince == nil { record.heldFirst() }
        requests[place].heldSince = since
        return wait
    }

    private mutating func beginRound(_ place: Int, after wait: UInt64) {
        requests[place].earlier = requests[place].attempts
        requests[place].connectTimeouts = 0
        requests[place].position = nil
        requests[place].tried = []
        givePlaceBack(place)
        workers[requests[place].worker].roundFailed(now: now)
        queue.add(.resumed(place), at: now + wait)
    }

    /// A wait is over. One that is held waits on while another looks for an endpoint, but not longer than it may.
    mutating func resume(_ place: Int) {
        let request = requests[place]
        if request.heldSince != nil, request.tried.isEmpty, !workers[request.worker].letsHeldTry(now: now),
            let wait = holdTime(place)
        {
            queue.add(.resumed(place), at: now + wait)
        } else {
            attempt(place)
        }
    }
}
