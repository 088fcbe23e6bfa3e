// The ways in which an exchange ends: finished, answered by the proxy, aborted, abandoned. Each ends the same way:
// upstream closed, log line written, client told.

import CLibevent
import RelevoHTTP
import RelevoPolicy

extension Exchange {
    /// The response is complete.
    func finish(requestComplete: Bool) {
        releaseUpstream(requestComplete: requestComplete)
        let stays = persists && requestComplete && !requestWasCutOff
        end(stays ? .keep : .end(requestComplete && !requestWasCutOff ? .needless : .needed))
    }

    /// Keeps the endpoint's connection if both sides agree and nothing is left over on it. Bytes behind the end of a
    /// response would be taken for the answer to somebody else's request: such a connection is never used again.
    private func releaseUpstream(requestComplete: Bool) {
        endSplicingResponse()
        guard let upstream, requestComplete, keepsUpstream, !requestWasCutOff, !isTunnel, !upstreamHasEnded,
            !worker.isDraining, !responseLane.endsWithSource, responseTraits.allowsReuse,
            upstream.bufferevent.input.isEmpty, upstream.bufferevent.output.isEmpty,
            upstream.requestCount < snapshot.limits.upstreamRequests, let target
        else {
            closeUpstream(.orderly)
            return
        }
        self.upstream = nil
        let usual = snapshot.patience.upstreamIdle
        let patience = min(usual, responseTraits.keepAlive ?? usual)
        if target.isToldOfClients {
            keepForClient(upstream, to: target, patience: patience)
        } else {
            target.pool.release(upstream, patience: patience)
        }
    }

    /// A connection that has told of its client waits for that client's next request, if there can be one.
    private func keepForClient(_ connection: UpstreamConnection, to endpoint: EndpointState, patience: UInt64) {
        // What a reload has taken away is kept for nobody.
        if persists, endpoint.hasAddress, let client {
            client.upstreamPool(of: endpoint).release(connection, patience: patience)
        } else {
            endpoint.pool.end(connection)
        }
    }

    /// Tells the client of a fault, while it has got nothing of a response yet.
    func answer(_ fault: Fault) {
        record.fault = fault
        closeUpstream(.reset)
        send(
            .fault(
                fault, detail: detail, requestID: String(decoding: requestID, as: UTF8.self),
                tellsHow: snapshot.configuration.admin != nil && snapshot.configuration.recent != nil),
            closing: fault.row.closesClient)
    }

    /// Sends an answer of the proxy's own and ends the exchange.
    func send(_ answer: LocalAnswer, closing: Bool = false) {
        guard let client else { return }
        let stays = !closing && clientMayStay && skipRequestBody()
        let note: LocalAnswer.ConnectionNote =
            !stays ? .close : traits.version == .http10 ? .keepAlive : .none
        var answer = answer
        if client.security != nil { announceStrictTransport(in: &answer) }
        if wantsExplanation { answer.fields += explanation }
        var scratch = worker.takeScratch()
        answer.append(answering: traits.method, date: worker.dateClock.now, connection: note, to: &scratch)
        client.bufferevent.output.append(scratch)
        record.status = answer.status
        record.bytesSent += scratch.count
        worker.giveBack(scratch: scratch)
        client.bufferevent.flush()
        end(stays ? .keep : .end(.needed))
    }

    /// Throws away a body that nobody wants, if all of it is there.
    /// - Returns: whether the next bytes of the client are a new request.
    private func skipRequestBody() -> Bool {
        guard let client else { return false }
        if hasForwarded { return requestLane.hasEnded && !requestWasCutOff }
        switch traits.framing {
        case .none: return true
        case .length(let count):
            guard client.bufferevent.input.length >= count else { return false }
            client.bufferevent.input.drain(count)
            record.bytesReceived += count
            return true
        case .chunked, .untilClose: return false
        }
    }

    /// The client has a part of a response that will never be complete: it must notice.
    func abort(_ fault: Fault) {
        record.fault = fault
        closeUpstream(.reset)
        // Without a length and without chunks only a reset tells an early end from a good one (RFC 9112 §8).
        end(responseLane.endsWithTarget ? .cut : .end(.needless))
    }

    /// There is nobody left to answer.
    func abandon() {
        record.fault = .clientClosed
        detail = nil
        if record.status == 0 { record.status = 499 }
        closeUpstream(.reset)
        // A client that has only ended its own side may still read: it sees an end, not an error, unless it would take
        // the end for that of the response.
        let mayReadOn = client.map { $0.hasEnded && !$0.isBroken && !$0.bufferevent.isReset } ?? false
        end(mayReadOn && !(record.responseBegan != nil && responseLane.endsWithTarget) ? .end(.needless) : .cut)
    }

    private func end(_ continuation: ClientConnection.Continuation) {
        endSplicingRequest()
        endSplicingResponse()
        if isAttempting { endAttempt(outcome) }
        if line.isUsed { givePlaceBack() }
        worker.stats.count(record)
        if let fault = record.fault { worker.count(fault) }
        worker.count(self)
        worker.recent.note(self)
        worker.accessLog?.append(self)
        endTrace()
        if !worker.taps.isEmpty {
            worker.taps.note(self, worker.snapshot.configuration.accessLog.settings?.redacted ?? [])
        }
        client?.exchangeEnded(self, continuation)
    }

    /// Whether a failure for which the endpoint would be blamed may be the client's: the endpoint waited for a body
    /// that never came, or for the rest of one.
    var mayBeTheClients: Bool {
        switch record.fault {
        case .upstreamTimeout: awaitsContinue && requestLane.bytesTaken == 0
        case .upstreamTruncated: record.fellSilent && !requestLane.hasEnded
        default: false
        }
    }

    /// What the end of the exchange says about its endpoint.
    private var outcome: AttemptOutcome {
        if mayBeTheClients { return .neutral }
        if let fault = record.fault { return fault.row.blamesEndpoint ? .failed(.fault(fault)) : .neutral }
        return record.responseBegan == nil ? .neutral : .answered(record.status)
    }

    /// The identifier as clients, endpoints and logs see it; made when it is first needed.
    var requestID: [UInt8] {
        guard ownRequestID.isEmpty else { return ownRequestID }
        var made: [UInt8] = []
        swap(&made, &ownRequestID)
        ASCII.append(hexadecimal: worker.nextRequestID(), to: &made)
        ownRequestID = made
        return made
    }
}
