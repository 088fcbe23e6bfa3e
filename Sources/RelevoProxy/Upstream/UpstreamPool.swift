// The connections to one endpoint between two requests. When a connection may be kept is Exchange's matter.
// Nothing here is shared between workers.

import CLibevent
import RelevoPolicy

/// The idle connections of one worker to one endpoint. Confined to the worker's thread.
final class UpstreamPool {
    private let loop: EventLoop
    private let wheel: DeadlineWheel
    /// Connections that are kept at most.
    var limit: Int
    private var idle: [UpstreamConnection] = []
    /// Connections that wait.
    var count: Int { idle.count }
    /// Grows when connections that were opened before are kept no more.
    private(set) var edition = 0
    /// Where connections are kept to; nil for wherever they lead.
    private var current: Set<SocketAddress>?

    /// Creates an empty pool that keeps at most `limit` connections.
    init(loop: EventLoop, wheel: DeadlineWheel, limit: Int) {
        self.loop = loop
        self.wheel = wheel
        self.limit = limit
    }

    /// A kept connection to an address. The one used last comes first: it is the least likely to have ended, and what
    /// has ended or spoken unasked is passed over. The address was chosen before, so keeping connections does not
    /// change who gets how many requests.
    func lease(_ address: SocketAddress, to exchange: Exchange) -> UpstreamConnection? {
        while let connection = takeLast(address) {
            // What has come unasked would be taken for this exchange's response.
            let isRepeatable = exchange.traits.isRepeatable
            guard isQuiet(connection, exactly: !isRepeatable) else {
                end(connection)
                continue
            }
            if !isRepeatable { connection.acknowledgedBefore = connection.bufferevent.acknowledgedBytes }
            wheel.unset(connection.deadline)
            connection.pool = nil
            connection.exchange = exchange
            return connection
        }
        return nil
    }

    /// One that was released before this turn of the loop comes first: the loop has looked at it since.
    private func takeLast(_ address: SocketAddress) -> UpstreamConnection? {
        let turn = loop.turn
        return withIdle { idle in
            var unseen: Int?
            var index = idle.count
            while index > 0 {
                index -= 1
                guard idle[index].address == address else { continue }
                if idle[index].released != turn { return idle.remove(at: index) }
                if unseen == nil { unseen = index }
            }
            return unseen.map { idle.remove(at: $0) }
        }
    }

    /// Lends the list out. It is swapped for an empty one meanwhile: an access in place that calls anything is checked
    /// at run time, here and everywhere.
    private func withIdle<Result>(_ body: (inout [UpstreamConnection]) -> Result) -> Result {
        var lent: [UpstreamConnection] = []
        swap(&lent, &idle)
        defer { swap(&lent, &idle) }
        return body(&lent)
    }

    /// Whether a connection has nothing to tell. A request that cannot be repeated is worth asking the system: under
    /// load the loop's knowledge is a millisecond old, and an endpoint that leaves ends its connections meanwhile.
    private func isQuiet(_ connection: UpstreamConnection, exactly: Bool) -> Bool {
        guard !exactly, let released = connection.released else { return connection.bufferevent.isQuiet }
        return connection.bufferevent.isQuiet(since: released)
    }

    /// Keeps a connection for `patience` nanoseconds, or closes it if there are enough.
    func release(_ connection: UpstreamConnection, patience: UInt64) {
        guard patience > 0, idle.count < limit, connection.edition == edition,
            current?.contains(connection.address) ?? true
        else {
            end(connection)
            return
        }
        connection.exchange = nil
        connection.pool = self
        connection.released = loop.turn
        wheel.set(connection.deadline, at: loop.now.advanced(by: patience))
        withIdle { $0.append(connection) }
    }

    /// A waiting connection has ended. The caller's reference keeps it alive when the list lets go of it.
    func idleEnded(_ connection: UpstreamConnection) {
        if let index = position(of: connection) { withIdle { _ = $0.remove(at: index) } }
        end(connection)
    }

    private func position(of connection: UpstreamConnection) -> Int? {
        for index in idle.indices where idle[index] === connection { return index }
        return nil
    }

    /// Ends a connection that nobody uses any more.
    func end(_ connection: UpstreamConnection, _ ending: Bufferevent.Ending = .orderly) {
        wheel.remove(connection.deadline)
        loop.retire(connection)
        connection.close(ending)
    }

    /// Ends kept connections to other addresses than these, and keeps none to them from now on.
    func keep(only addresses: Set<SocketAddress>) {
        current = addresses
        let gone = idle.filter { !addresses.contains($0.address) }
        withIdle { $0.removeAll { !addresses.contains($0.address) } }
        for connection in gone { end(connection) }
    }

    /// Ends all kept connections, and those in use when they would be kept.
    func renew() {
        edition += 1
        endAll()
    }

    /// Ends all kept connections.
    func endAll() {
        let all = idle
        idle = []
        for connection in all { end(connection) }
    }
}

@available(*, unavailable)
extension UpstreamPool: Sendable {}
