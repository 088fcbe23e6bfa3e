// What a service manager is told, in the form of sd_notify(3): one datagram to the socket that $NOTIFY_SOCKET names.
// When it is told what is decided by whoever owns the process.

import CEvent2
import Glibc

/// A service manager that wants to hear of the process. Any thread.
public struct ServiceManager: Sendable {
    private let path: String

    /// Will speak to a socket: a path, or with `@` at the front a name that is in no file system (unix(7)).
    /// - Returns: nil for anything else, and for what is too long.
    public init?(socket path: String) {
        guard path.hasPrefix("/") || path.hasPrefix("@"), (2...SocketAddress.maxPathBytes).contains(path.utf8.count)
        else { return nil }
        self.path = path
    }

    /// Tells `NAME=value` lines. Never waits.
    /// - Returns: false if nobody has heard it.
    @discardableResult
    public func tell(_ lines: String...) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { memory in
            memory.copyBytes(from: path.utf8)
            // The name begins with a zero byte.
            if path.hasPrefix("@") { memory[0] = 0 }
        }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let size = socklen_t(offset + path.utf8.count)
        let text = Array(lines.joined(separator: "\n").utf8)
        let sent = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, text, text.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT), $0, size)
            }
        }
        return sent == text.count
    }
}
