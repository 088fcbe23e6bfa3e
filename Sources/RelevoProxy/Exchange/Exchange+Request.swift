// The request's side of an exchange: parse, judge, rewrite, and the lane that carries the body to the endpoint.
// Which endpoint gets it is the matter of Exchange+Upstream.

import CLibevent
import RelevoHTTP
import RelevoPolicy

extension Exchange {
    /// The request's head has come, alone.
    func headReceived(_ bytes: Span<UInt8>) {
        Self.copy(bytes, into: &request.fields.bytes)
        headReceived()
    }

    /// The request's head has come, and stands at the beginning of the input.
    func headReceived(_ input: Evbuffer, _ length: Int) {
        input.takePrefix(length, into: &request.fields.bytes)
        headReceived()
    }

    static func copy(_ bytes: Span<UInt8>, into array: inout [UInt8]) {
        if !array.isEmpty { array.removeAll(keepingCapacity: true) }
        array.append(bytes)
    }

    /// The head's bytes are in `request`; takes it from here.
    private func headReceived() {
        record.headComplete = now
        if let error = readHead() {
            refuse(error)
            return
        }
        identify()
        takeExplanationField()
        beginTrace()
        if asksForCertificates, let distrust = judgeCertificate() {
            return fail(.clientCertificateRefused, detail: distrust)
        }
        perform(machine.headReceived())
    }

    /// Parses the head and takes note of what it says, as far as it is valid.
    private func readHead() -> HTTPParseError? {
        let limits = worker.headLimits
        let read = Self.read(&request, limits)
        record.bytesReceived = read.bytes
        traits = read.traits
        return read.error
    }

    private static func read(
        _ head: inout RequestHead, _ limits: HeadLimits
    ) -> (bytes: Int, traits: RequestTraits, error: HTTPParseError?) {
        var refusal: HTTPParseError?
        do throws(HTTPParseError) { try head.parse(limits: limits) } catch { refusal = error }
        return (head.fields.bytes.count, RequestTraits(head), refusal)
    }

    /// Takes a trusted peer's word about the client and the request.
    private func identify() {
        guard let client, client.isTrusted else { return }
        if let accepted = TrustedProxies.requestID(in: request.fields) { ownRequestID = accepted }
        if let address = snapshot.trustedProxies.client(in: request.fields) {
            clientAddress = Array(address.description.utf8)
        }
    }

    /// Refuses bytes that are no valid head.
    func refuse(_ error: HTTPParseError) { refuse(Fault(refusing: error.kind), detail: error.explanation) }

    /// Refuses a request of which there is no complete head.
    func refuse(_ fault: Fault, detail: String? = nil) {
        // Nothing was taken of it, but all of this is what the client has sent.
        if let client, record.bytesReceived == 0 { record.bytesReceived = client.bufferevent.input.length }
        fail(fault, detail: detail)
    }

    func route() {
        var filter = RequestFilter(snapshot: snapshot, hook: worker.hook)
        if worker.hook != nil {
            filter.certificate = client?.security?.certificate
            filter.asksForCertificates = asksForCertificates
        }
        if let redirect = client?.door.spec.redirect, !cameByTLS { filter.redirect = redirect }
        let verdict = filter.judge(&request, client: clientAddress)
        if worker.hook != nil {
            // A hook takes as long as it likes, and may have edited the fields.
            worker.loop.timeHasPassed()
            traits = RequestTraits(request)
        }
        switch verdict {
        case .forward(let cluster, let match, let patience):
            belongs(to: match)
            if let security = client?.security, forwarded != .none { security.append(to: &request.fields) }
            self.cluster = worker.state(of: cluster)
            self.patience = patience
            self.cluster?.requestBegan(now: record.headComplete.nanoseconds)
            startRequestLane()
            pausedSince = record.headComplete
            perform(machine.clusterChosen())
        case .answer(let answer, let match):
            belongs(to: match)
            machine.answeredLocally()
            send(answer)
        case .fault(let fault, let match):
            belongs(to: match)
            fail(fault)
        }
    }

    /// Makes the body wait for a connection, and remember what is taken of it if it may have to be sent again.
    func startRequestLane() {
        requestLane.start(requestFraming, limits: worker.headLimits, limit: snapshot.limits.bodyBytes)
        requestLane.paused = .awaitingConnect
        guard traits.hasBody else { return }
        let retry = cluster?.cluster.retry
        let count: Int? = if case .length(let count) = traits.framing { count } else { nil }
        history.keepBody(upTo: retry?.bodyBytes ?? 0, expecting: count)
    }

    private var requestFraming: LaneFraming {
        switch traits.framing {
        case .none, .untilClose: .none
        case .length(let count): .counted(count)
        // Trailers must not bring what heads may not, so they are looked at where it matters.
        case .chunked: isClassic && !asksForCertificates ? .rawChunks : .reframedChunks
        }
    }

    /// How the request's head goes to the endpoint.
    private var requestRewrite: RequestRewrite {
        guard !isClassic else { return .classic }
        var rewrite = RequestRewrite(
            connection: traits.wantsUpgrade ? .upgrade : keepsUpstream ? .keepAlive : .close, telling: forwarded)
        guard forwarded != .none else { return rewrite }
        if client?.security != nil { rewrite.scheme = .https }
        rewrite.clientAddress = client?.address ?? []
        rewrite.trusted = client?.isTrusted ?? false
        rewrite.requestID = requestID
        if trace.isOn { rewrite.trace = trace.passage(attempt: history.isUsed ? history.failures.count : 0) }
        return rewrite
    }

    /// The connection to the endpoint is open: sends the head, and with it what is there of the body.
    func sendHead() {
        guard let upstream else { return }
        hasForwarded = true
        record.fault = nil
        detail = nil
        upstream.requestCount += 1
        record.sends += 1
        record.sent = now
        requestLane.paused = []
        upstream.bufferevent.startReading()
        serialize(to: upstream.bufferevent)
        guard !requestLane.hasEnded else {
            pausedSince = nil
            perform(machine.requestEnded())
            return
        }
        endPause()
        awaitsContinue = traits.expectsContinue
        armDeadline()
        pumpRequest()
    }

    /// Sends the head; one that a body follows waits for it in the output.
    private func serialize(to target: Bufferevent) {
        var bytes = worker.takeScratch()
        HeadSerializer.append(request: request, rewrite: requestRewrite, to: &bytes)
        if requestLane.hasEnded { target.send(bytes) } else { target.output.append(bytes) }
        worker.giveBack(scratch: bytes)
    }

    /// The endpoint takes bytes of the request, however slowly.
    func upstreamProgressed() {
        if pausedSince != nil { startPauseAnew() }
        armDeadline()
    }

    private func startPauseAnew() {
        endPause()
        pausedSince = now
    }

    /// The body flows again: the time in which the endpoint did not take it is not the client's fault.
    func endPause() {
        if let since = pausedSince { pausedTime += now.nanoseconds(since: since) }
        pausedSince = nil
    }

    /// The client sends its body, or has been told to: from now on it is the client that is waited for.
    func continued() {
        guard awaitsContinue else { return }
        awaitsContinue = false
        pausedTime = now.nanoseconds(since: record.headComplete)
    }

    /// Moves request body, as far as the client has sent it and the endpoint takes it.
    func pumpRequest() {
        guard let client, let upstream, machine.isReceivingRequest else { return }
        let before = requestLane.bytesTaken
        let kept = history.copyAhead(of: client.bufferevent.input)
        let progress = requestLane.pump(from: client.bufferevent.input, to: upstream.bufferevent.output)
        let moved = requestLane.bytesTaken - before
        history.keep(moved, after: kept)
        record.bytesReceived += moved
        upstream.bufferevent.flush()
        if graceLeft == 0 { endpointIsDone() }
        if moved > 0 {
            continued()
            armDeadline()
        }
        switch progress {
        case .ended:
            endSplicingRequest()
            perform(machine.requestEnded())
        case .malformed(let error): refuse(error)
        case .tooLarge: fail(.clientBodyTooLarge)
        case .flowing:
            if !spliceRequestIfBulk() { pauseRequestIfFull(upstream.bufferevent) }
            if client.hasEnded, client.bufferevent.input.isEmpty { requestSourceEnded() }
        }
    }

    private func pauseRequestIfFull(_ target: Bufferevent) {
        guard target.output.length >= ForwardLane.highMark, !requestLane.paused.contains(.targetFull) else { return }
        requestLane.paused.insert(.targetFull)
        pausedSince = now
        target.setWriteLowMark(ForwardLane.highMark / 2)
        armDeadline()
    }

    /// The client has ended its side and everything that it sent has been forwarded.
    private func requestSourceEnded() {
        guard requestLane.endsWithSource else {
            perform(machine.clientLeft())
            return
        }
        requestLane.abandon()
        if upstream?.bufferevent.output.isEmpty ?? false { upstream?.bufferevent.shutdownOutput() }
        perform(machine.requestEnded())
    }

    // MARK: Events of the client's connection

    /// Bytes of the client have come. What follows the body belongs to the next request and stays where it is.
    func clientReadable() { pumpRequest() }

    /// The client has ended its side.
    func clientEnded() {
        record.clientEnded = now
        if machine.isReceivingRequest {
            pumpRequest()
        } else if machine.isBetweenEndpoints, !requestIsAtHand {
            perform(machine.clientLeft())
        } else {
            armDeadline()
        }
    }

    /// Whether the whole body has already arrived.
    private var requestIsAtHand: Bool {
        switch traits.framing {
        case .none: true
        case .length(let count): (client?.bufferevent.input.length ?? 0) >= count
        case .chunked, .untilClose: true
        }
    }

    /// The client's connection is unusable, or has to end.
    func clientLeft() { perform(machine.clientLeft()) }

    /// The proxy ends and does not wait for this exchange.
    func cutOff() { perform(machine.failed(.proxyDraining)) }
}
