// What a worker knows about endpoints at run time.
// Configuration is Endpoint's matter.

package import CLibevent
package import RelevoPolicy

/// The runtime state of one endpoint in one worker. Confined to the worker's thread.
package final class EndpointState {
    /// The endpoint as configured.
    package let endpoint: Endpoint
    /// Where it can be reached; empty while its name is unresolved.
    package private(set) var addresses: [SocketAddress]
    private var turn = 0

    /// Creates the state; literals and paths have their address at once.
    package init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
        addresses = Self.knownAddress(endpoint.address).map { [$0] } ?? []
    }

    /// Whether the endpoint can be tried.
    package var isUsable: Bool { !addresses.isEmpty }

    /// Takes the addresses that its name has now.
    package func resolved(to found: [SocketAddress]) { addresses = found }

    /// Appends the addresses for one request, the first to be tried last: each request begins with another.
    package func appendAddresses(to list: inout [SocketAddress]) {
        if addresses.count > 1 { turn = (turn + 1) % addresses.count }
        for position in stride(from: addresses.count - 1, through: 0, by: -1) {
            list.append(addresses[(turn + position) % addresses.count])
        }
    }

    private static func knownAddress(_ address: EndpointAddress) -> SocketAddress? {
        switch address {
        case .literal(let host, let port): SocketAddress(literal: host, port: UInt16(clamping: port))
        case .unix(let path): .unix(path: path)
        case .name: nil
        }
    }
}
