// Connections to endpoints between two requests. When a connection may be kept is Exchange's matter.
// Nothing here is shared between workers.

import CLibevent
import RelevoPolicy

/// The idle connections of one worker. Confined to its thread.
final class UpstreamPool {
    private let loop: EventLoop
    private let wheel: DeadlineWheel
    private let limit: Int
    private var idle: [[UpstreamConnection]]

    init(loop: EventLoop, wheel: DeadlineWheel, snapshot: ProxySnapshot) {
        self.loop = loop
        self.wheel = wheel
        limit = snapshot.limits.idleUpstreams
        idle = [[UpstreamConnection]](repeating: [], count: snapshot.endpointCount)
    }

    /// A kept connection to an address of an endpoint. The one used last comes first: it is the least likely to have
    /// ended, and what has ended or spoken unasked is passed over. The address was chosen before, so keeping
    /// connections does not change who gets how many requests.
    func lease(_ endpoint: Endpoint, _ address: SocketAddress, to exchange: Exchange) -> UpstreamConnection? {
        let id = endpoint.id
        while let index = idle[id].lastIndex(where: { $0.address == address }) {
            let connection = idle[id].remove(at: index)
            // What has come since the last turn of the loop would be taken for this exchange's response.
            guard connection.bufferevent.isQuiet else {
                end(connection)
                continue
            }
            wheel.unset(connection.deadline)
            connection.keeper = nil
            connection.exchange = exchange
            return connection
        }
        return nil
    }

    /// Keeps a connection for `patience` nanoseconds, or closes it if there are enough.
    func release(_ connection: UpstreamConnection, patience: UInt64) {
        let id = connection.endpoint.id
        guard patience > 0, idle[id].count < limit else {
            end(connection)
            return
        }
        connection.exchange = nil
        connection.keeper = self
        wheel.set(connection.deadline, at: loop.now.advanced(by: patience))
        idle[id].append(connection)
    }

    /// A waiting connection has ended. The caller's reference keeps it alive when the list lets go of it.
    func idleEnded(_ connection: UpstreamConnection) {
        idle[connection.endpoint.id].removeAll { $0 === connection }
        end(connection)
    }

    /// Ends a connection that nobody uses any more.
    func end(_ connection: UpstreamConnection, _ ending: Bufferevent.Ending = .orderly) {
        wheel.remove(connection.deadline)
        loop.retire(connection)
        connection.close(ending)
    }

    /// Ends all kept connections.
    func endAll() {
        let all = idle.joined()
        idle = idle.map { _ in [] }
        for connection in all { end(connection) }
    }
}

@available(*, unavailable)
extension UpstreamPool: Sendable {}
