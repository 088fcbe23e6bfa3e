// Errors of the system and of libevent, as values with words.
// Not for protocol errors: this module knows none.

import CEvent2
import Glibc

/// An `errno` value with the call that reported it.
public struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The value of `errno`.
    public let code: Int32
    /// The call that failed, as its manual page names it: `bind`, `connect`, `accept`.
    public let call: StaticCallName
    /// What a ``TransportLayer`` says of its failure, such as `certificate has expired`; nil if the system failed.
    public let words: String?

    /// Creates an error from an `errno` value.
    public init(_ code: Int32, in call: StaticCallName) {
        self.code = code
        self.call = call
        words = nil
    }

    /// Creates the error of a layer whose peer breaks the protocol or is refused (`EPROTO`).
    public init(protocol words: String, in call: StaticCallName) {
        code = EPROTO
        self.call = call
        self.words = words
    }

    /// The system's words for the code, `Connection refused`, or a layer's own.
    public var reason: String {
        if let words { return words }
        var text = [CChar](repeating: 0, count: 128)
        guard strerror_r(code, &text, text.count) == 0 else { return "error \(code)" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Reason and call: `Connection refused (connect)`.
    public var description: String { "\(reason) (\(call.rawValue))" }

    /// The peer has reset the connection.
    public static var reset: SystemError { SystemError(ECONNRESET, in: .read) }

    /// The peer's stream has ended without the layer's farewell: what came is not everything, for all that is known.
    public static var truncated: SystemError {
        SystemError(protocol: "the stream ended without close_notify", in: .read)
    }

    /// A layer could not be set up: the connection itself was open.
    public var isHandshakeFailure: Bool { call == .handshake }

    /// The peer's host answered and nobody accepts there; for unix sockets also a missing path or a full backlog.
    /// A peer that resets amid a handshake has accepted before.
    public var isRefused: Bool {
        [ECONNREFUSED, ECONNRESET, ENOENT, EAGAIN].contains(code) && call != .handshake
    }

    /// The peer has reset the connection.
    public var isReset: Bool { code == ECONNRESET }

    /// All local ports towards the peer are in use.
    public var isOutOfPorts: Bool { code == EADDRNOTAVAIL }

    /// The process or the system has no descriptor or buffer left; the call may succeed later.
    public var isExhaustion: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }

    /// The system gave up waiting for the peer.
    public var isTimeout: Bool { code == ETIMEDOUT }
}

/// The calls that this module makes and that can fail.
public enum StaticCallName: String, Sendable, Hashable {
    case socket, bind, listen, connect, accept, read, write, open, unlink, eventfd, pipe  // tidy: each is a call's name
    case eventBase = "event_base_new"
    case event = "event_new"
    case bufferevent = "bufferevent_socket_new"
    case evbuffer = "evbuffer_new"
    case thread = "pthread_create"
    case http = "evhttp_new"
    case handshake = "TLS handshake"
    case spawn = "posix_spawn"
    case user = "setuid"
    case exec = "execve"
    case inotify = "inotify_init1"
    case watch = "inotify_add_watch"
}

extension SystemError {
    /// The error that the calling thread's last failed call left behind.
    static func last(in call: StaticCallName) -> SystemError { SystemError(errno, in: call) }

    /// The same, for wrappers of libevent's other parts.
    package static func current(in call: StaticCallName) -> SystemError { last(in: call) }
}
