// What a worker knows about an endpoint at run time.
// Configuration is Endpoint's matter.

import CLibevent
import RelevoPolicy

/// The runtime state of one endpoint in one worker. Confined to the worker's thread.
final class EndpointState {
    /// The endpoint as configured.
    let endpoint: Endpoint
    /// Its connections between two requests.
    let pool: UpstreamPool
    /// Where it can be reached; empty while its name is unresolved.
    private var addresses: [SocketAddress]
    private var turn = 0
    /// Requests in flight from this worker.
    var active = 0

    /// Creates the state; literals and paths have their address at once.
    init(_ endpoint: Endpoint, pool: UpstreamPool) {
        self.endpoint = endpoint
        self.pool = pool
        addresses = SocketAddress(endpoint.address).map { [$0] } ?? []
    }

    /// Whether there is a way to it.
    var hasAddress: Bool { !addresses.isEmpty }

    /// Takes the addresses that its name has now. Kept connections to others end; those in use do when they would be
    /// kept.
    func resolved(to targets: [NameTarget]) {
        addresses = targets.flatMap(\.addresses)
        pool.keep(only: Set(addresses))
    }

    /// Begins to go through the addresses for one request: each request begins with another.
    func beginTurn() -> AddressTurn {
        if addresses.count > 1 { turn = (turn + 1) % addresses.count }
        return AddressTurn(position: turn, left: addresses.count)
    }

    /// The next address of a turn; nil if all were tried, or if there is none any more.
    func next(_ turn: inout AddressTurn) -> SocketAddress? {
        guard turn.left > 0, !addresses.isEmpty else { return nil }
        turn.left -= 1
        turn.position = (turn.position + 1) % addresses.count
        return addresses[turn.position]
    }
}

extension SocketAddress {
    /// The address that a configured one is by itself; nil for names.
    init?(_ address: EndpointAddress) {
        switch address {
        case .literal(let host, let port): self.init(literal: host, port: UInt16(clamping: port))
        case .unix(let path): self = .unix(path: path)
        case .name: return nil
        }
    }
}

/// How far one request has gone through the addresses of an endpoint.
struct AddressTurn: BitwiseCopyable {
    /// The address that was tried last.
    fileprivate(set) var position = 0
    /// Addresses that were not tried yet.
    fileprivate(set) var left = 0
}

@available(*, unavailable)
extension EndpointState: Sendable {}
