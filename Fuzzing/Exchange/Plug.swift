// The end of a connection that a fuzz target holds: never blocks, everything at once or nothing.
// Unix sockets only: what is sent on one is there at once, so that every input means one run only.

import FuzzSupport
import Glibc

/// One connected or listening socket.
final class Plug {
    /// Where bytes arrive; the only thread is libFuzzer's.
    nonisolated(unsafe) private static var buffer = [UInt8](repeating: 0, count: 65_536)

    private let descriptor: Int32
    private var isOpen = true
    /// Whether the peer or this side has ended the connection, in whatever way.
    private(set) var hasEnded = false
    /// Whether nothing can be sent any more.
    private(set) var isDeaf = false

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    private static func make(_ path: String, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Plug {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        require(descriptor >= 0, "socket: \(errno)")
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        require(status == 0, "\(path): \(errno)")
        return Plug(descriptor)
    }

    static func listen(_ path: String) -> Plug {
        let plug = make(path) { Glibc.bind($0, $1, $2) }
        require(Glibc.listen(plug.descriptor, 128) == 0, "listen: \(errno)")
        return plug
    }

    static func connect(_ path: String) -> Plug { make(path) { Glibc.connect($0, $1, $2) } }

    func accept() -> Plug? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
        return Plug(accepted)
    }

    /// What has come; empty if nothing has.
    func receive() -> [UInt8] {
        guard isOpen, !hasEnded else { return [] }
        let count = Self.buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count > 0 { return Array(Self.buffer[0..<count]) }
        if count == 0 || errno != EAGAIN { hasEnded = true }
        return []
    }

    /// Sends what the system takes; returns how much that was.
    func send(_ bytes: ArraySlice<UInt8>) -> Int {
        guard isOpen, !isDeaf else { return 0 }
        let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count < 0, errno != EAGAIN { isDeaf = true }
        return max(0, count)
    }

    func finishSending() { if isOpen { shutdown(descriptor, Int32(SHUT_WR)) } }

    func close() {
        guard isOpen else { return }
        isOpen = false
        hasEnded = true
        Glibc.close(descriptor)
    }
}
