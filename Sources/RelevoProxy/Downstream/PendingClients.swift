// The clients of a worker that wait for a header of the PROXY protocol: which peers have to send one, what becomes of
// those who do, and who hears of those who do not. Reading it is PendingClient's matter.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// All of a worker's clients of whom a header has yet to say who they are. Confined to the worker's thread.
final class PendingClients {
    private unowned let worker: Worker
    private var clients: [PendingClient] = []
    /// Their number.
    var count: Int { clients.count }
    private let notify: @Sendable (ProxyNotice) -> Void
    private var silence = MonotonicTime(nanoseconds: 0)
    /// Those that were refused since the operator was told.
    private var untold = 0

    /// How long nothing more is told of headers that were refused.
    private static let silentTime: Duration = .seconds(10)

    /// Waits for nobody yet.
    init(_ worker: Worker, notify: @escaping @Sendable (ProxyNotice) -> Void) {
        self.worker = worker
        self.notify = notify
    }

    /// Whether a connection begins with a header. The protocol forbids to guess that from what comes (PROXY §2).
    func expect(_ arrival: Arrival) -> Bool {
        arrival.door.spec.headerSenders?.include(arrival.peer.ip) ?? false
    }

    /// Begins to wait for the header of a connection.
    /// - Returns: false without memory for it; the connection is closed then.
    func begin(_ socket: consuming Socket, _ arrival: Arrival) -> Bool {
        guard let patience = arrival.door.spec.headerSenders?.patience,
            let client = try? PendingClient(
                socket, arrival, loop: worker.loop, owner: self, index: clients.count)
        else { return false }
        clients.append(client)
        client.wait(until: worker.loop.now.advanced(by: patience), on: worker.wheel)
        if worker.isDraining || !worker.isOpen(arrival.door) { drain(client) }
        return true
    }

    /// The wait of a client is over; called by it once.
    func ended(_ client: PendingClient, _ ending: PendingClient.Ending) {
        guard let socket = remove(client) else { return }
        switch ending {
        case .told(let header):
            worker.begin(socket, Self.arrival(client.arrival, header))
            return
        case .refused(let reason): refused(client, reason)
        case .left: break
        }
        worker.hasLeft()
    }

    /// Takes a client out of the list.
    private func remove(_ client: PendingClient) -> Socket? {
        worker.loop.retire(client)
        let last = clients.removeLast()
        if last !== client {
            clients[client.index] = last
            last.index = client.index
        }
        return client.release(from: worker.wheel)
    }

    private func refused(_ client: PendingClient, _ reason: String) {
        worker.stats.proxyHeadersRefused += 1
        untold += 1
        guard worker.loop.now >= silence else { return }
        silence = worker.loop.now + Self.silentTime
        notify(.proxyHeadersRefused(client.arrival.peer, reason: reason, count: untold))
        untold = 0
    }

    /// A connection as its header tells of it: as if the client had come to the proxy itself.
    private static func arrival(_ arrival: Arrival, _ header: ProxyHeader) -> Arrival {
        guard case .client(let client, let reached) = header else { return arrival }
        var told = arrival
        told.peer = SocketAddress(client)
        told.announcement = Announcement(reached: SocketAddress(reached), sender: arrival.peer)
        return told
    }
}

// MARK: - Ending

extension PendingClients {
    /// The proxy is shutting down: whose header and request have come already is still served, as somebody who has come
    /// without a header is.
    func drain() {
        for client in clients { drain(client) }
    }

    private func drain(_ client: PendingClient) {
        client.wait(until: worker.loop.now.advanced(by: ClientConnection.drainPatience), on: worker.wheel)
        client.look()
    }

    /// Ends every wait at once.
    func cutOff() {
        for client in clients { ended(client, .left) }
    }
}

extension SocketAddress {
    /// An end of a connection. An IPv4 address that is told as one of IPv6 is the IPv4 address.
    fileprivate init(_ end: ProxyHeader.End) {
        switch end.address.unmapped {
        case .v4(let address): self = .ipv4(address: address, port: end.port)
        case .v6(let high, let low): self = .ipv6(high: high, low: low, port: end.port, scope: 0)
        }
    }
}

@available(*, unavailable)
extension PendingClients: Sendable {}
