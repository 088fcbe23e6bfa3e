// The attempts of a request: which endpoint gets it, what follows when that fails, and when it is given up.
// What is allowed is decided in RelevoPolicy; the events of the connection are in Exchange+Upstream.

import CLibevent
import RelevoHTTP
import RelevoPolicy

extension Exchange {
    /// Takes a kept connection or opens one to the next address: of the same endpoint while its name has others, else
    /// of an endpoint of the cluster that was not tried yet.
    func connect() {
        guard takePlace() else { return }
        if addresses.left == 0, isFull() { return waitInLine() }
        guard let target, let address = nextAddress(of: target) else {
            // An endpoint that has lost its addresses in this very moment is not the last.
            return position == nil ? nobodyLeft() : connect()
        }
        record.attempts += 1
        if let kept = keptConnection(to: address, of: target) {
            use(kept)
            return
        }
        record.connectBegan = now
        record.connected = nil
        do throws(SystemError) {
            upstream = try open(address)
            armDeadline()
        } catch {
            // Ports run out for one endpoint at a time, and those of connections that end now are not free for long.
            if error.isExhaustion, waitsForRoom(at: target) { return }
            connectFailed(Fault(connecting: error), detail: error.description)
        }
    }

    /// A kept connection, if this request may have one.
    func keptConnection(to address: SocketAddress, of endpoint: EndpointState) -> UpstreamConnection? {
        guard keepsUpstream, !avoidsPool else { return nil }
        guard endpoint.isToldOfClients else { return endpoint.pool.lease(address, to: self) }
        return client?.upstreams?.pool(of: endpoint)?.lease(address, to: self)
    }

    /// Begins to open a connection.
    func open(_ address: SocketAddress) throws(SystemError) -> UpstreamConnection {
        worker.stats.connectsBegun += 1
        let connection = try UpstreamConnection(
            loop: worker.loop, address: address, security: target?.security ?? .missing, exchange: self)
        connection.edition = target?.pool.edition ?? 0
        if let version = target?.endpoint.proxyProtocol, let client {
            connection.bufferevent.sendFirst(client.header.bytes(version))
        }
        connection.bufferevent.setReadHighMark(max(ForwardLane.highMark, snapshot.limits.headBytes + 4096))
        return connection
    }

    /// Whether the connection to the endpoint outlives the exchange, if the endpoint agrees.
    var keepsUpstream: Bool { keepsConnections && !traits.wantsUpgrade }

    func use(_ connection: UpstreamConnection) {
        upstream = connection
        record.upstreamReused = true
        if record.heldSince != nil { cluster?.connected() }
        perform(machine.connected())
    }

    /// Chooses the next endpoint, if there is one; true if there are some, but none that has a place.
    private func isFull() -> Bool {
        guard let cluster else { return false }
        endAttempt(.neutral)
        if let position { history.add(tried: position) }
        position = nil
        let tried = history.isUsed ? history.tried : []
        var random = worker.random
        let choice = cluster.choose(balanceRequest(cluster, tried), using: &random)
        worker.random = random
        switch choice {
        case .full: return true
        case .none: break
        case .position(let next): attempt(next, of: cluster)
        }
        return false
    }

    private func attempt(_ next: Int, of cluster: ClusterState) {
        position = next
        let chosen = cluster.endpoints[next]
        target = chosen
        addresses = chosen.beginTurn()
        isAttempting = true
        record.attemptBegan = now
        record.isAttemptOpen = true
        record.queuedSince = nil
        line.wasCalled = false
        cluster.attemptBegan(next)
        if traced != nil { traceAttempt(at: chosen.endpoint) }
    }

    private func balanceRequest(_ cluster: ClusterState, _ tried: [Int]) -> BalanceRequest {
        var asked = BalanceRequest()
        asked.tried = tried
        asked.now = now.nanoseconds
        if let tokens = cluster.tokens { preferred = tokens.position(in: request.fields) }
        asked.preferred = preferred
        if let key = cluster.key { asked.key = key.key(of: request, client: clientAddress) }
        return asked
    }

    func nextAddress(of endpoint: EndpointState) -> SocketAddress? {
        var turn = addresses
        defer { addresses = turn }
        return endpoint.next(&turn)
    }

    /// There is no endpoint that could be asked: the client is told why, unless all of them may be back in a moment.
    private func nobodyLeft() {
        if let wait = hold() { return beginRound(after: wait) }
        fail(lastResort)
    }

    /// What to tell the client when no endpoint is left to try: the reason of the last attempt if there was one.
    private var lastResort: Fault {
        if let fault = record.fault { return fault }
        return cluster?.hasAddress ?? true ? .endpointNoneHealthy : .connectDNS
    }
}

// MARK: - Failed attempts

extension Exchange {
    /// A connection could not be opened; another address of the endpoint is tried if it has one, else another endpoint.
    func connectFailed(_ fault: Fault, detail: String?) {
        worker.stats.connectsFailed += 1
        if fault == .connectTimeout { record.connectTimeouts += 1 }
        attemptFailed(fault, detail: detail)
    }

    /// An attempt has failed, and nothing of a response has gone to the client: another follows if that is allowed.
    func attemptFailed(_ fault: Fault, detail: String?) {
        self.detail = detail
        record.fault = fault
        if isUnread { record.sends -= 1 }
        let isConnectFailure = fault.row.retry == .nothingSent
        guard let next = nextAttempt(after: .fault(fault)) else {
            guard mayHold(after: .fault(fault)), let wait = hold() else { return fail(fault, detail: detail) }
            closeUpstream(isConnectFailure ? .orderly : .reset)
            leaveEndpoint(.fault(fault))
            rewind()
            beginRound(after: wait)
            return
        }
        closeUpstream(isConnectFailure ? .orderly : .reset)
        moveOn(to: next.place, after: .fault(fault), wasSent: !isConnectFailure)
        tryAgain(next)
    }

    /// Whether an answer with this status is dropped because another endpoint is asked.
    var dropsAnswer: Bool {
        guard let cluster, cluster.retries(responseTraits.status) else { return false }
        guard let next = nextAttempt(after: .status(responseTraits.status)) else { return false }
        closeUpstream(.reset)
        moveOn(to: next.place, after: .status(responseTraits.status), wasSent: true)
        response.reset()
        tryAgain(next)
        return true
    }

    /// Where and when the request goes next; nil if it goes nowhere.
    private func nextAttempt(after failure: AttemptFailure) -> (place: RetryVerdict.Where, waits: Bool)? {
        guard let cluster else { return nil }
        let verdict = cluster.verdict(evidence(of: failure, cluster), now: now.nanoseconds)
        switch verdict {
        case .another(let place, _, let waits): return (place, waits)
        case .no(let refusal):
            history.refuse(refusal)
            return nil
        }
    }

    private func evidence(of failure: AttemptFailure, _ cluster: ClusterState) -> AttemptEvidence {
        var evidence = AttemptEvidence(failure)
        evidence.requestBytesSent = hasForwarded && !isUnread
        evidence.responseBytes = hasResponseBytes
        evidence.connection = upstream?.isReused ?? false ? .kept : .fresh
        evidence.isIdempotent = traits.isRepeatable
        evidence.body =
            !traits.hasBody
            ? .none
            : requestLane.bytesTaken == 0
                ? .untouched : history.replay.holds(requestLane.bytesTaken) ? .kept : .lost
        evidence.attempts = record.attempts - record.roundStart
        evidence.sends = record.sends
        evidence.connectTimeouts = record.connectTimeouts
        evidence.hasUntried = addresses.left > 0 || cluster.hasUntried(beside: position, history.tried)
        return evidence
    }

    /// Whether the endpoint has sent anything in answer to this request.
    var hasResponseBytes: Bool {
        interimResponses > 0 || machine.awaitsResponseHead && !(upstream?.bufferevent.input.isEmpty ?? true)
    }

    /// Leaves the endpoint, unless another address of it is next: after a failed connection, or after any failure if
    /// there is no other endpoint. The endpoint has failed only when the last of them has.
    private func moveOn(to place: RetryVerdict.Where, after failure: AttemptFailure, wasSent: Bool) {
        guard place == .elsewhere else { return }
        let hasOther = cluster?.hasUntried(beside: position, history.tried) ?? false
        guard addresses.left > 0, !wasSent || !hasOther else { return leaveEndpoint(failure) }
        guard wasSent else { return }
        avoidsPool = false
        note(failure)
        record.attemptBegan = now
        record.isAttemptOpen = true
    }

    private func leaveEndpoint(_ failure: AttemptFailure) {
        addresses = AddressTurn()
        avoidsPool = false
        note(failure)
        endAttempt(mayBeTheClients ? .neutral : .failed(failure))
    }

    /// Takes note of a failed attempt for the log.
    private func note(_ failure: AttemptFailure) {
        guard let target else { return }
        traceFailure(failure)
        record.isAttemptOpen = false
        let time = now.nanoseconds(since: record.attemptBegan)
        history.add(
            FailedAttempt(
                endpoint: target.endpoint, failure: failure, began: record.attemptBegan, nanoseconds: time,
                wasReused: record.upstreamReused, wasSent: hasForwarded, detail: detail))
    }

    private func tryAgain(_ next: (place: RetryVerdict.Where, waits: Bool)) {
        rewind()
        if next.place == .sameEndpoint, let target {
            avoidsPool = true
            addresses = target.beginTurn()
        }
        guard next.waits else {
            perform(machine.triesAgain(later: false))
            return
        }
        var random = worker.random
        let settings = cluster?.cluster.retry ?? RetrySettings()
        let delay = Backoff.delay(attempt: record.sends, settings, using: &random)
        worker.random = random
        pause(delay)
    }

    /// Makes the request what it was before the attempt.
    private func rewind() {
        endSplicingRequest()
        endpointIsDone()
        upstreamHasEnded = false
        requestWasCutOff = false
        hasForwarded = false
        isUnread = false
        interimResponses = 0
        record.upstreamReused = false
        responseScanner = HeadScanner()
        if requestLane.bytesTaken > 0, let client {
            record.bytesReceived -= history.rewind(into: client.bufferevent.input)
        }
        startRequestLane()
        endPause()
        pausedSince = now
    }

    /// The attempt at the current endpoint is over. Told once for each attempt, whatever its end.
    func endAttempt(_ outcome: AttemptOutcome) {
        guard isAttempting, let cluster, let position else { return }
        isAttempting = false
        let news = cluster.attemptEnded(position, outcome, since: record.attemptBegan)
        if news != .none { worker.reporter.add(cluster, position, news) }
        if cluster.capacity != nil { worker.caller.placeIsFree(in: cluster) }
    }
}

// MARK: - Waiting

extension Exchange {
    /// Whether a request that goes nowhere else now may wait for any endpoint.
    private func mayHold(after failure: AttemptFailure) -> Bool {
        guard let cluster else { return false }
        return cluster.mayHold(evidence(of: failure, cluster), now: now.nanoseconds)
    }

    /// How long to wait before another round through all endpoints; nil for no longer.
    private func hold() -> UInt64? {
        // The last failure may pass, and what was sent may be sent again, or nothing was.
        let mayPass = record.fault?.mayBeRestart ?? (record.sends == 0)
        let isHarmless = mayPass && (record.sends == 0 || traits.isRepeatable)
        guard let patience = cluster?.cluster.hold?.wholeNanoseconds, isHarmless else { return nil }
        let since = record.heldSince ?? now
        var random = worker.random
        let wait = HoldPolicy.next(since: since.nanoseconds, now: now.nanoseconds, hold: patience, using: &random)
        worker.random = random
        guard let wait else { return nil }
        record.heldSince = since
        return wait
    }

    /// Waits, then goes through all endpoints once more. The last of them must have been left before.
    private func beginRound(after wait: UInt64) {
        endAttempt(.neutral)
        record.roundStart = record.attempts
        record.connectTimeouts = 0
        position = nil
        // Who waits for any endpoint is at none: the place is for others meanwhile.
        givePlaceBack()
        history.beginRound()
        cluster?.roundFailed(now: now.nanoseconds)
        pause(wait)
    }

    /// Descriptors or buffers have run out: idle connections give theirs back, and the request waits for those of
    /// others, as long as a connection may take to open. False if it has waited so long.
    private func waitsForRoom(at target: EndpointState) -> Bool {
        worker.makeRoom()
        let since = record.shortSince ?? now
        guard now.nanoseconds(since: since) < patience.connect else { return false }
        record.shortSince = since
        // Nothing has left this machine: it was no attempt.
        record.attempts -= 1
        worker.stats.connectsBegun -= 1
        addresses = target.beginTurn()
        var random = worker.random
        pause(UInt64.random(in: Self.roomWait, using: &random))
        worker.random = random
        return true
    }

    /// Between two looks for a free descriptor, in nanoseconds.
    private static let roomWait: ClosedRange<UInt64> = 5_000_000...25_000_000

    /// Waits before the next attempt.
    private func pause(_ nanoseconds: UInt64) {
        guard machine.triesAgain(later: true) == .wait else { return }
        waitOn(nanoseconds)
    }

    private func waitOn(_ nanoseconds: UInt64) {
        history.wait(nanoseconds, on: worker.loop) { [unowned self] in pauseEnded() }
    }

    /// A request that is held waits on while another looks for an endpoint, but not longer than it may.
    private func pauseEnded() {
        let isHeld = record.heldSince != nil && history.tried.isEmpty
        if isHeld, !(cluster?.letsHeldTry(now: now.nanoseconds) ?? true), let wait = hold() { return waitOn(wait) }
        perform(machine.waitEnded())
    }
}
