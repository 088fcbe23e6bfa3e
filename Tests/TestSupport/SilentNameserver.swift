// A nameserver that hears everything and never answers: whoever asks it waits for as long as it is willing to.
// One that answers is Dnsmasq.

import CLibevent
import Foundation

/// A port of the loopback interface for datagrams, which nobody reads.
package final class SilentNameserver: Sendable {
    /// Its port.
    package let port: UInt16
    private let descriptor: Int32

    /// Opens it.
    package init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let own = descriptor
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(own, $0, size) }
        }
        guard status == 0, let port = SocketAddress.local(of: descriptor)?.port else { throw WireError.timeout }
        self.port = port
    }

    deinit { close(descriptor) }
}
