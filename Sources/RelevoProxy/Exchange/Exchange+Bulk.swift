// Large bodies in either direction: from socket to socket through a pipe of the system, as soon as nothing that came
// before is still in a buffer.
// Not for small ones, chunks and tunnels: those are pumped.

import CLibevent
import RelevoPolicy

// MARK: - The response

extension Exchange {
    /// Lets the rest of the response go by splicing, if that is worth it and a pipe can be had.
    func spliceResponseIfBulk() {
        guard responsePipe == nil, responseLane.isBulk, !isTunnel, let client, let upstream,
            upstream.bufferevent.input.isEmpty, upstream.bufferevent.fileDescriptor >= 0,
            let pipe = worker.takePipe()
        else { return }
        responsePipe = pipe
        upstream.bufferevent.onReadable = { [unowned self] in spliceResponse() }
        if !client.bufferevent.output.isEmpty {
            awaitEmptyOutput(client.bufferevent, of: responseLane, from: upstream.bufferevent)
        }
    }

    /// Moves what is there of the response.
    /// - Returns: false if nothing could be moved: then it has to be read as usual.
    @discardableResult
    func spliceResponse() -> Bool {
        guard let client, let upstream, let pipe = responsePipe else { return false }
        var sent = 0
        let progress = responseLane.splice(
            from: upstream.bufferevent, to: client.bufferevent, through: pipe, sent: &sent)
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
        guard let pipe = responsePipe else { return }
        responsePipe = nil
        worker.giveBack(pipe)
        upstream?.bufferevent.onReadable = nil
        upstream?.bufferevent.startReading()
    }
}

// MARK: - The request

extension Exchange {
    /// Lets the rest of the request's body go by splicing, if that is worth it and a pipe can be had.
    func spliceRequestIfBulk() {
        guard requestPipe == nil, requestLane.isBulk, !isTunnel, let client, let upstream, !client.hasEnded,
            client.bufferevent.input.isEmpty, client.bufferevent.fileDescriptor >= 0,
            let pipe = worker.takePipe()
        else { return }
        requestPipe = pipe
        client.bufferevent.onReadable = { [unowned self] in spliceRequest() }
        if !upstream.bufferevent.output.isEmpty {
            awaitEmptyOutput(upstream.bufferevent, of: requestLane, from: client.bufferevent)
            pausedSince = now
            armDeadline()
        }
    }

    /// Moves what is there of the request's body.
    /// - Returns: false if nothing could be moved: then it has to be read as usual.
    @discardableResult
    func spliceRequest() -> Bool {
        guard let client, let upstream, let pipe = requestPipe else { return false }
        let before = requestLane.bytesTaken
        var sent = 0
        let progress = requestLane.splice(
            from: client.bufferevent, to: upstream.bufferevent, through: pipe, sent: &sent)
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
        guard let pipe = requestPipe else { return }
        requestPipe = nil
        worker.giveBack(pipe)
        client?.bufferevent.onReadable = nil
        client?.bufferevent.startReading()
    }
}

// MARK: - Pauses

extension Exchange {
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
        guard responsePipe != nil else { return pumpResponse() }
        upstream?.bufferevent.startReading()
        spliceResponse()
    }

    /// The endpoint takes bytes of the request again.
    func resumeRequest() {
        requestLane.paused.remove(.targetFull)
        endPause()
        armDeadline()
        guard requestPipe != nil else { return pumpRequest() }
        client?.bufferevent.startReading()
        spliceRequest()
    }
}
