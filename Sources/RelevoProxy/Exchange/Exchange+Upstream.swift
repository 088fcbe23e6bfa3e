// The events of the connection to an endpoint.
// Which endpoint it is, and what follows when it fails: Exchange+Attempts.

import CLibevent
import RelevoHTTP
import RelevoPolicy

extension Exchange {
    func closeUpstream(_ ending: Bufferevent.Ending) {
        if history.isUsed, let rival = history.takeRival() { target?.pool.end(rival) }
        guard let connection = upstream else { return }
        endSplicingResponse()
        upstream = nil
        target?.pool.end(connection, ending)
    }

    // MARK: Events of the endpoint's connection

    func upstreamSignalled(_ signal: BuffereventSignal) {
        switch signal {
        case .connected:
            if let upstream { target?.connected(upstream.address) }
            cluster?.connected()
            record.connected = now
            perform(machine.connected())
        case .endOfStream:
            upstreamHasEnded = true
            let isDoubtful = upstream?.bufferevent.hasWriteFailed ?? false
            upstreamEnded(isDoubtful ? .broken(SystemError.reset) : .orderly)
        case .failed(let error):
            if case .connecting = machine.state {
                connectFailed(Fault(connecting: error), detail: error.description)
            } else if error.isHandshakeFailure, machine.awaitsResponseHead {
                attemptFailed(.connectTLS, detail: error.description)
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

    /// Whether a request that must not be processed twice counts as not processed at all: nothing of it was
    /// acknowledged when the endpoint closed the connection, or, if the cluster's settings take that for enough,
    /// reset it.
    private func wasUnread(_ ending: Ending) -> Bool {
        guard !traits.isRepeatable, !hasResponseBytes, let upstream, upstream.isUnacknowledged else { return false }
        switch ending {
        case .orderly: return true
        case .broken(let error): return error.isReset && cluster?.cluster.retry?.nonIdempotent == .unacknowledged
        }
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
        if machine.awaitsResponseHead { isUnread = wasUnread(ending) }
        if machine.awaitsResponseHead, isStale {
            attemptFailed(.upstreamStale, detail: nil)
        } else if machine.awaitsResponseHead {
            let partial = !(upstream?.bufferevent.input.isEmpty ?? true)
            switch ending {
            case .orderly: attemptFailed(.upstreamClosed, detail: partial ? "in the middle of the response head" : nil)
            case .broken(let error): attemptFailed(.upstreamClosed, detail: error.reason)
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
