// Descriptors of sockets: owned exactly once, closed exactly once.
// Moving bytes is Bufferevent's matter.

import CEvent2
import Glibc

/// A socket that nobody else owns; closed when the value ends.
public struct Socket: ~Copyable, Sendable {
    private let descriptor: Int32

    /// Takes a descriptor over.
    public init(owning descriptor: Int32) { self.descriptor = descriptor }

    /// Opens a non-blocking stream socket of the address' family.
    init(family: Int32) throws(SystemError) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let opened = socket(family, type, 0)
        guard opened >= 0 else { throw SystemError.last(in: .socket) }
        descriptor = opened
    }

    /// Opens a socket and begins to connect it.
    static func connecting(to address: SocketAddress) throws(SystemError) -> Socket {
        try address.check(in: .connect)
        let socket = try Socket(family: address.family)
        if address.port != nil { socket.tuneForForwarding() }
        let descriptor = socket.fileDescriptor
        let status = address.withSockaddr { Glibc.connect(descriptor, $0, $1) }
        guard status == 0 || errno == EINPROGRESS else { throw SystemError.last(in: .connect) }
        return socket
    }

    deinit { Glibc.close(descriptor) }

    /// The descriptor, still owned by this value.
    public var fileDescriptor: Int32 { descriptor }

    /// Gives the descriptor away.
    consuming func release() -> Int32 {
        let given = descriptor
        discard self
        return given
    }

    func setOption(_ level: Int32, _ name: Int32, _ value: Int32 = 1) {
        var value = value
        setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The value of an option, -1 if the system does not tell.
    func option(_ name: Int32, at level: Int32 = SOL_SOCKET) -> Int32 {
        var value: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1
    }

    /// What connections that bytes are forwarded on need: no waiting for full packets, and a bound on bytes that the
    /// system takes but has not sent. Without that bound a slow peer shows no progress for minutes, as the system takes
    /// megabytes at once and then nothing.
    func tuneForForwarding() {
        setOption(Int32(IPPROTO_TCP), TCP_NODELAY)
        setOption(Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, 128 * 1024)
    }

    /// The address that the socket is bound to (`getsockname`).
    public var localAddress: SocketAddress? { SocketAddress.local(of: descriptor) }

    /// A second descriptor for the same socket.
    public func duplicate() throws(SystemError) -> Socket {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw SystemError.last(in: .socket) }
        return Socket(owning: copy)
    }
}

/// A bound and listening socket, not yet part of any loop: it can be opened on one thread and served on another.
/// Closed when the last reference goes.
public final class ListeningSocket: Sendable {
    let socket: Socket
    /// The address that clients reach, with the port that the system chose if 0 was asked.
    public let address: SocketAddress

    /// Connections that wait for `accept`.
    public static var backlog: Int32 { 4096 }

    /// Opens a listening socket. Any thread.
    ///
    /// TCP sockets share their port (`SO_REUSEPORT`), so that each worker can have one; `refuseIfTaken` looks first
    /// whether somebody else listens there, which sharing would otherwise hide. IPv6 sockets take IPv6 only. A unix
    /// socket replaces a path that no process serves any more; `mode` is who may open it then, less what the process'
    /// mask takes away, nil for what that leaves.
    public init(_ wanted: SocketAddress, refuseIfTaken: Bool, mode: UInt32? = nil) throws(SystemError) {
        try wanted.check(in: .bind)
        if refuseIfTaken, wanted.port.map({ $0 != 0 }) ?? false {
            let probe = try Socket(family: wanted.family)
            probe.setOption(SOL_SOCKET, SO_REUSEADDR)
            if wanted.family == AF_INET6 { probe.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
            try Self.bind(probe, wanted)
            guard listen(probe.fileDescriptor, 1) == 0 else { throw SystemError.last(in: .bind) }
        }
        if case .unix(let path) = wanted, refuseIfTaken { try Self.removeStale(path) }
        let opened = try Socket(family: wanted.family)
        if wanted.port != nil {
            opened.setOption(SOL_SOCKET, SO_REUSEADDR)
            opened.setOption(SOL_SOCKET, SO_REUSEPORT)
            // Accepted connections inherit these.
            opened.tuneForForwarding()
            if wanted.family == AF_INET6 { opened.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        }
        // The file that `bind` makes gets the mode of the socket, less what the process never allows: at no moment
        // another, and no path is followed for it.
        if case .unix = wanted, let mode, fchmod(opened.fileDescriptor, mode) != 0 {
            throw SystemError.last(in: .bind)
        }
        try Self.bind(opened, wanted)
        guard listen(opened.fileDescriptor, Self.backlog) == 0 else { throw SystemError.last(in: .listen) }
        address = opened.localAddress ?? wanted
        socket = opened
    }

    private init(_ socket: consuming Socket, address: SocketAddress) {
        self.socket = socket
        self.address = address
    }

    /// Takes over a descriptor that another process has opened; nil, and closed, unless it is a listening stream socket
    /// of a family that Relevo speaks.
    public convenience init?(inherited descriptor: Int32) {
        let taken = Socket(owning: descriptor)
        guard taken.option(SO_ACCEPTCONN) == 1, taken.option(SO_TYPE) == Int32(SOCK_STREAM.rawValue),
            let address = taken.localAddress
        else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        if address.port != nil { taken.tuneForForwarding() }
        self.init(taken, address: address)
    }

    /// Who may open the file of a unix socket: its mode; nil if it has none.
    public var fileMode: UInt32? {
        var status = stat()
        guard case .unix(let path) = address, lstat(path, &status) == 0 else { return nil }
        return UInt32(status.st_mode & 0o7777)
    }

    /// Whether other sockets of the same user may listen at the same address.
    public var sharesPort: Bool { address.port != nil && socket.option(SO_REUSEPORT) == 1 }

    /// Whether clients of IPv4 come here too, at the same port of every address.
    public var takesBothFamilies: Bool {
        guard case .ipv6(0, 0, _, _) = address else { return false }
        return socket.option(IPV6_V6ONLY, at: Int32(IPPROTO_IPV6)) == 0
    }

    /// A second descriptor for the same socket: how several loops serve one unix socket.
    public func duplicate() throws(SystemError) -> ListeningSocket {
        ListeningSocket(try socket.duplicate(), address: address)
    }

    private static func bind(_ socket: borrowing Socket, _ address: SocketAddress) throws(SystemError) {
        let descriptor = socket.fileDescriptor
        let status = address.withSockaddr { Glibc.bind(descriptor, $0, $1) }
        guard status == 0 else { throw SystemError.last(in: .bind) }
    }

    /// Removes a socket file that nobody answers on; throws `EADDRINUSE` if somebody does or it is no socket.
    private static func removeStale(_ path: String) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw SystemError(EADDRINUSE, in: .bind) }
        let probe = try Socket(family: AF_UNIX)
        let descriptor = probe.fileDescriptor
        let answer = SocketAddress.unix(path: path).withSockaddr { Glibc.connect(descriptor, $0, $1) }
        guard answer != 0, errno == ECONNREFUSED else { throw SystemError(EADDRINUSE, in: .bind) }
        guard Glibc.unlink(path) == 0 else { throw SystemError.last(in: .unlink) }
    }
}
