// The response's side of an exchange: heads, and the lane that carries the body to the client.
// How a response is to cross is planned in ResponseFilter.

import CLibevent
import RelevoHTTP
import RelevoPolicy

extension Exchange {
    /// Interim responses to one request at most.
    static var maxInterimResponses: Int { 32 }

    /// Takes what has arrived if it is the whole response and small, as most are.
    func upstreamArrived(_ bytes: Span<UInt8>) -> Bool {
        guard machine.awaitsResponseHead, responseScanner.examined == 0 else { return false }
        var scanner = HeadScanner()
        let limits = worker.headLimits
        guard let length = try? scanner.scan(bytes, limit: limits.headBytes),
            let found = Self.read(&response, bytes.extracting(first: length), limits, answering: traits.method),
            !found.isInterim, found.status != 101, found.isWhole(with: bytes.count - length),
            !(cluster?.retries(found.status) ?? false)
        else { return false }
        responseTraits = found
        begin(bytes.extracting(droppingFirst: length))
        return true
    }

    private static func read(
        _ head: inout ResponseHead, _ bytes: Span<UInt8>, _ limits: HeadLimits, answering method: Method
    ) -> ResponseTraits? {
        copy(bytes, into: &head.fields.bytes)
        do throws(HTTPParseError) {
            try head.parse(limits: limits)
            return try ResponseTraits(head, answering: method)
        } catch { return nil }
    }

    /// Begins a response of which all is there, and ends it.
    private func begin(_ body: Span<UInt8>) {
        guard let client else { return }
        let plan = planResponse(isComplete: true)
        responseLane.start(plan.lane, limits: worker.headLimits)
        responseLane.takeWhole(body.count)
        let endFollows = !persists && !machine.isReceivingRequest
        var bytes = serialized(plan.rewrite)
        bytes.append(body)
        record.bytesSent += bytes.count
        client.bufferevent.send(bytes, endFollows: endFollows)
        worker.giveBack(scratch: bytes)
        perform(machine.responseEnded())
    }

    /// Bytes of the endpoint have come.
    func upstreamReadable() {
        while machine.awaitsResponseHead {
            do throws(HTTPParseError) {
                guard try takeResponseHead() else { return }
                guard judgeResponse() == .goesOn else { return }
            } catch {
                let fault: Fault = error.kind == .headTooLarge ? .upstreamHeadTooLarge : .upstreamMalformed
                attemptFailed(fault, detail: error.explanation)
                return
            }
        }
        if machine.isResponding { pumpResponse() }
    }

    /// Moves a complete head to `response`; false if more bytes are needed.
    private func takeResponseHead() throws(HTTPParseError) -> Bool {
        guard let input = upstream?.bufferevent.input else { return false }
        let limits = worker.headLimits
        var scanner = responseScanner
        var found: Int?
        try input.forEachSegment(from: scanner.examined) { (segment) throws(HTTPParseError) in
            found = try scanner.scan(segment, limit: limits.headBytes)
            return found == nil
        }
        responseScanner = found == nil ? scanner : HeadScanner()
        guard let length = found else { return false }
        responseTraits = try Self.read(&response, from: input, length, limits, answering: traits.method)
        return true
    }

    private static func read(
        _ head: inout ResponseHead, from input: Evbuffer, _ length: Int, _ limits: HeadLimits, answering method: Method
    ) throws(HTTPParseError) -> ResponseTraits {
        input.takePrefix(length, into: &head.fields.bytes)
        try head.parse(limits: limits)
        return try ResponseTraits(head, answering: method)
    }

    /// Whether an exchange survived a step. After its end the object may already serve another request: it must not be
    /// touched.
    private enum Outcome { case goesOn, over }

    private func judgeResponse() -> Outcome {
        if responseTraits.isInterim { return relayInterim() }
        if responseTraits.status == 101 { return switchProtocols() }
        if dropsAnswer { return .over }
        beginResponse()
        return .goesOn
    }

    /// Passes a 1xx on (RFC 9110 §15.2); clients of HTTP/1.0 do not know them.
    private func relayInterim() -> Outcome {
        interimResponses += 1
        guard interimResponses <= Self.maxInterimResponses else {
            fail(.upstreamMalformed, detail: "too many interim responses")
            return .over
        }
        if traits.version == .http11 { write(ResponseRewrite()) }
        if responseTraits.status == 100 { continued() }
        response.reset()
        armDeadline()
        return .goesOn
    }

    /// Follows the endpoint into another protocol, if the client asked for it (RFC 9110 §15.2.2).
    private func switchProtocols() -> Outcome {
        guard traits.wantsUpgrade, !isClassic, response.switches(as: request) else {
            fail(.upstreamMalformed, detail: "101 without a request for it")
            return .over
        }
        isTunnel = true
        record.responseBegan = now
        record.status = 101
        endpointIsDone()
        machine.switchedProtocols()
        requestLane.start(.untilEnd, limits: worker.headLimits)
        responseLane.start(.untilEnd, limits: worker.headLimits)
        var rewrite = ResponseRewrite(connection: .upgrade)
        rewrite.via = addsFields
        if saysStrictTransport { announceStrictTransport(in: &rewrite) }
        if wantsExplanation { explain(in: &rewrite) }
        write(rewrite)
        pumpRequest()
        return machine.isResponding ? .goesOn : .over
    }

    private var addsFields: Bool { forwarded != .none }

    /// Decides how the response crosses, and takes note of what it is.
    private func planResponse(isComplete: Bool = false) -> ResponsePlan {
        let framing = responseTraits.framing
        let outpaces = machine.isReceivingRequest && (isComplete || outpaces(framing))
        let context = ResponseContext(
            isClassic: isClassic, canPersist: clientMayStay && !outpaces, clientVersion: traits.version,
            addsFields: addsFields)
        var plan = ResponsePlan(framing, context, date: responseTraits.hasDate ? nil : worker.dateClock.now)
        if let tokens = cluster?.tokens, let position, position != preferred {
            plan.rewrite.extraLines = tokens.line(for: position, isSecure: client?.security != nil)
        }
        if saysStrictTransport { announceStrictTransport(in: &plan.rewrite) }
        persists = plan.persists
        record.responseBegan = now
        record.status = responseTraits.status
        if wantsExplanation { explain(in: &plan.rewrite) }
        endpointIsDone()
        machine.responseBegan()
        if history.isUsed { history.forgetBody() }
        // The time that a client takes for its body is not the endpoint's.
        if let cluster, cluster.wantsLatency, let position, requestLane.hasEnded {
            cluster.answered(position, after: now.nanoseconds(since: record.sent), now: now.nanoseconds)
        }
        return plan
    }

    private func beginResponse() {
        let plan = planResponse()
        responseLane.start(plan.lane, limits: worker.headLimits)
        begin(plan.rewrite)
        armDeadline()
    }

    /// Sends the head, with the body if that is small and there.
    private func begin(_ rewrite: ResponseRewrite) {
        guard let client, let upstream else { return }
        var bytes = serialized(rewrite)
        let isWhole = responseLane.takeWhole(from: upstream.bufferevent.input, to: &bytes)
        record.bytesSent += bytes.count
        if isWhole { client.bufferevent.send(bytes) } else { client.bufferevent.output.append(bytes) }
        worker.giveBack(scratch: bytes)
    }

    /// The response's head, in the worker's scratch memory.
    private func serialized(_ rewrite: ResponseRewrite) -> [UInt8] {
        var bytes = worker.takeScratch()
        HeadSerializer.append(response: response, rewrite: rewrite, to: &bytes)
        return bytes
    }

    /// Whether the response will be complete before the request is: what the client still sends of it could be taken
    /// for its next request, so the connection ends (RFC 9112 §9.6), and the response says so.
    private func outpaces(_ framing: BodyFraming) -> Bool {
        switch framing {
        case .none: return true
        case .length(let count): return awaitsContinue || count <= upstream?.bufferevent.input.length ?? 0
        case .chunked, .untilClose: return awaitsContinue
        }
    }

    /// Whether the client's connection can go on after this exchange, as far as is known now.
    var clientMayStay: Bool {
        guard let client else { return false }
        return traits.wantsKeepAlive && keepsConnections
            && client.requestCount < snapshot.limits.clientRequests && client.mayAskMore && !client.isEnding
            && !worker.isFull && !requestWasCutOff
    }

    /// Sends a head that no body follows: of an interim response, or before a tunnel.
    private func write(_ rewrite: ResponseRewrite) {
        guard let client else { return }
        let bytes = serialized(rewrite)
        client.bufferevent.send(bytes)
        record.bytesSent += bytes.count
        worker.giveBack(scratch: bytes)
    }

    /// Moves response body, as far as the endpoint has sent it and the client takes it.
    func pumpResponse() {
        guard let client, let upstream, machine.isResponding else { return }
        let output = client.bufferevent.output
        let before = output.length
        let progress = responseLane.pump(from: upstream.bufferevent.input, to: output)
        let isComplete = upstreamHasEnded && responseLane.paused.isEmpty && upstream.bufferevent.input.isEmpty
        let endedWell = isComplete ? responseLane.sourceEnded(target: output) : responseLane.hasEnded
        record.bytesSent += output.length - before
        if output.length > before { armDeadline() }
        client.bufferevent.flush()
        switch progress {
        case .malformed(let error): fail(.upstreamTruncated, detail: error.explanation)
        case .tooLarge: fail(.upstreamTruncated)
        case .ended, .flowing:
            if endedWell {
                perform(machine.responseEnded())
            } else if isComplete {
                fail(.upstreamTruncated)
            } else {
                if !spliceResponseIfBulk() { pauseResponseIfFull(client.bufferevent) }
            }
        }
    }

    private func pauseResponseIfFull(_ target: Bufferevent) {
        guard target.output.length >= ForwardLane.highMark else { return }
        responseLane.paused.insert(.targetFull)
        target.setWriteLowMark(ForwardLane.highMark / 2)
    }

    /// The endpoint's connection broke while the response was on its way: what is there is passed on, but the response
    /// is never taken for complete unless its framing says so.
    func responseSourceBroke(_ error: SystemError) {
        guard let client, let upstream else { return }
        responseLane.paused = []
        let output = client.bufferevent.output
        let before = output.length
        _ = responseLane.pump(from: upstream.bufferevent.input, to: output)
        record.bytesSent += output.length - before
        client.bufferevent.flush()
        if responseLane.hasEnded {
            perform(machine.responseEnded())
        } else {
            fail(.upstreamTruncated, detail: error.reason)
        }
    }

    /// The client's connection has room again.
    func clientDrained() {
        if responseLane.paused.contains(.targetFull) { resumeResponse() }
    }

    /// The client takes bytes, however slowly.
    ///
    /// Before a response begins, what it takes are answers to earlier requests: no reason to wait longer for this one.
    func clientProgressed() {
        if machine.isResponding { armDeadline() }
    }
}
