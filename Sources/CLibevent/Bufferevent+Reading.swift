// Reading from the socket into the input buffer, and resting while that is full. Pairs are read by libevent.
// What the bytes mean and when they are drained is the owner's matter.

import CEvent2
import Glibc

extension Bufferevent {
    /// Bytes that one read asks for, small at first. A segment of the smallest size, libevent's own head included, is
    /// just not too large for the allocator's fast lists; the others are powers of two with it.
    static let readSizes = [976, 4048, 16_336, 65_488]

    /// Bytes that are received for ``onArrival`` at most.
    static let arrivalSize = 4048

    /// Reads whenever bytes arrive, up to the high mark.
    public func startReading() {
        wantsReading = true
        armReading()
    }

    /// Leaves bytes, and the news of the peer's end, in the system.
    public func stopReading() {
        wantsReading = false
        disarmReading()
    }

    /// Reading rests while ``input`` holds this many bytes; 0 for no bound.
    public func setReadHighMark(_ bytes: Int) {
        readHighMark = bytes > 0 ? bytes : .max
        if flavour == .pair, let raw { bufferevent_setwatermark(raw, Int16(EV_READ), 0, max(0, bytes)) }
        inputChanged()
    }

    private func armReading() {
        guard !isReading, fullWatch == nil, let raw else { return }
        isReading = true
        if let readEvent {
            event_add(readEvent, nil)
            if flavour == .layered { readOnWhatLayerHolds() }
        } else {
            bufferevent_enable(raw, Int16(EV_READ))
        }
    }

    private func disarmReading() {
        guard isReading, let raw else { return }
        isReading = false
        if let readEvent {
            // A layer reads for itself until it is open.
            if currentPhase != .connecting || flavour != .layered { event_del(readEvent) }
        } else {
            bufferevent_disable(raw, Int16(EV_READ))
        }
    }

    /// The socket can be read; called by the trampoline.
    ///
    /// libevent's own reader asks the system how many bytes there are before each read and takes 4096 of them at most.
    func readable() {
        guard currentPhase == .open, let buffer = input.raw else { return }
        let held = input.length
        guard held < readHighMark else { return restUntilDrained() }
        if held == 0, let readableHandler, readableHandler() { return }
        if held == 0, readStep == 0, let arrivalHandler {
            readSmall(into: buffer, offeringTo: arrivalHandler)
        } else {
            readOn(into: buffer, total: 0)
        }
    }

    /// Reads what may be a whole small message, and hands it over without a buffer if its owner takes it.
    private func readSmall(into buffer: OpaquePointer, offeringTo offer: (Span<UInt8>) -> Bool) {
        let memory = loop.core.arrivals
        let size = min(Self.arrivalSize, readHighMark)
        let count = recv(descriptor, memory, size, 0)
        guard count > 0 else { return readEnded(count, errno, afterBytes: false) }
        if count < size, offer(Span(_unsafeStart: memory.assumingMemoryBound(to: UInt8.self), count: count)) { return }
        input.willGrow()
        evbuffer_unfreeze(buffer, 0)
        let status = evbuffer_add(buffer, memory, count)
        evbuffer_freeze(buffer, 0)
        guard status == 0 else { return readEnded(-1, ENOBUFS, afterBytes: false) }
        if count < size { return didRead() }
        readStep = 1
        readOn(into: buffer, total: count)
    }

    /// Reads into the buffer, and tells.
    private func readOn(into buffer: OpaquePointer, total before: Int) {
        input.willGrow()
        var total = before
        var outcome = 0
        // A read that was filled has left bytes behind, probably: one more, of the next size, costs less than a turn.
        for _ in 0..<(before > 0 ? 1 : 2) {
            let room = readHighMark - evbuffer_get_length(buffer)
            let size = min(Self.readSizes[readStep], room)
            guard size > 0 else { break }
            outcome = Self.receive(size, descriptor, into: buffer)
            guard outcome > 0 else { break }
            total += outcome
            if outcome < size { break }
            if readStep < Self.readSizes.count - 1 { readStep += 1 }
        }
        let code = errno
        if readStep > 0, total > 0, total < Self.readSizes[readStep - 1] { readStep -= 1 }
        if total > 0 { didRead() }
        if outcome <= 0 { readEnded(outcome, code, afterBytes: total > 0) }
    }

    /// A read has brought no bytes: nothing is there, the peer has ended, or the connection has failed.
    private func readEnded(_ outcome: Int, _ code: CInt, afterBytes: Bool) {
        guard currentPhase == .open else { return }
        // An end that came behind bytes is told again, in a turn of its own; an error is not.
        if outcome == 0, afterBytes { return }
        if outcome < 0, code == EAGAIN || code == EINTR { return }
        stopReading()
        signalHandler?(outcome == 0 ? .endOfStream : .failed(SystemError(code, in: .read)))
    }

    /// Receives up to `size` bytes at the end of a bufferevent's input, which libevent keeps frozen for all others.
    private static func receive(_ size: Int, _ descriptor: Int32, into buffer: OpaquePointer) -> Int {
        evbuffer_unfreeze(buffer, 0)
        defer { evbuffer_freeze(buffer, 0) }
        var spaces = (iovec(), iovec())
        return withUnsafeMutablePointer(to: &spaces) { tuple in
            tuple.withMemoryRebound(to: iovec.self, capacity: 2) { spaces in
                let count = evbuffer_reserve_space(buffer, size, spaces, 2)
                guard count > 0 else {
                    errno = ENOBUFS
                    return -1
                }
                // What is reserved may be more than what was asked for.
                spaces[0].iov_len = min(spaces[0].iov_len, size)
                spaces[1].iov_len = count > 1 ? min(spaces[1].iov_len, size - spaces[0].iov_len) : 0
                let received =
                    spaces[1].iov_len == 0
                    ? recv(descriptor, spaces[0].iov_base, spaces[0].iov_len, 0) : readv(descriptor, spaces, 2)
                guard received > 0 else { return received }
                spaces[0].iov_len = min(spaces[0].iov_len, received)
                spaces[1].iov_len = received - spaces[0].iov_len
                evbuffer_commit_space(buffer, spaces, spaces[1].iov_len > 0 ? 2 : 1)
                return received
            }
        }
    }

    /// Bytes have arrived.
    func didRead() {
        readHandler?()
        if input.length >= readHighMark { restUntilDrained() }
    }

    /// Stops reading and watches the input until somebody drains it.
    func restUntilDrained() {
        guard raw != nil, let buffer = input.raw, fullWatch == nil else { return }
        disarmReading()
        fullWatch = evbuffer_add_cb(buffer, inputTrampoline, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The full input has changed; called by the trampoline.
    func inputChanged() {
        guard raw != nil, fullWatch != nil, input.length < readHighMark else { return }
        stopWatchingInput()
        if wantsReading { armReading() }
    }

    /// Removes the watch, if there is one.
    func stopWatchingInput() {
        guard let watch = fullWatch else { return }
        fullWatch = nil
        if let buffer = input.raw { evbuffer_remove_cb_entry(buffer, watch) }
    }
}
