// A connection to an endpoint: opens, tells its exchange what happens, ends. Which endpoint and why is Exchange's
// matter.

import CLibevent
import RelevoPolicy

/// One connection to an endpoint. Confined to its worker's thread.
final class UpstreamConnection {
    let bufferevent: Bufferevent
    /// The exchange that uses the connection.
    unowned var exchange: Exchange?

    /// Begins to open a connection.
    /// - Throws: the fault that the system's immediate refusal amounts to.
    init(loop: EventLoop, address: SocketAddress, exchange: Exchange) throws(Fault) {
        do throws(SystemError) {
            bufferevent = try Bufferevent(loop: loop, connectingTo: address)
        } catch {
            throw Fault(connecting: error)
        }
        self.exchange = exchange
        bufferevent.onRead = { [unowned self] in self.exchange?.upstreamReadable() }
        bufferevent.onWritten = { [unowned self] in self.exchange?.upstreamDrained() }
        bufferevent.onSignal = { [unowned self] in self.exchange?.upstreamSignalled($0) }
    }

    /// Ends the connection.
    func close(_ ending: Bufferevent.Ending = .orderly) {
        exchange = nil
        bufferevent.retire(ending)
    }
}

extension Fault {
    /// The fault that a failed attempt to open a connection amounts to.
    ///
    /// Without a descriptor, a port or memory of our own no other endpoint would fare better: that is the proxy's
    /// fault and not the endpoint's.
    init(connecting error: SystemError) {
        if error.isExhaustion || error.isOutOfPorts {
            self = .proxyOverloaded
        } else if error.isRefused {
            self = .connectRefused
        } else if error.isTimeout {
            self = .connectTimeout
        } else {
            self = .connectUnreachable
        }
    }
}

@available(*, unavailable)
extension UpstreamConnection: Sendable {}
