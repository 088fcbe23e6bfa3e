// Accepts connections on a loop.
// Bounds on the number of connections are the owner's matter: see pause and resume.

import CEvent2
import Glibc

/// Accepts the connections of one listening socket (`evconnlistener`). Confined to the loop's thread.
public final class ConnectionListener {
    /// Why nothing is accepted at the moment; accepting goes on when no reason is left.
    public struct PauseReasons: OptionSet, Sendable {
        /// One bit for each reason.
        public let rawValue: UInt8
        /// Creates a set from its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The owner has as many connections as it wants.
        public static let full = PauseReasons(rawValue: 1)
        /// The system is out of descriptors or buffers; tried again after ``ConnectionListener/retryInterval``.
        public static let exhausted = PauseReasons(rawValue: 2)
        /// So many have come at once that what is connected already has its turn first.
        public static let yielding = PauseReasons(rawValue: 4)
        /// The owner has begun so much that it wants to finish some of it first.
        public static let busy = PauseReasons(rawValue: 8)
        /// The owner has opened it and is not ready to serve.
        public static let unready = PauseReasons(rawValue: 16)
    }

    /// Connections that are accepted in a row. libevent accepts until the backlog is empty, so a flood of clients would
    /// keep the loop from everybody who is connected.
    public static var batch: Int { 64 }

    /// How long accepting rests when descriptors have run out.
    public static var retryInterval: Duration { .milliseconds(100) }

    /// The address that clients reach.
    public let address: SocketAddress
    /// Called with each new connection and its peer's address.
    public var onAccept: ((consuming Socket, SocketAddress) -> Void)?
    /// Called when accepting begins to rest because of an error, and with nil when it goes on.
    public var onTrouble: ((SystemError?) -> Void)?
    /// Why nothing is accepted at the moment.
    public private(set) var paused: PauseReasons = []

    fileprivate let core: EventLoop.Core
    /// The socket, until the listener is closed.
    public private(set) var listening: ListeningSocket?
    private var raw: OpaquePointer?
    private var retry: Timer?
    private var yielder: EventRegistration?
    private var accepted = 0

    /// Begins to accept on `loop`. The socket is closed with the listener, unless somebody else keeps it.
    public init(loop: EventLoop, socket: ListeningSocket) throws(SystemError) {
        core = loop.core
        address = socket.address
        listening = socket
        let context = Unmanaged.passUnretained(self).toOpaque()
        raw = evconnlistener_new(
            loop.core.base, acceptTrampoline, context, LEV_OPT_CLOSE_ON_EXEC, 0, socket.socket.fileDescriptor)
        guard raw != nil else { throw SystemError.last(in: .listen) }
        evconnlistener_set_error_cb(raw, failed)
        yielder = try EventRegistration(core: core, descriptor: -1, events: 0) { [unowned self] in
            accepted = 0
            resume(.yielding)
        }
        retry = try Timer(loop: loop, .once) { [unowned self] in
            resume(.exhausted)
            onTrouble?(nil)
        }
    }

    deinit { close() }

    /// Stops accepting for a reason; connections wait in the backlog.
    public func pause(_ reason: PauseReasons) {
        paused.insert(reason)
        if let raw { evconnlistener_disable(raw) }
    }

    /// Takes a reason back.
    public func resume(_ reason: PauseReasons) {
        guard !paused.isEmpty else { return }
        paused.remove(reason)
        if let raw, paused.isEmpty { evconnlistener_enable(raw) }
    }

    /// Accepts what already waits, then closes. Idempotent; no callback comes afterwards.
    public func drainAndClose() {
        // Somebody else may serve the same socket, and clients may come faster than they are accepted.
        var left = ListeningSocket.backlog
        while raw != nil, left > 0, let descriptor = listening?.socket.fileDescriptor {
            left -= 1
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let peer = withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { form -> (Int32, SocketAddress?) in
                    let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                    let descriptor = CEvent2.accept4(descriptor, form, &length, flags)
                    return (descriptor, SocketAddress(form, length: Int(length)))
                }
            }
            if peer.0 < 0, errno == EINTR || errno == ECONNABORTED { continue }
            guard peer.0 >= 0 else { break }
            deliver(peer.0, peer.1)
        }
        close()
    }

    /// Stops accepting for good. Idempotent; no callback comes afterwards.
    public func close() {
        guard let raw else { return }
        self.raw = nil
        retry?.close()
        retry = nil
        yielder?.close()
        yielder = nil
        // Within its own callback libevent frees the listener later; the descriptor must not be watched until then.
        evconnlistener_disable(raw)
        evconnlistener_free(raw)
        listening = nil
        onAccept = nil
        onTrouble = nil
    }

    /// Rests until the next turn of the loop when enough have come in a row.
    fileprivate func yieldAfterBatch() {
        accepted += 1
        guard accepted >= Self.batch, let yielder else { return }
        pause(.yielding)
        yielder.activate()
    }

    fileprivate func deliver(_ descriptor: Int32, _ peer: SocketAddress?) {
        // Owned before it is offered: without anybody to take it, it is closed here.
        let socket = Socket(owning: descriptor)
        onAccept?(socket, peer?.unmapped ?? .unix(path: ""))
    }

    fileprivate func troubled(_ code: Int32) {
        let error = SystemError(code, in: .accept)
        guard !paused.contains(.exhausted) else { return }
        pause(.exhausted)
        retry?.start(Self.retryInterval)
        onTrouble?(error)
    }
}

private func acceptTrampoline(
    _: OpaquePointer?, descriptor: Int32, peer: UnsafeMutablePointer<sockaddr>?, length: Int32,
    context: UnsafeMutableRawPointer?
) {
    let listener = Unmanaged<ConnectionListener>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(listener) {
        listener.core.time = nil
        listener.yieldAfterBatch()
        listener.deliver(descriptor, peer.flatMap { SocketAddress($0, length: Int(length)) })
    }
}

private func failed(_: OpaquePointer?, context: UnsafeMutableRawPointer?) {
    let code = errno
    let listener = Unmanaged<ConnectionListener>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(listener) { listener.troubled(code) }
}

@available(*, unavailable)
extension ConnectionListener: Sendable {}
