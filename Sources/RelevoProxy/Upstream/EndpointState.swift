// What a worker knows about an endpoint at run time.
// Configuration is Endpoint's matter.

import CLibevent
import RelevoPolicy

/// The runtime state of one endpoint in one worker. Confined to the worker's thread.
final class EndpointState {
    /// The endpoint as configured.
    private(set) var endpoint: Endpoint
    /// Its connections between two requests.
    let pool: UpstreamPool
    /// How connections to it are opened.
    private(set) var security: EndpointSecurity
    /// Whether each connection to it begins with a header that tells of one client: then none is kept in ``pool``.
    let isToldOfClients: Bool
    /// Where it can be reached; empty while its name is unresolved.
    private let addresses = AddressBook()
    /// Requests in flight from this worker.
    var active = 0
    /// It and its cluster as lines of the log have them; empty before the first.
    var logText: [UInt8] = []
    /// What was counted of it.
    var tally = EndpointTally()

    /// Creates the state; literals and paths have their address at once.
    init(_ endpoint: Endpoint, _ security: EndpointSecurity, pool: UpstreamPool) {
        self.endpoint = endpoint
        self.security = security
        self.pool = pool
        isToldOfClients = endpoint.proxyProtocol != nil
        if let address = SocketAddress(endpoint.address) { addresses.replace(with: [NameTarget([address])]) }
    }

    /// Goes on as an endpoint of another snapshot: connections, addresses and requests in flight stay.
    func becomes(_ endpoint: Endpoint, _ security: EndpointSecurity) {
        self.endpoint = endpoint
        self.security = security
        logText = []
    }

    /// Opens connections by other settings from now on. Those that were opened before end, or do when they would be
    /// kept: whoever they lead to was believed by other settings.
    func trusts(_ security: EndpointSecurity) {
        if !self.security.opensAlike(security) { pool.renew() }
        self.security = security
    }

    /// The endpoint is no more: requests that it has are finished, connections are not kept.
    func retire() {
        addresses.replace(with: [])
        pool.keep(only: [])
    }

    /// Whether there is a way to it.
    var hasAddress: Bool { addresses.count > 0 }

    /// Takes the addresses that its name has now. Kept connections to others end; those in use do when they would be
    /// kept.
    func resolved(to targets: [NameTarget]) {
        addresses.replace(with: targets)
        pool.keep(only: addresses.all)
    }

    /// Begins to go through the addresses for one request: each request begins with another.
    func beginTurn() -> AddressTurn { addresses.beginTurn() }

    /// The next address of a turn; nil if all were tried, or if there is none any more.
    func next(_ turn: inout AddressTurn) -> SocketAddress? { addresses.next(&turn) }

    /// Whether the next address of a turn is of the other family than `address`, and of the same host.
    func hasAlternative(to address: SocketAddress, in turn: AddressTurn) -> Bool {
        addresses.hasAlternative(to: address, in: turn)
    }

    /// A connection to an address has opened.
    func connected(_ address: SocketAddress) { addresses.connected(address) }
}

extension SocketAddress {
    /// The address that a configured one is by itself; nil for names.
    init?(_ address: EndpointAddress) {
        switch address {
        case .literal(let host, let port): self.init(literal: host, port: UInt16(clamping: port))
        case .unix(let path): self = .unix(path: path)
        case .name, .service: return nil
        }
    }
}

@available(*, unavailable)
extension EndpointState: Sendable {}
