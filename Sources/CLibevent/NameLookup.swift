// Names of hosts to addresses, through the system's resolver.
// Blocks: not for a worker's thread.

import CEvent2
import Glibc

/// Looks names up with `getaddrinfo`.
public enum NameLookup {
    /// Why a name gave no address.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// The resolver's words: `Name or service not known`.
        public let description: String

        /// The system had no thread left for the lookup.
        public static let noThread = Failure(description: "no thread for the lookup")
    }

    /// All stream addresses of `name`, in the resolver's order, without duplicates. Blocks for as long as the system's
    /// resolver does.
    public static func addresses(of name: String, port: UInt16) throws(Failure) -> [SocketAddress] {
        guard !name.utf8.contains(0) else { throw Failure(description: "the name contains a NUL") }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &list)
        guard status == 0 else { throw Failure(description: String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let form = entry.pointee.ai_addr,
                let address = SocketAddress(form, length: Int(entry.pointee.ai_addrlen))?.withPort(port),
                !found.contains(address)
            {
                found.append(address)
            }
            next = entry.pointee.ai_next
        }
        return found
    }
}
