// A connection that is read and written by blocking calls; between two processes listening sockets pass on it, too.
// What is said on it is the owner's matter.

import CEvent2
import Glibc

/// One end of a connection of unix sockets (unix(7)). Its calls block, each for a bounded time: use it on a thread that
/// has nothing else to do. Closed when the value ends.
public final class DescriptorChannel: Sendable {
    private let socket: Socket

    /// Bytes of a line at most.
    public static var mostLine: Int { 1 << 22 }

    /// Takes a connected socket over.
    public init(_ socket: consuming Socket) {
        self.socket = socket
        let flags = fcntl(self.socket.fileDescriptor, F_GETFL)
        _ = fcntl(self.socket.fileDescriptor, F_SETFL, flags & ~O_NONBLOCK)
    }

    /// Takes a descriptor over that this process was started with; nil unless it is a connected unix socket.
    public init?(inherited descriptor: Int32) {
        guard descriptor > 2, case .unix? = SocketAddress.local(of: descriptor) else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        socket = Socket(owning: descriptor)
    }

    /// Goes on with the connection of somebody else, who has read everything that was sent and closes its own
    /// descriptor.
    public convenience init(duplicating descriptor: Int32) throws(SystemError) {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw SystemError.last(in: .socket) }
        self.init(Socket(owning: copy))
    }

    /// Connects to a path (`connect`).
    public init(path: String) throws(SystemError) {
        let address = SocketAddress.unix(path: path)
        try address.check(in: .connect)
        let opened = try Socket(family: AF_UNIX)
        let descriptor = opened.fileDescriptor
        let status = address.withSockaddr { Glibc.connect(descriptor, $0, $1) }
        guard status == 0 else { throw SystemError.last(in: .connect) }
        _ = fcntl(descriptor, F_SETFL, 0)
        socket = opened
    }

    /// Two ends of one connection (`socketpair`).
    public static func pair() throws(SystemError) -> (DescriptorChannel, DescriptorChannel) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemError.last(in: .socket) }
        return (DescriptorChannel(Socket(owning: ends[0])), DescriptorChannel(Socket(owning: ends[1])))
    }

    var fileDescriptor: Int32 { socket.fileDescriptor }

    /// Sends bytes; waits for at most `limit` in each call of the system.
    public func send(_ bytes: [UInt8], within limit: Duration) throws(SystemError) {
        try send(bytes, [], limit)
    }

    /// Sends listening sockets: the other process has them then, too.
    public func send(_ sockets: [ListeningSocket], within limit: Duration) throws(SystemError) {
        var rest = sockets[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Int(RELEVO_MOST_DESCRIPTORS)))
            try send([UInt8(part.count)], part.map { $0.socket.fileDescriptor }, limit)
            rest = rest.dropFirst(part.count)
        }
        withExtendedLifetime(sockets) {}
    }

    private func send(_ bytes: [UInt8], _ descriptors: [Int32], _ limit: Duration) throws(SystemError) {
        var time = timeval(limit)
        setsockopt(fileDescriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var rest = bytes[...]
        var descriptors = descriptors
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { bytes in
                relevo_send_rights(fileDescriptor, bytes.baseAddress, bytes.count, descriptors, descriptors.count)
            }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { throw SystemError.last(in: .write) }
            rest = rest.dropFirst(sent)
            descriptors = []
        }
    }

    /// Whether the other side sends nothing more; waits for that for at most `limit`.
    public func hasEnded(within limit: Duration) -> Bool {
        var watched = pollfd(fd: fileDescriptor, events: relevo_pollrdhup, revents: 0)
        let milliseconds = limit / .milliseconds(1)
        return poll(&watched, 1, Int32(max(0, min(milliseconds, 1e9)))) > 0
    }

    /// Receives what comes up to a line feed, which is left out; nil if the other side has ended before it.
    /// - Throws: also for a line that is too long.
    public func receiveLine(within limit: Duration) throws(SystemError) -> [UInt8]? {
        let end = MonotonicTime.now + limit
        var line: [UInt8] = []
        while line.last != 0x0A {
            // Byte by byte: what comes after it belongs to somebody else.
            guard let (byte, descriptors) = try receive(until: end) else { return nil }
            guard descriptors.isEmpty else {
                for descriptor in descriptors { close(descriptor) }
                throw SystemError(EPROTO, in: .read)
            }
            line.append(byte)
            guard line.count <= Self.mostLine else { throw SystemError(EMSGSIZE, in: .read) }
        }
        line.removeLast()
        return line
    }

    /// Receives so many listening sockets, in the order in which they were sent: all that one call has sent.
    /// - Throws: also if what comes is no listening socket of a family that Relevo speaks, or if it ends before.
    public func receiveListeners(_ count: Int, within limit: Duration) throws(SystemError) -> [ListeningSocket] {
        let end = MonotonicTime.now + limit
        var sockets: [ListeningSocket] = []
        while sockets.count < count {
            guard let (number, descriptors) = try receive(until: end) else {
                throw SystemError(ECONNRESET, in: .read)
            }
            let found = descriptors.map { ListeningSocket(inherited: $0) }
            guard Int(number) == found.count, !found.isEmpty, found.allSatisfy({ $0 != nil }) else {
                throw SystemError(EPROTO, in: .read)
            }
            sockets += found.compactMap(\.self)
        }
        guard sockets.count == count else { throw SystemError(EPROTO, in: .read) }
        return sockets
    }

    private func receive(until end: MonotonicTime) throws(SystemError) -> (UInt8, [Int32])? {
        while true {
            let now = MonotonicTime.now
            guard now < end else { throw SystemError(ETIMEDOUT, in: .read) }
            var time = timeval(.nanoseconds(end.nanoseconds - now.nanoseconds))
            setsockopt(fileDescriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            var byte: UInt8 = 0
            var descriptors = [Int32](repeating: -1, count: Int(RELEVO_MOST_DESCRIPTORS))
            var count = 0
            let received = relevo_receive_rights(fileDescriptor, &byte, 1, &descriptors, &count)
            if received == 0 { return nil }
            if received > 0 { return (byte, Array(descriptors[0..<count])) }
            if errno == EINTR || errno == EAGAIN { continue }
            throw SystemError.last(in: .read)
        }
    }
}

extension timeval {
    /// A bound for calls of the system, at least one microsecond: zero would mean none.
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(max(0, seconds)), tv_usec: Int(max(1, attoseconds / 1_000_000_000_000)))
    }
}
