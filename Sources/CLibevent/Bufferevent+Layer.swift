// Connections with a layer between socket and buffers: setting up, writing, ending. How they are read is in
// Bufferevent+LayerReading. libevent never writes here: it would send what is not encrypted. It lends its buffers and
// closes the socket.

import CEvent2
import Glibc

extension Bufferevent {
    /// Takes over an accepted, connected socket and lets the layer shake hands: `.connected` or `.failed` tells the
    /// outcome. Bytes for ``output`` may be appended before.
    public convenience init(
        loop: EventLoop, socket: consuming Socket, layer: any TransportLayer
    ) throws(SystemError) {
        let raw = try Self.makeRaw(loop, socket)
        self.init(loop: loop, raw: raw, flavour: .layered, phase: .connecting)
        try setUp(layer, stage: .handshaking)
        layer.start(on: descriptor)
        // The first word is the client's.
        if let readEvent { event_add(readEvent, nil) }
    }

    /// Begins to open a connection, then lets the layer shake hands. `.connected` tells that both have succeeded,
    /// `.failed` which one has not (``SystemError/isHandshakeFailure``).
    /// - Throws: what the system refuses at once, such as an unreachable network or no descriptor left.
    public convenience init(
        loop: EventLoop, connectingTo address: SocketAddress, layer: any TransportLayer
    ) throws(SystemError) {
        let raw = try Self.makeRaw(loop, Socket.connecting(to: address))
        self.init(loop: loop, raw: raw, flavour: .layered, phase: .connecting)
        try setUp(layer, stage: .connecting)
        awaitWritability()
    }

    private func setUp(_ layer: any TransportLayer, stage: Layering.Stage) throws(SystemError) {
        guard let raw else { return }
        bufferevent_disable(raw, Int16(EV_WRITE))
        isWriting = false
        let layering = Layering(layer, stage: stage)
        self.layering = layering
        readEvent = try makeEvent(descriptor, EV_READ | EV_PERSIST, layerReadableTrampoline)
        layering.writeEvent = try makeEvent(descriptor, EV_WRITE | EV_PERSIST, layerWritableTrampoline)
    }

    /// Ends the layer before the socket is closed.
    func closeLayer(_ ending: Ending) {
        guard let layering else { return }
        let isComplete = layering.stage == .open && !isWriting && output.isEmpty
        layering.layer.end(isComplete ? ending : .reset)
        layering.freeEvents()
        self.layering = nil
        // What tells of a later turn, and a second one of the descriptor, may be due.
        loop.core.extras += 2
    }
}

// MARK: - Setting up

extension Bufferevent {
    /// The socket can be written; called by the trampoline.
    func layerWritable() {
        guard let layering else { return }
        switch layering.stage {
        case .connecting: socketConnected(layering)
        case .handshaking: shakeHands(layering)
        case .open: layerDidWrite(layering)
        }
    }

    /// The system has an outcome of its `connect`.
    private func socketConnected(_ layering: Layering) {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        guard code == 0 else { return settingUpFailed(SystemError(code, in: .connect)) }
        guard sendPreface(layering) else { return }
        layering.stage = .handshaking
        layering.layer.start(on: descriptor)
        if let readEvent { event_add(readEvent, nil) }
        shakeHands(layering)
    }

    /// Goes on with the handshake.
    func shakeHands(_ layering: Layering) {
        switch layering.layer.handshake() {
        case .needsReading: ignoreWritability()
        case .needsWriting: awaitWritability()
        case .failed(let error): settingUpFailed(error)
        case .done:
            ignoreWritability()
            layering.stage = .open
            currentPhase = .open
            if !isReading, let readEvent { event_del(readEvent) }
            output.sealed = layering.layer.unsent
            flush()
            signalHandler?(.connected)
            // The peer's first bytes may have come with its last word of the handshake.
            if isReading, layering.layer.holdsUnread { readThroughLayer() }
        }
    }

    func settingUpFailed(_ error: SystemError) {
        ignoreWritability()
        if let readEvent { event_del(readEvent) }
        signalHandler?(.failed(error))
    }

    /// Has ``layerWritable()`` called when the socket takes bytes.
    func awaitWritability() {
        if let writeEvent = layering?.writeEvent { event_add(writeEvent, nil) }
    }

    private func ignoreWritability() {
        guard let writeEvent = layering?.writeEvent else { return }
        // It may be due in this turn all the same.
        loop.core.extras += 1
        event_del(writeEvent)
    }
}

// MARK: - Writing

extension Bufferevent {
    /// What writing through the layer came to.
    private enum Flow {
        case emptied, blocked
        case failed(SystemError)
    }

    /// ``flush()``: encrypts and sends at once what the socket takes.
    func flushLayer() {
        guard currentPhase == .open, let layering, !isWriting, !output.isEmpty else { return }
        settle(writeOut(layering), layering)
    }

    /// ``send(_:endFollows:)``: what fits into one record needs no way through ``output``.
    func sendThroughLayer(_ bytes: [UInt8], then following: TransportWrite.Following) {
        let isDirect = currentPhase == .open && !isWriting && output.isEmpty
        guard isDirect, let layering, !bytes.isEmpty, bytes.count <= TransportWrite.mostAtOnce else {
            output.append(bytes)
            return flush()
        }
        defer { output.sealed = layering.layer.unsent }
        switch bytes.withUnsafeBytes({ layering.layer.write($0, then: following) }) {
        case .wrote(let count):
            guard count < bytes.count else { return layering.layer.unsent > 0 ? settle(.blocked, layering) : () }
            output.append(bytes, from: count)
            flush()
        case .needsWriting:
            output.append(bytes)
            layering.offered = bytes.count
            settle(.blocked, layering)
        case .failed(let error):
            output.append(bytes)
            settle(.failed(error), layering)
        }
    }

    /// Has the loop go on with what is left.
    private func settle(_ flow: Flow, _ layering: Layering) {
        switch flow {
        case .emptied: break
        case .blocked:
            isWriting = true
            awaitWritability()
        case .failed(let error):
            // Nothing is written any more, and the caller is not re-entered.
            writeFailure = true
            isWriting = true
            layering.failure = error
            callLater(layering)
        }
    }

    /// Writes records until the output is empty or the socket full.
    private func writeOut(_ layering: Layering) -> Flow {
        guard let buffer = output.raw else { return .emptied }
        defer { output.sealed = layering.layer.unsent }
        switch layering.layer.flush() {
        case .done: break
        case .needsReading, .needsWriting: return .blocked
        case .failed(let error): return .failed(error)
        }
        evbuffer_unfreeze(buffer, 1)
        defer { evbuffer_freeze(buffer, 1) }
        while true {
            let left = evbuffer_get_length(buffer)
            guard left > 0 else { return layering.layer.unsent > 0 ? .blocked : .emptied }
            let record = front(of: buffer, max(layering.offered, min(left, recordSize(layering, left))), layering)
            switch layering.layer.write(record, then: left > record.count ? .more : .unknown) {
            case .wrote(let count):
                evbuffer_drain(buffer, count)
                layering.offered = 0
            case .needsWriting:
                layering.offered = record.count
                return .blocked
            case .failed(let error): return .failed(error)
            }
        }
    }

    /// Bytes of the next record at most.
    private func recordSize(_ layering: Layering, _ left: Int) -> Int {
        let last = layering.lastRecord
        layering.lastRecord = loop.now
        guard left > Self.firstRecord, last.map({ loop.now >= $0 + Self.longSilence }) ?? true else {
            return TransportWrite.mostAtOnce
        }
        return Self.firstRecord
    }

    /// Bytes of the first record after a long silence, if there are more: with its packets' heads less than may be sent
    /// then before the peer has answered (RFC 6928), so that it can decrypt the record without waiting.
    static let firstRecord = 8 * 1024
    /// The system forgets what the way has borne in about this time.
    private static let longSilence: Duration = .seconds(1)

    /// The first bytes of the buffer, so many at most: fewer if many lie together, else put together.
    private func front(of buffer: OpaquePointer, _ most: Int, _ layering: Layering) -> UnsafeRawBufferPointer {
        var segment = iovec()
        let segments = evbuffer_peek(buffer, most, nil, &segment, 1)
        if segments == 1 || segment.iov_len >= most || layering.offered == 0 && segment.iov_len >= most / 2 {
            return UnsafeRawBufferPointer(start: segment.iov_base, count: min(segment.iov_len, most))
        }
        let memory = loop.core.gathering()
        return UnsafeRawBufferPointer(start: memory, count: max(0, Int(evbuffer_copyout(buffer, memory, most))))
    }

    /// ``awaitWritable()``.
    func awaitLayerWritable() {
        guard currentPhase == .open, layering?.failure == nil else { return }
        isWriting = true
        awaitWritability()
    }

    /// The socket takes bytes again.
    private func layerDidWrite(_ layering: Layering) {
        if layering.readsWhenWritable {
            layering.readsWhenWritable = false
            if !isWriting { ignoreWritability() }
            readThroughLayer()
            guard raw != nil, isWriting else { return }
        }
        let before = output.length
        switch writeOut(layering) {
        case .emptied:
            isWriting = false
            ignoreWritability()
            if layering.endsWhenWritable { endLayerOutput() }
        case .blocked: if output.length == before { return }
        case .failed(let error):
            writeFailure = true
            ignoreWritability()
            signalHandler?(.failed(error))
            return
        }
        progressHandler?()
        if output.length <= writeLowMark { writtenHandler?() }
    }

    /// ``shutdownOutput()``: the layer's farewell, then the system's.
    func endLayerOutput() {
        guard let layering, layering.stage == .open, !writeFailure else { return }
        layering.endsWhenWritable = false
        defer { output.sealed = layering.layer.unsent }
        switch layering.layer.endOutput() {
        case .needsWriting:
            layering.endsWhenWritable = true
            isWriting = true
            awaitWritability()
        case .done, .needsReading, .failed: shutdown(descriptor, Int32(SHUT_WR))
        }
    }
}

// MARK: - Later turns

extension Bufferevent {
    /// Has ``layerIsDue()`` called in the next turn of the loop.
    func callLater(_ layering: Layering) {
        if layering.laterEvent == nil {
            // Without memory for an event nothing could be told; the owner's deadline ends the connection.
            layering.laterEvent = try? makeEvent(-1, 0, laterTrampoline)
        }
        guard let event = layering.laterEvent else { return }
        var none = timeval()
        event_add(event, &none)
    }

    /// Tells what could not be told before; called by the trampoline.
    func layerIsDue() {
        guard let layering else { return }
        if let failure = layering.failure {
            layering.failure = nil
            signalHandler?(.failed(failure))
        } else {
            readThroughLayer()
        }
    }
}

extension Bufferevent {
    /// Whether the connection is open and its layer is still to be agreed on with the peer.
    public var isHandshaking: Bool {
        if case .handshaking = layering?.stage { return true }
        return false
    }
    /// What stands between the socket and the buffers; nil for plain connections and after the end.
    public var transportLayer: (any TransportLayer)? { layering?.layer }

    /// Tells a peer whose handshake has failed something in its own language, past the layer, and that nothing more
    /// will come. What the socket does not take at once is lost. Nothing else may follow but ``close(_:)``.
    public func sendPastLayer(_ bytes: [UInt8]) {
        guard raw != nil, flavour == .layered, currentPhase == .connecting else { return }
        _ = bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
        }
        shutdown(descriptor, Int32(SHUT_WR))
    }
}

private func layerWritableTrampoline(_: Int32, _: Int16, context: UnsafeMutableRawPointer?) {
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) {
        bufferevent.loop.core.time = nil
        bufferevent.loop.core.extras += 1
        bufferevent.layerWritable()
    }
}

private func layerReadableTrampoline(_: Int32, _: Int16, context: UnsafeMutableRawPointer?) {
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) {
        bufferevent.loop.core.time = nil
        bufferevent.layerReadable()
    }
}

private func laterTrampoline(_: Int32, _: Int16, context: UnsafeMutableRawPointer?) {
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) {
        bufferevent.loop.core.time = nil
        bufferevent.loop.core.extras += 1
        bufferevent.layerIsDue()
    }
}
