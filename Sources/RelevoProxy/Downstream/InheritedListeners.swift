// Listening sockets that somebody else has opened: the process before this one, or a service manager.
// How they come here is the matter of whoever owns the process.

package import CLibevent
package import RelevoPolicy

/// Sockets by the listeners that they may serve.
package struct InheritedListeners: Sendable {
    /// The sockets of one address.
    package struct Listener: Sendable {
        /// What the configuration says of the listener that had them; nil if there was none.
        package let configured: String?
        /// One or more, all at the same address.
        package let sockets: [ListeningSocket]
        /// Whether the file of a unix socket goes with it: not if somebody else keeps it open.
        package let ownsFile: Bool

        /// Puts sockets together.
        package init(configured: String?, sockets: [ListeningSocket], ownsFile: Bool) {
            self.configured = configured
            self.sockets = sockets
            self.ownsFile = ownsFile
        }

        var address: SocketAddress? { sockets.first?.address }
    }

    /// In the order in which they were given.
    package private(set) var listeners: [Listener]

    /// Sockets of nobody yet; those without any are left out.
    package init(_ listeners: [Listener] = []) { self.listeners = listeners.filter { !$0.sockets.isEmpty } }

    /// The addresses that a start need not find free.
    var addresses: [SocketAddress] { listeners.compactMap(\.address) }

    /// What there is for each listener; nil for those that must be opened. What is left is nobody's.
    package mutating func take(for specs: [ListenerSpec]) -> [Listener?] {
        var taken: [Listener?] = specs.map { _ in nil }
        for fits in Self.ways {
            for (index, spec) in specs.enumerated() where taken[index] == nil {
                guard let found = listeners.firstIndex(where: { fits($0, spec) }) else { continue }
                taken[index] = listeners.remove(at: found)
            }
        }
        return taken
    }

    /// How a socket belongs to a listener, the surest way first.
    private static let ways: [@Sendable (Listener, ListenerSpec) -> Bool] = [
        { $0.configured == $1.address.description },
        { $0.address == $1.address.socketAddress },
        { $0.sockets[0].takesBothFamilies && $1.address.isEveryAddress(port: $0.address?.port) },
    ]
}

extension ListenerAddress {
    fileprivate func isEveryAddress(port: UInt16?) -> Bool {
        guard case .literal("0.0.0.0", let wanted) = self else { return false }
        return wanted == port.map { Int($0) }
    }
}
