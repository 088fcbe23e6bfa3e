// A socket that takes datagrams at a path, as a service manager's does.
// Not for what they mean.

import CLibevent
import Glibc

/// Datagrams, in their order.
package final class DatagramInbox: Sendable {
    private let descriptor: Int32

    /// Listens at a path.
    package init(at path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw WireError.system("socket", errno) }
        let status = SocketAddress.unix(path: path).withSystemForm { Glibc.bind(descriptor, $0, $1) }
        guard status == 0 else { throw WireError.system("bind", errno) }
    }

    deinit { close(descriptor) }

    /// The next one; nil if none comes in time.
    package func next() -> String? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32(Wire.patience) * 1000) == 1 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// The next that contains a text; nil if none comes in time.
    package func next(with text: String) -> String? {
        while let found = next() { if found.contains(text) { return found } }
        return nil
    }
}
