// Large bodies in either direction: from socket to socket through a pipe of the system, as soon as nothing that came
// before is still in a buffer.
// Not for small ones, chunks and tunnels: those are pumped.

import CLibevent
import RelevoPolicy

// MARK: - The response

extension Exchange {
    /// Lets the rest of the response go by splicing, if that is worth it; true if it does. What is copied all the same,
    /// for want of a pipe, pauses at the high mark as ever.
    func spliceResponseIfBulk() -> Bool {
        guard isSplicingResponse || responseLane.isBulk, !isTunnel, let client, let upstream,
            upstream.bufferevent.input.isEmpty, upstream.bufferevent.isPlain, client.bufferevent.isPlain
        else { return false }
        let unsent = client.bufferevent.output.length
        if !isSplicingResponse {
            isSplicingResponse = true
            upstream.bufferevent.onReadable = { [unowned self] in spliceResponse() }
        } else if unsent < ForwardLane.highMark {
            return true
        }
        if unsent > 0 {
            awaitEmptyOutput(client.bufferevent, of: responseLane, from: upstream.bufferevent)
        }
        return true
    }

    /// Moves what is there of the response.
    /// - Returns: false if nothing could be moved: then it has to be read as usual.
    @discardableResult
    func spliceResponse() -> Bool {
        guard let client, let upstream, let pipe = responsePipe ?? worker.takePipe() else { return false }
        var sent = 0
        let progress = responseLane.splice(
            from: upstream.bufferevent, to: client.bufferevent, through: pipe, sent: &sent)
        responsePipe = keepIfFilled(pipe)
        record.bytesSent += sent
        if sent > 0 { armDeadline() }
        switch progress {
        case .flowing: break
        case .idle:
            endSplicingResponse()
            return false
        case .full: pause(responseLane, from: upstream.bufferevent, to: client.bufferevent)
        case .ended:
            endSplicingResponse()
            perform(machine.responseEnded())
        case .sourceEnded:
            endSplicingResponse()
            upstream.bufferevent.stopReading()
            upstreamSignalled(.endOfStream)
        case .failed(let error) where error.call == .read:
            endSplicingResponse()
            upstream.bufferevent.stopReading()
            upstreamSignalled(.failed(error))
        case .failed(let error): client.signalled(.failed(error))
        }
        return true
    }

    /// Gives the pipe back and lets the endpoint's connection read as usual.
    func endSplicingResponse() {
        guard isSplicingResponse else { return }
        isSplicingResponse = false
        if let pipe = responsePipe.take() { worker.giveBack(pipe) }
        upstream?.bufferevent.onReadable = nil
        upstream?.bufferevent.startReading()
    }
}

// MARK: - The request

extension Exchange {
    /// Lets the rest of the request's body go by splicing, if that is worth it; true if it does.
    func spliceRequestIfBulk() -> Bool {
        guard isSplicingRequest || requestLane.isBulk, !isTunnel, let client, let upstream, !client.hasEnded,
            client.bufferevent.input.isEmpty, client.bufferevent.isPlain, upstream.bufferevent.isPlain
        else { return false }
        // What is spliced is never seen, so it cannot be kept.
        if history.replay.isKept { return false }
        let unsent = upstream.bufferevent.output.length
        if !isSplicingRequest {
            isSplicingRequest = true
            client.bufferevent.onReadable = { [unowned self] in spliceRequest() }
        } else if unsent < ForwardLane.highMark {
            return true
        }
        if unsent > 0 {
            awaitEmptyOutput(upstream.bufferevent, of: requestLane, from: client.bufferevent)
            pausedSince = now
            armDeadline()
        }
        return true
    }

    /// Moves what is there of the request's body.
    /// - Returns: false if nothing could be moved: then it has to be read as usual.
    @discardableResult
    func spliceRequest() -> Bool {
        guard let client, let upstream, let pipe = requestPipe ?? worker.takePipe() else { return false }
        let before = requestLane.bytesTaken
        var sent = 0
        let progress = requestLane.splice(
            from: client.bufferevent, to: upstream.bufferevent, through: pipe, sent: &sent)
        requestPipe = keepIfFilled(pipe)
        record.bytesReceived += requestLane.bytesTaken - before
        if sent > 0 {
            continued()
            armDeadline()
        }
        switch progress {
        case .flowing: break
        case .idle:
            endSplicingRequest()
            return false
        case .full:
            pause(requestLane, from: client.bufferevent, to: upstream.bufferevent)
            pausedSince = now
            armDeadline()
        case .ended:
            endSplicingRequest()
            perform(machine.requestEnded())
        case .sourceEnded:
            endSplicingRequest()
            client.bufferevent.stopReading()
            client.signalled(.endOfStream)
        case .failed(let error) where error.call == .read:
            client.bufferevent.stopReading()
            client.signalled(.failed(error))
        case .failed(let error): upstreamSignalled(.failed(error))
        }
        return true
    }

    /// Gives the pipe back and lets the client's connection read as usual.
    func endSplicingRequest() {
        guard isSplicingRequest else { return }
        isSplicingRequest = false
        if let pipe = requestPipe.take() { worker.giveBack(pipe) }
        client?.bufferevent.onReadable = nil
        client?.bufferevent.startReading()
    }
}

// MARK: - Pauses

extension Exchange {
    /// Who has nothing in a pipe needs none: a transfer that rests, or that never begins, keeps it from nobody.
    private func keepIfFilled(_ pipe: SplicePipe) -> SplicePipe? {
        guard pipe.held == 0 else { return pipe }
        worker.giveBack(pipe)
        return nil
    }

    /// Nothing may overtake what is in the output: waits until that has gone.
    private func awaitEmptyOutput(_ target: Bufferevent, of lane: ForwardLane, from source: Bufferevent) {
        lane.paused.insert(.targetFull)
        source.stopReading()
        target.setWriteLowMark(0)
    }

    private func pause(_ lane: ForwardLane, from source: Bufferevent, to target: Bufferevent) {
        awaitEmptyOutput(target, of: lane, from: source)
        target.awaitWritable()
    }

    /// The client takes bytes of the response again.
    func resumeResponse() {
        responseLane.paused.remove(.targetFull)
        guard isSplicingResponse else { return pumpResponse() }
        upstream?.bufferevent.startReading()
        if responsePipe != nil { spliceResponse() } else { pumpResponse() }
    }

    /// The endpoint takes bytes of the request again.
    func resumeRequest() {
        requestLane.paused.remove(.targetFull)
        endPause()
        armDeadline()
        guard isSplicingRequest else { return pumpRequest() }
        client?.bufferevent.startReading()
        if requestPipe != nil { spliceRequest() } else { pumpRequest() }
    }
}
