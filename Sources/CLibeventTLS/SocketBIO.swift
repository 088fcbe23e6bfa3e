// How OpenSSL reaches a socket: recv and send without signals, and without asking again what has just been answered.
// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE.

import CLibevent
import COpenSSL
import Glibc

/// What a connection knows of its socket, at an address that OpenSSL is given.
struct SocketState {
    /// The socket; the bufferevent's.
    var descriptor: Int32 = -1
    /// The last call's `errno` that is not "later"; 0 if there was none.
    var code: Int32 = 0
    /// Calls of `recv` that are left in this turn: nobody else is served meanwhile.
    var receivesLeft: Int32 = 0
    /// Whether the socket has given less than was asked for: it is empty then, and is not asked again in this turn.
    var isDrained = false
    /// Whether the peer's stream has ended.
    var hasEnded = false
    /// Flags of a `send` of what is not kept.
    var sendFlags = SocketBIO.sendFlags
    /// Whether more follows at once: what is written now is kept until then.
    var isGathering = false
    /// What was written and has not left yet; nil if there is nothing.
    private(set) var kept: UnsafeMutablePointer<UInt8>?
    private var keptCount = 0
    private var keptSent = 0

    /// Bytes that have not left yet.
    var unsent: Int { keptCount - keptSent }

    /// Keeps bytes behind those that are kept.
    /// - Returns: false without room or memory for them.
    mutating func keep(_ memory: UnsafeRawPointer, _ count: Int) -> Bool {
        guard keptCount + count <= SocketBIO.mostKept else { return false }
        if kept == nil { kept = malloc(SocketBIO.mostKept)?.assumingMemoryBound(to: UInt8.self) }
        guard let kept else { return false }
        memcpy(kept + keptCount, memory, count)
        keptCount += count
        return true
    }

    /// Sends what is kept, as far as the socket takes it.
    mutating func sendKept() {
        while let kept, keptSent < keptCount {
            let count = send(descriptor, kept + keptSent, keptCount - keptSent, SocketBIO.sendFlags)
            guard count >= 0 else {
                if errno != EAGAIN, errno != EINTR { code = errno }
                return
            }
            keptSent += count
        }
        forget()
    }

    /// Lets go of what is kept.
    mutating func forget() {
        free(kept)
        (kept, keptCount, keptSent) = (nil, 0, 0)
    }
}

/// OpenSSL's view of a socket.
enum SocketBIO {
    static let sendFlags = CInt(MSG_NOSIGNAL)
    static let lastFlags = CInt(MSG_NOSIGNAL) | CInt(MSG_MORE)

    /// Bytes that are kept of one connection at most: four whole records, each somewhat longer by its head and tag
    /// (RFC 8446 §5.2). One `send` of them costs the system hardly more than one of a record.
    static let mostKept = 4 * (TransportWrite.mostAtOnce + 64)

    /// Calls of `recv` in one turn at most. Bytes that are for OpenSSL alone, such as new keys, come without end from
    /// a peer that means harm.
    static let receives: Int32 = 16

    /// Made once and never changed.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "relevo socket") else { return nil }
        BIO_meth_set_read(method, receive)
        BIO_meth_set_write(method, transmit)
        BIO_meth_set_ctrl(method, control)
        BIO_meth_set_create(method) { bio in
            BIO_set_init(bio, 1)
            return 1
        }
        return method
    }()

    /// A BIO on a socket whose state outlives it; nil without memory.
    static func make(_ state: UnsafeMutablePointer<SocketState>) -> OpaquePointer? {
        guard let method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, state)
        return bio
    }
}

private func state(of bio: OpaquePointer?) -> UnsafeMutablePointer<SocketState>? {
    BIO_get_data(bio)?.assumingMemoryBound(to: SocketState.self)
}

private func receive(_ bio: OpaquePointer?, _ memory: UnsafeMutablePointer<CChar>?, _ size: Int32) -> Int32 {
    guard let state = state(of: bio), let memory, size > 0 else { return -1 }
    relevo_clear_retry(bio)
    guard !state.pointee.isDrained, state.pointee.receivesLeft > 0 else {
        relevo_set_retry_read(bio)
        return -1
    }
    state.pointee.receivesLeft -= 1
    let count = recv(state.pointee.descriptor, memory, Int(size), 0)
    if count > 0 {
        state.pointee.isDrained = count < Int(size)
    } else if count == 0 {
        state.pointee.hasEnded = true
    } else if errno == EAGAIN || errno == EINTR {
        state.pointee.isDrained = true
        relevo_set_retry_read(bio)
    } else {
        state.pointee.code = errno
    }
    return Int32(count)
}

private func transmit(_ bio: OpaquePointer?, _ memory: UnsafePointer<CChar>?, _ size: Int32) -> Int32 {
    guard let state = state(of: bio), let memory, size > 0 else { return -1 }
    relevo_clear_retry(bio)
    guard state.pointee.isGathering || state.pointee.unsent > 0 else {
        let count = send(state.pointee.descriptor, memory, Int(size), state.pointee.sendFlags)
        if count < 0 {
            if errno == EAGAIN || errno == EINTR { relevo_set_retry_write(bio) } else { state.pointee.code = errno }
        }
        return Int32(count)
    }
    if !state.pointee.keep(memory, Int(size)) {
        state.pointee.sendKept()
        guard state.pointee.code == 0, state.pointee.keep(memory, Int(size)) else {
            if state.pointee.code == 0 { relevo_set_retry_write(bio) }
            return -1
        }
    }
    if !state.pointee.isGathering { state.pointee.sendKept() }
    return size
}

private func control(_: OpaquePointer?, _ command: Int32, _: Int, _: UnsafeMutableRawPointer?) -> Int {
    // OpenSSL asks for nothing but this. The end of the stream is in the state.
    command == BIO_CTRL_FLUSH ? 1 : 0
}
