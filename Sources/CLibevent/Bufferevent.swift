// A connection with an input and an output buffer and Swift closures for its events. Knows no protocol.
// The C side of the callbacks is in Bufferevent+Trampolines.swift.

import CEvent2
import Glibc

/// Owns one libevent bufferevent. Confined to its loop's thread.
///
/// **Writing.** Append to ``output``, then call ``flush()``: it writes at once what the socket takes and leaves only
/// the rest to the event loop. Without `flush()` nothing is sent.
///
/// **Ownership.** The C object lends itself this object unretained; ``close(_:)`` (or the last release) clears the
/// callbacks and frees it, so no closure is called afterwards. Closures should capture their owner `unowned`.
public final class Bufferevent {
    /// How the C object reaches its peer. What is layered is read and written by ``TransportLayer`` alone.
    enum Flavour { case socket, pair, layered }

    /// Where the connection is in its life.
    public enum Phase: Sendable { case connecting, open, closed }

    /// Bytes received; drained by the owner.
    public let input: Evbuffer
    /// Bytes to send; filled by the owner.
    public let output: Evbuffer
    /// Where the connection is in its life.
    public var phase: Phase { currentPhase }
    /// Whether a write has failed. The end that is read afterwards may be the system's word for a reset that the write
    /// has consumed: it is no proof that the peer ended in order.
    public var hasWriteFailed: Bool { writeFailure }

    // What is stored is not public: the compiler can then prove that no two accesses meet, and need not check each.
    var arrivalHandler: ((Span<UInt8>) -> Bool)?
    var readableHandler: (() -> Bool)?
    var readHandler: (() -> Void)?
    var writtenHandler: (() -> Void)?
    var progressHandler: (() -> Void)?
    var signalHandler: ((BuffereventSignal) -> Void)?
    var currentPhase: Phase
    var writeFailure = false
    let flavour: Flavour
    var raw: OpaquePointer?
    /// The socket; -1 for pairs.
    let descriptor: Int32
    var wantsReading = false
    /// Whether the loop watches for bytes.
    var isReading = false
    /// Tells that the socket can be read; nil for pairs.
    var readEvent: UnsafeMutablePointer<event>?
    /// The place in ``readSizes``.
    var readStep = 0
    var writeLowMark = 0
    var readHighMark = Int.max
    /// Watches ``input`` while it is full.
    var fullWatch: OpaquePointer?
    let loop: EventLoop
    var isWriting: Bool
    /// Whether ``output`` began with what ``sendFirst(_:)`` was given.
    var hasPreface = false
    /// What stands between the socket and the buffers; nil for all but layered connections.
    var layering: Layering?

    /// Takes over an accepted, connected socket. Reading is off until ``startReading()``.
    public convenience init(loop: EventLoop, socket: consuming Socket) throws(SystemError) {
        let raw = try Self.makeRaw(loop, socket)
        self.init(loop: loop, raw: raw, flavour: .socket, phase: .open)
        try makeReadEvent()
        bufferevent_disable(raw, Int16(EV_WRITE))
        isWriting = false
    }

    /// Begins to open a connection; `.connected` or `.failed` tells the outcome.
    /// - Throws: what the system refuses at once, such as an unreachable network or no descriptor left.
    public convenience init(loop: EventLoop, connectingTo address: SocketAddress) throws(SystemError) {
        let raw = try Self.makeRaw(loop, Socket.connecting(to: address))
        self.init(loop: loop, raw: raw, flavour: .socket, phase: .connecting)
        try makeReadEvent()
        // With a socket that is already connecting and no address, libevent only waits for the outcome.
        bufferevent_socket_connect(raw, nil, 0)
    }

    /// Two connected bufferevents without a socket (`bufferevent_pair_new`), for tests of whatever sits on one.
    public static func pair(loop: EventLoop) throws(SystemError) -> (Bufferevent, Bufferevent) {
        var ends: (OpaquePointer?, OpaquePointer?) = (nil, nil)
        let status = withUnsafeMutablePointer(to: &ends) {
            $0.withMemoryRebound(to: OpaquePointer?.self, capacity: 2) {
                bufferevent_pair_new(loop.core.base, 0, $0)
            }
        }
        guard status == 0, let left = ends.0, let right = ends.1 else { throw SystemError.last(in: .bufferevent) }
        return (
            Bufferevent(loop: loop, raw: left, flavour: .pair, phase: .open),
            Bufferevent(loop: loop, raw: right, flavour: .pair, phase: .open)
        )
    }

    init(loop: EventLoop, raw: OpaquePointer, flavour: Flavour, phase: Phase) {
        self.loop = loop
        self.raw = raw
        self.flavour = flavour
        currentPhase = phase
        descriptor = flavour == .pair ? -1 : bufferevent_getfd(raw)
        input = Evbuffer(borrowing: bufferevent_get_input(raw), isFilledByLibevent: flavour == .pair)
        output = Evbuffer(borrowing: bufferevent_get_output(raw), isFilledByLibevent: false)
        isWriting = true
        setTrampolines(raw)
        // libevent tells every write; the low mark is kept here, so that progress can be told as well.
        bufferevent_setwatermark(raw, Int16(EV_WRITE), .max, 0)
        if flavour == .pair { bufferevent_enable(raw, Int16(EV_WRITE)) }
    }

    static func makeRaw(_ loop: EventLoop, _ socket: consuming Socket) throws(SystemError) -> OpaquePointer {
        let options = Int32(BEV_OPT_CLOSE_ON_FREE.rawValue)
        guard let raw = bufferevent_socket_new(loop.core.base, socket.fileDescriptor, options) else {
            throw SystemError.last(in: .bufferevent)
        }
        _ = socket.release()
        return raw
    }

    private func makeReadEvent() throws(SystemError) {
        readEvent = try makeEvent(descriptor, EV_READ | EV_PERSIST, readableTrampoline)
    }

    /// An event that calls back with this object, unretained. Freed by ``close(_:)``.
    func makeEvent(
        _ descriptor: Int32, _ events: Int32, _ callback: event_callback_fn
    ) throws(SystemError) -> UnsafeMutablePointer<event> {
        let context = Unmanaged.passUnretained(self).toOpaque()
        guard let made = event_new(loop.core.base, descriptor, Int16(events), callback, context) else {
            throw SystemError.last(in: .event)
        }
        return made
    }

    deinit { close() }

    /// Whether the peer has reset the connection; asks the system (`TCP_INFO`), for times in which nothing is read.
    public var isReset: Bool {
        guard let raw, flavour != .pair else { return false }
        return relevo_is_reset(bufferevent_getfd(raw)) != 0
    }

    /// Bytes that the peer's system has acknowledged since the connection was begun, its opening (SYN) being one and a
    /// layer's own bytes among them; asks the system (`TCP_INFO`). Also after the peer has ended or reset it; nil if
    /// the system does not tell.
    ///
    /// A peer that closes with all read acknowledges it by the closing itself (FIN), so one that has closed and has not
    /// acknowledged had not received. With a reset (RST) that conclusion is not allowed.
    public var acknowledgedBytes: Int64? {
        guard let raw, flavour != .pair else { return nil }
        let count = relevo_acknowledged(bufferevent_getfd(raw))
        return count < 0 ? nil : count
    }

    /// Whether neither bytes nor an end wait in the system; asks it (`MSG_PEEK`), because between two turns of the loop
    /// it may know more than ``input`` shows. Always true for pairs.
    ///
    /// Under a layer only bytes for the owner count: what the layer itself is told, as by tickets, it takes on the way.
    public var isQuiet: Bool {
        guard raw != nil, flavour == .socket else { return raw != nil && (flavour == .pair || isLayerQuiet) }
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count < 0 && (errno == EAGAIN || errno == EINTR)
    }

    /// The same without asking the system again, if the loop has done so since the given turn.
    ///
    /// What arrives later in the loop's own turn is not seen; it is less than what may be on its way.
    public func isQuiet(since turn: EventLoop.Turn) -> Bool {
        guard isReading, let readEvent, loop.turn != turn, loop.knowsAll else { return isQuiet }
        if flavour == .layered { return isLayerQuiet(unless: readEvent) }
        return relevo_is_active(readEvent) == 0
    }

    /// The socket's descriptor, still owned by this object; -1 for pairs, under a layer, and after the end: who reads
    /// or writes it, goes past the buffers only.
    public var fileDescriptor: Int32 { flavour == .layered ? -1 : raw.map { bufferevent_getfd($0) } ?? -1 }

    /// Whether the bytes of the socket are those of the buffers, so that others may move them (``SplicePipe``).
    public var isPlain: Bool { flavour == .socket && raw != nil }
}

// MARK: - Handlers

extension Bufferevent {
    /// Offered what has arrived while ``input`` was empty and of which there is no more, before it gets there. True
    /// takes all of it, and ``onRead`` is not called: a small message that is dealt with at once needs no buffer.
    public var onArrival: ((Span<UInt8>) -> Bool)? {
        get { arrivalHandler }
        set { arrivalHandler = newValue }
    }

    /// Asked, while it is set, when bytes can be read and ``input`` is empty. True means that its owner has seen to
    /// them by other ways, as ``SplicePipe`` is one: then nothing is read here.
    public var onReadable: (() -> Bool)? {
        get { readableHandler }
        set { readableHandler = newValue }
    }

    /// Called when bytes have arrived in ``input``.
    public var onRead: (() -> Void)? {
        get { readHandler }
        set { readHandler = newValue }
    }

    /// Called when ``output`` has fallen to the low mark after it could not be written at once.
    public var onWritten: (() -> Void)? {
        get { writtenHandler }
        set { writtenHandler = newValue }
    }

    /// Called when the loop has written a part of ``output``: the peer takes bytes, however slowly.
    public var onProgress: (() -> Void)? {
        get { progressHandler }
        set { progressHandler = newValue }
    }

    /// Called when the connection opens, ends or fails.
    public var onSignal: ((BuffereventSignal) -> Void)? {
        get { signalHandler }
        set { signalHandler = newValue }
    }
}

// MARK: - Writing

extension Bufferevent {
    /// Writes as much of ``output`` as the socket takes now; the loop writes the rest when it can.
    ///
    /// A failing write is not told here but as a signal in a later turn of the loop, so the caller is never re-entered.
    public func flush() {
        guard currentPhase == .open, flavour == .socket, let raw, let buffer = output.raw, !isWriting,
            !output.isEmpty
        else {
            if flavour == .layered { flushLayer() }
            return
        }
        evbuffer_unfreeze(buffer, 1)
        let written = evbuffer_write(buffer, bufferevent_getfd(raw))
        if written < 0, errno != EAGAIN, errno != EINTR { writeFailure = true }
        evbuffer_freeze(buffer, 1)
        if !output.isEmpty {
            isWriting = true
            bufferevent_enable(raw, Int16(EV_WRITE))
        }
    }

    /// Sends bytes without the way through ``output``, as far as the socket takes them; the rest goes there.
    ///
    /// Like ``flush()`` it tells failures later, as a signal. With `endFollows` the bytes leave together with the end
    /// of the stream, which the caller brings about at once (``shutdownOutput()``, ``close(_:)``): one packet, not two.
    public func send(_ bytes: [UInt8], endFollows: Bool = false) {
        guard currentPhase == .open, flavour == .socket, let raw, !isWriting, output.isEmpty else {
            if flavour == .layered { return sendThroughLayer(bytes, then: endFollows ? .end : .unknown) }
            output.append(bytes)
            flush()
            return
        }
        let sent = bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, endFollows ? Self.lastFlags : Self.sendFlags)
        }
        guard sent < bytes.count else { return }
        if sent < 0, errno != EAGAIN, errno != EINTR { writeFailure = true }
        output.append(bytes, from: max(0, sent))
        isWriting = true
        bufferevent_enable(raw, Int16(EV_WRITE))
    }

    private static let sendFlags = CInt(MSG_NOSIGNAL)
    private static let lastFlags = CInt(MSG_NOSIGNAL) | CInt(MSG_MORE)

    /// Has ``onWritten`` called when the socket takes bytes again, though ``output`` is empty: for owners that write
    /// past it.
    public func awaitWritable() {
        guard currentPhase == .open, flavour == .socket, let raw else {
            if flavour == .layered { awaitLayerWritable() }
            return
        }
        isWriting = true
        bufferevent_enable(raw, Int16(EV_WRITE))
    }

    /// ``onWritten`` is called when ``output`` has fallen to this many bytes.
    public func setWriteLowMark(_ bytes: Int) { writeLowMark = bytes }

    /// Tells the peer that nothing more will come (`shutdown`, a layer's own farewell before it); the caller has seen
    /// ``output`` empty.
    public func shutdownOutput() {
        guard let raw else { return }
        switch flavour {
        case .socket: shutdown(bufferevent_getfd(raw), Int32(SHUT_WR))
        case .layered: endLayerOutput()
        case .pair: bufferevent_flush(raw, Int16(EV_WRITE), BEV_FINISHED)
        }
    }

    /// The loop has written; called by the trampoline.
    func didWrite() {
        guard currentPhase == .open, let raw else { return }
        if flavour == .socket, output.isEmpty {
            isWriting = false
            bufferevent_disable(raw, Int16(EV_WRITE))
        }
        progressHandler?()
        if output.length <= writeLowMark { writtenHandler?() }
    }

    /// The connection is open; called by the trampoline.
    func didConnect() {
        guard currentPhase == .connecting, let raw else { return }
        currentPhase = .open
        bufferevent_disable(raw, Int16(EV_WRITE))
        isWriting = false
        // What comes first leaves with what the owner sends now; without that, by itself.
        if !hasPreface { flush() }
        signalHandler?(.connected)
        if hasPreface { flush() }
    }
}

// MARK: - Ending

extension Bufferevent {
    /// How a connection ends for its peer.
    public enum Ending: Sendable {
        /// The usual way; unread input makes the system send a reset.
        case orderly
        /// With a reset, so that the peer cannot take the bytes it got for everything.
        case reset
    }

    /// Frees the C object and closes the socket. Idempotent; no closure is called afterwards. Unsent output is lost.
    ///
    /// A layer says farewell to the peer if everything was sent and the ending is orderly; nothing is waited for.
    public func close(_ ending: Ending = .orderly) {
        guard let raw else { return }
        if flavour == .layered { closeLayer(ending) }
        if ending == .reset, flavour != .pair {
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                bufferevent_getfd(raw), SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        }
        stopWatchingInput()
        if let readEvent { event_free(readEvent) }
        readEvent = nil
        self.raw = nil
        currentPhase = .closed
        input.invalidate()
        output.invalidate()
        // The object itself is freed by an event of the loop; one that tells that it can be written may be due.
        loop.core.extras += isWriting ? 2 : 1
        bufferevent_free(raw)
        arrivalHandler = nil
        readableHandler = nil
        readHandler = nil
        writtenHandler = nil
        progressHandler = nil
        signalHandler = nil
    }

    /// Closes, and keeps this object until no callback of it can be on the stack.
    public func retire(_ ending: Ending = .orderly) {
        loop.retire(self)
        close(ending)
    }
}

@available(*, unavailable)
extension Bufferevent: Sendable {}
