// The attempts to reach an endpoint, and the events of the connection to it.
// Who may be tried is decided in RelevoPolicy.

import CLibevent
import RelevoHTTP
import RelevoPolicy

extension Exchange {
    /// Takes a kept connection or opens one to the next address: of the same endpoint while its name has others, else
    /// of an endpoint of the cluster that was not tried yet.
    func connect() {
        if addresses.left == 0 { chooseEndpoint() }
        guard let target, let address = nextAddress(of: target) else {
            fail(lastResort)
            return
        }
        record.attempts += 1
        if keepsUpstream, !avoidsPool, let kept = target.pool.lease(address, to: self) {
            use(kept)
            return
        }
        record.connectBegan = now
        worker.stats.connectsBegun += 1
        do throws(SystemError) {
            upstream = try UpstreamConnection(loop: worker.loop, address: address, exchange: self)
            upstream?.bufferevent.setReadHighMark(max(ForwardLane.highMark, snapshot.limits.headBytes + 4096))
            armDeadline()
        } catch {
            // Ports run out for one endpoint at a time, and those of connections that end now are not free for long.
            if error.isExhaustion { worker.makeRoom() }
            connectFailed(Fault(connecting: error), detail: error.description)
        }
    }

    /// Whether the connection to the endpoint outlives the exchange, if the endpoint agrees.
    var keepsUpstream: Bool { keepsConnections && !traits.wantsUpgrade }

    private func use(_ connection: UpstreamConnection) {
        upstream = connection
        record.upstreamReused = true
        perform(machine.connected())
    }

    private func chooseEndpoint() {
        if let position { triedPositions.append(position) }
        let tried = position == nil ? [] : triedPositions
        var random = worker.random
        let choice = cluster?.choose(tried: tried, using: &random)
        worker.random = random
        guard let cluster, let next = choice else { return }
        position = next
        let chosen = cluster.endpoints[next]
        target = chosen
        addresses = chosen.beginTurn()
    }

    private func nextAddress(of endpoint: EndpointState) -> SocketAddress? {
        var turn = addresses
        defer { addresses = turn }
        return endpoint.next(&turn)
    }

    /// What to tell the client when no endpoint is left to try: the reason of the last attempt if there was one.
    private var lastResort: Fault {
        if let fault = record.fault { return fault }
        return cluster?.isAnyUsable ?? true ? .endpointNoneHealthy : .connectDNS
    }

    /// An attempt has failed; the next endpoint is tried if there is one.
    func connectFailed(_ fault: Fault, detail: String?) {
        closeUpstream(.orderly)
        worker.stats.connectsFailed += 1
        if fault == .connectTimeout { connectTimeouts += 1 }
        self.detail = detail
        record.fault = fault
        var next = machine
        let action = next.connectFailed(fault, timeouts: connectTimeouts)
        machine = next
        perform(action)
    }

    func closeUpstream(_ ending: Bufferevent.Ending) {
        guard let connection = upstream else { return }
        endSplicingResponse()
        upstream = nil
        target?.pool.end(connection, ending)
    }

    // MARK: Events of the endpoint's connection

    func upstreamSignalled(_ signal: BuffereventSignal) {
        switch signal {
        case .connected:
            record.connected = now
            perform(machine.connected())
        case .endOfStream:
            upstreamHasEnded = true
            let isDoubtful = upstream?.bufferevent.hasWriteFailed ?? false
            upstreamEnded(isDoubtful ? .broken(SystemError.reset) : .orderly)
        case .failed(let error):
            if case .connecting = machine.state {
                connectFailed(Fault(connecting: error), detail: error.description)
            } else if error.call == .write {
                upstreamStoppedReading()
            } else {
                upstreamHasEnded = true
                upstreamEnded(.broken(error))
            }
        }
    }

    /// How an endpoint's connection ended.
    enum Ending {
        case orderly
        case broken(SystemError)
    }

    /// Whether the connection was kept from an earlier request and ended before a byte of the response came.
    private var isStale: Bool {
        guard let upstream else { return false }
        return upstream.isReused && interimResponses == 0 && upstream.bufferevent.input.isEmpty
    }

    /// The endpoint ended a kept connection, as it may at any time. If the request can do no harm twice, the client
    /// never learns of it.
    private func retryOnFreshConnection() {
        let isRepeatable = traits.method.isIdempotent && !traits.hasBody
        closeUpstream(.orderly)
        if isRepeatable, let target {
            avoidsPool = true
            upstreamHasEnded = false
            requestWasCutOff = false
            record.upstreamReused = false
            requestLane.start(.none, limits: worker.headLimits)
            addresses = target.beginTurn()
        }
        var next = machine
        let action = next.becameStale(isRepeatable: isRepeatable)
        machine = next
        perform(action)
    }

    /// The endpoint takes no more of the request, but its answer may be on its way: it is still read.
    private func upstreamStoppedReading() {
        guard machine.isReceivingRequest else { return }
        requestLane.abandon()
        endSplicingRequest()
        requestWasCutOff = true
        perform(machine.requestEnded())
    }

    /// The endpoint will send nothing more.
    private func upstreamEnded(_ ending: Ending) {
        if machine.awaitsResponseHead, isStale {
            retryOnFreshConnection()
        } else if machine.awaitsResponseHead {
            let partial = !(upstream?.bufferevent.input.isEmpty ?? true)
            switch ending {
            case .orderly: fail(.upstreamClosed, detail: partial ? "in the middle of the response head" : nil)
            case .broken(let error): fail(.upstreamClosed, detail: error.reason)
            }
        } else if machine.isResponding {
            if case .broken(let error) = ending, !isTunnel {
                responseSourceBroke(error)
            } else {
                pumpResponse()
            }
        }
    }

    /// The endpoint's connection has room again.
    func upstreamDrained() {
        if isTunnel, requestLane.hasEnded, upstream?.bufferevent.output.isEmpty ?? false {
            upstream?.bufferevent.shutdownOutput()
        }
        if requestLane.paused.contains(.targetFull) { resumeRequest() }
    }
}
