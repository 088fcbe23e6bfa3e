// Datagrams to a socket of the file system, as loggers of a system listen on one.
// Blocks; not for a worker's thread.

import CEvent2
import Glibc

/// Sends datagrams to a path, and finds it again when whoever listens there was started anew. Confined to one thread.
public final class DatagramSender {
    private let address: SocketAddress
    private var descriptor: Int32

    /// Opens a socket and connects it (`connect(2)`).
    public init(to path: String) throws(SystemError) {
        address = .unix(path: path)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .last(in: .socket) }
        guard connect() else {
            let error = SystemError.last(in: .connect)
            close()
            throw error
        }
    }

    deinit { close() }

    /// Sends one datagram; waits while the listener's queue is full.
    /// - Returns: false if nobody listens, or the datagram is too large for the system.
    public func send(_ bytes: [UInt8]) -> Bool {
        guard descriptor >= 0 else { return false }
        if sendOnce(bytes) { return true }
        // Whoever listened has gone. Perhaps another is there.
        guard errno == ECONNREFUSED || errno == ENOTCONN || errno == ECONNRESET, connect() else { return false }
        return sendOnce(bytes)
    }

    private func sendOnce(_ bytes: [UInt8]) -> Bool {
        while true {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { return true }
            guard errno == EINTR else { return false }
        }
    }

    private func connect() -> Bool {
        address.withSockaddr { Glibc.connect(descriptor, $0, $1) } == 0
    }

    /// Closes the socket. Idempotent.
    public func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

@available(*, unavailable)
extension DatagramSender: Sendable {}
