// A connection to an endpoint: opens, tells its exchange what happens, waits in the pool, ends.
// Which endpoint and why is Exchange's matter; who waits how long is UpstreamPool's.

import CLibevent
import RelevoPolicy

/// One connection to an endpoint. Confined to its worker's thread.
final class UpstreamConnection {
    let bufferevent: Bufferevent
    /// Where it leads.
    let address: SocketAddress
    /// The exchange that uses the connection; nil while it waits in the pool.
    var exchange: Exchange?
    /// The edition of the pool when it was opened: see ``UpstreamPool/renew()``.
    var edition = 0
    /// Requests that were sent on it.
    var requestCount = 0
    /// Bytes acknowledged before the present request, by ``Bufferevent/acknowledgedBytes``; kept up to date only for
    /// requests that cannot be repeated. At first there is the opening of the connection.
    var acknowledgedBefore: Int64? = 1
    /// The turn of the loop in which it was released.
    var released: EventLoop.Turn?
    /// When it has waited too long.
    let deadline = Deadline()
    /// The pool in which the connection waits: told when it has ended, has waited too long, or has spoken unasked.
    var pool: UpstreamPool?

    /// Begins to open a connection.
    /// - Throws: what the system refuses at once.
    init(
        loop: EventLoop, address: SocketAddress, security: EndpointSecurity, exchange: Exchange
    ) throws(SystemError) {
        bufferevent = try security.open(address, on: loop)
        self.address = address
        self.exchange = exchange
        bufferevent.onArrival = { [unowned self] in self.exchange?.upstreamArrived($0) ?? false }
        bufferevent.onRead = { [unowned self] in
            if let exchange = self.exchange { exchange.upstreamReadable() } else { idleEnded() }
        }
        bufferevent.onWritten = { [unowned self] in self.exchange?.upstreamDrained() }
        bufferevent.onProgress = { [unowned self] in self.exchange?.upstreamProgressed() }
        bufferevent.onSignal = { [unowned self] signal in
            if let exchange = self.exchange { exchange.upstreamSignalled(signal, by: self) } else { idleEnded() }
        }
        deadline.onExpired = { [unowned self] in idleEnded() }
    }

    private func idleEnded() { pool?.idleEnded(self) }

    /// Whether an earlier request was served on it.
    var isReused: Bool { requestCount > 1 }

    /// Whether the endpoint's system has acknowledged nothing of a request that cannot be repeated.
    var isUnacknowledged: Bool {
        guard let before = acknowledgedBefore, let count = bufferevent.acknowledgedBytes else { return false }
        return count <= before
    }

    /// Ends the connection.
    func close(_ ending: Bufferevent.Ending = .orderly) {
        exchange = nil
        pool = nil
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
        } else if error.isHandshakeFailure {
            self = .connectTLS
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
