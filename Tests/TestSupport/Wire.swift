// Blocking loopback sockets for tests: every call either does its work or says that it took too long.
// Not for what bytes mean, and not for production: nothing here scales or needs to.

package import CLibevent
import Glibc
import Synchronization

/// Why a test's socket gave up.
package enum WireError: Error, Sendable, Hashable {
    /// A system call failed with this `errno`.
    case system(String, Int32)
    /// Nothing came within ``Wire/patience``.
    case timeout
    /// The peer ended its side although more was expected.
    case ended
    /// The peer reset the connection although more was expected.
    case reset
}

/// How the peer's side of a connection ended.
package enum WireEnd: Sendable, Hashable { case orderly, reset, timeout }

/// One connected or listening stream socket. Any thread; one reader and one writer at a time.
package final class Wire: Sendable {
    /// The bound of every wait, in seconds. It matters only when a test fails.
    package static let patience = 20

    /// The socket's descriptor, owned by this object.
    package let descriptor: Int32
    private let isOpen = Mutex(true)

    /// Takes a descriptor over.
    package init(owning descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close() }

    /// Opens a socket of the address' family; `buffer` bounds the receive buffer in bytes.
    package static func make(for address: SocketAddress, receiveBuffer buffer: Int? = nil) throws -> Int32 {
        let family =
            switch address {
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            case .unix: AF_UNIX
            }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw WireError.system("socket", errno) }
        if let buffer {
            var size = Int32(buffer)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        return descriptor
    }

    /// Connects to an address.
    package static func connect(to address: SocketAddress, receiveBuffer: Int? = nil) throws -> Wire {
        let wire = Wire(owning: try make(for: address, receiveBuffer: receiveBuffer))
        try wire.connect(to: address)
        return wire
    }

    /// Two connected sockets: one for the test, and the descriptor of the other for whoever is to own it.
    package static func pair() throws -> (near: Wire, far: Int32) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw WireError.system("socketpair", errno) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        return (Wire(owning: ends[0]), ends[1])
    }

    /// Opens a socket that can be connected to such an address later, when there may be no descriptor left.
    package static func prepare(for address: SocketAddress) throws -> Wire {
        Wire(owning: try make(for: address))
    }

    /// Connects a prepared socket.
    package func connect(to address: SocketAddress) throws {
        let status = address.withSystemForm { Glibc.connect(descriptor, $0, $1) }
        guard status == 0 else { throw WireError.system("connect", errno) }
    }

    /// Begins to connect and does not wait for the outcome.
    package static func beginConnecting(to address: SocketAddress) throws -> Wire {
        let wire = Wire(owning: try make(for: address))
        _ = fcntl(wire.descriptor, F_SETFL, O_NONBLOCK)
        _ = address.withSystemForm { Glibc.connect(wire.descriptor, $0, $1) }
        return wire
    }

    /// Listens on loopback as somebody far away would: the peers' segments are small, and so is what waits for them.
    package static func listenFarAway() throws -> Wire {
        let address = SocketAddress.loopback(port: 0)
        let wire = Wire(owning: try make(for: address, receiveBuffer: 2304))
        var size: Int32 = 536
        setsockopt(wire.descriptor, Int32(IPPROTO_TCP), TCP_MAXSEG, &size, socklen_t(MemoryLayout<Int32>.size))
        try wire.listenOn(address, backlog: 16)
        return wire
    }

    /// Listens on an address; port 0 lets the system choose.
    package static func listen(on address: SocketAddress, backlog: Int32 = 1024) throws -> Wire {
        let wire = Wire(owning: try make(for: address))
        try wire.listenOn(address, backlog: backlog)
        return wire
    }

    private func listenOn(_ address: SocketAddress, backlog: Int32) throws {
        let status = address.withSystemForm { Glibc.bind(descriptor, $0, $1) }
        guard status == 0 else { throw WireError.system("bind", errno) }
        guard Glibc.listen(descriptor, backlog) == 0 else { throw WireError.system("listen", errno) }
    }

    /// The port that the socket is bound to; 0 for paths.
    package var localPort: UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &storage) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        // Both families of IP keep the port behind the family.
        let port = withUnsafeBytes(of: &storage) { $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self) }
        return storage.ss_family == sa_family_t(AF_UNIX) ? 0 : UInt16(bigEndian: port)
    }

    /// Waits for the next connection without a bound; nil once the socket was shut down.
    package func accept() -> Wire? {
        while true {
            var none = timeval(tv_sec: 0, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &none, socklen_t(MemoryLayout<timeval>.size))
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted >= 0 { return Wire(owning: accepted) }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }
}

// MARK: - Bytes

extension Wire {
    /// Sends everything.
    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno != EINTR {
                throw errno == EAGAIN ? WireError.timeout : WireError.system("send", errno)
            }
        }
    }

    /// Sends a text.
    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends one byte of urgent data (RFC 9293 §3.8.5).
    package func sendUrgently(_ byte: UInt8) throws {
        let count = withUnsafeBytes(of: byte) {
            Glibc.send(descriptor, $0.baseAddress, 1, Int32(MSG_OOB) | Int32(MSG_NOSIGNAL))
        }
        guard count == 1 else { throw WireError.system("send", errno) }
    }

    /// Sends what the system takes at once.
    /// - Returns: the bytes taken; 0 if it takes nothing now, nil if it never will again.
    package func sendSome(_ bytes: [UInt8]) -> Int? {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, bytes.count, flags) }
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }

    /// Whether bytes or an end can be received; waits so long for them at most.
    package func isReadable(withinMilliseconds limit: Int32) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, limit) > 0
    }

    /// Whether bytes can be sent; waits so long for that at most.
    package func isWritable(withinMilliseconds limit: Int32) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&state, 1, limit) > 0
    }

    /// What came of waiting for bytes.
    package enum Received: Sendable, Hashable {
        /// Bytes came.
        case bytes([UInt8])
        /// The peer has ended its side, or nothing came for too long.
        case end(WireEnd)
    }

    /// Waits for bytes, at most `limit` of them.
    package func receive(_ limit: Int = 65_536) -> Received {
        var buffer = [UInt8](repeating: 0, count: limit)
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, limit, 0) }
            if count > 0 { return .bytes(Array(buffer[0..<count])) }
            if count == 0 { return .end(.orderly) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .end(.timeout)
            default: return .end(.reset)
            }
        }
    }
}

extension Wire {
    /// Reads and forgets so many bytes, in pieces of one small buffer.
    package func skip(_ count: Int) throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        var rest = count
        while rest > 0 {
            let got = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, min(rest, $0.count), 0) }
            guard got > 0 else { throw got == 0 ? WireError.ended : WireError.system("recv", errno) }
            rest -= got
        }
    }
}

// MARK: - Ending

extension Wire {
    /// Ends the sending side.
    package func finishSending() { whileOpen { shutdown($0, Int32(SHUT_WR)) } }

    /// Ends both sides but keeps the descriptor, so that a blocked call on another thread returns.
    package func interrupt() { whileOpen { shutdown($0, Int32(SHUT_RDWR)) } }

    /// Closes. Idempotent.
    package func close() {
        isOpen.withLock { isOpen in
            if isOpen { Glibc.close(descriptor) }
            isOpen = false
        }
    }

    /// Closes with a reset.
    package func reset() {
        whileOpen { descriptor in
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        }
        close()
    }

    /// After a close the number may be that of another test's socket.
    private func whileOpen(_ body: (Int32) -> Void) {
        isOpen.withLock { isOpen in
            if isOpen { body(descriptor) }
        }
    }
}

extension SocketAddress {
    /// Calls `body` with the address as system calls want it.
    func withSystemForm(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        switch self {
        case .ipv4(let address, let port):
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = port.bigEndian
            form.sin_addr.s_addr = address.bigEndian
            return Self.rebound(&form, MemoryLayout<sockaddr_in>.size, body)
        case .ipv6(let high, let low, let port, _):
            var form = sockaddr_in6()
            form.sin6_family = sa_family_t(AF_INET6)
            form.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &form.sin6_addr) {
                $0.storeBytes(of: high.bigEndian, as: UInt64.self)
                $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return Self.rebound(&form, MemoryLayout<sockaddr_in6>.size, body)
        case .unix(let path):
            var form = sockaddr_un()
            form.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &form.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            return Self.rebound(&form, MemoryLayout<sockaddr_un>.size, body)
        }
    }

    private static func rebound<Form>(
        _ form: inout Form, _ size: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &form) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(size)) }
        }
    }
}
