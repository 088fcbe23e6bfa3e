// Reading through a layer into the input buffer: sizes, marks and handlers are those of plain sockets.
// What differs: a layer may hold bytes of which the silent socket tells nothing, and take bytes that are for it alone.

import CEvent2
import Glibc

extension Bufferevent {
    /// The socket can be read; called by the trampoline.
    func layerReadable() {
        guard let layering else { return }
        switch layering.stage {
        case .connecting: break
        case .handshaking: shakeHands(layering)
        case .open: readThroughLayer()
        }
    }

    /// Reads what there is, and tells.
    func readThroughLayer() {
        guard currentPhase == .open, isReading, let layering, let buffer = input.raw else { return }
        let held = input.length
        guard held < readHighMark else { return restUntilDrained() }
        if held == 0, readStep == 0, let arrivalHandler {
            readSmallThroughLayer(layering.layer, into: buffer, offeringTo: arrivalHandler)
        } else {
            readOnThroughLayer(layering.layer, into: buffer, total: 0)
        }
        readOnWhatLayerHolds()
    }

    /// Has the next turn read on if there is something of which the socket will tell nothing.
    func readOnWhatLayerHolds() {
        guard currentPhase == .open, isReading, let layering, layering.layer.holdsUnread else { return }
        callLater(layering)
    }

    private func readSmallThroughLayer(
        _ layer: any TransportLayer, into buffer: OpaquePointer, offeringTo offer: (Span<UInt8>) -> Bool
    ) {
        let memory = loop.core.arrivals
        let size = min(Self.arrivalSize, readHighMark)
        let read = layer.read(into: UnsafeMutableRawBufferPointer(start: memory, count: size))
        let count = read.count
        guard count > 0 else { return layerReadEnded(read.stop) }
        let bytes = Span<UInt8>(_unsafeStart: memory.assumingMemoryBound(to: UInt8.self), count: count)
        if count < size, offer(bytes) { return }
        input.willGrow()
        evbuffer_unfreeze(buffer, 0)
        let status = evbuffer_add(buffer, memory, count)
        evbuffer_freeze(buffer, 0)
        guard status == 0 else { return layerReadEnded(.failed(SystemError(ENOBUFS, in: .read))) }
        if count < size { return didRead() }
        readStep = 1
        readOnThroughLayer(layer, into: buffer, total: count)
    }

    private func readOnThroughLayer(_ layer: any TransportLayer, into buffer: OpaquePointer, total before: Int) {
        input.willGrow()
        var total = before
        var stop = TransportRead.Stop.full
        for _ in 0..<(before > 0 ? 1 : 2) {
            let size = min(Self.readSizes[readStep], readHighMark - evbuffer_get_length(buffer))
            guard size > 0 else { break }
            let read = Self.read(size, through: layer, into: buffer)
            total += read.count
            stop = read.stop
            guard case .full = stop else { break }
            if readStep < Self.readSizes.count - 1 { readStep += 1 }
        }
        if readStep > 0, total > 0, total < Self.readSizes[readStep - 1] { readStep -= 1 }
        if total > 0 { didRead() } else { layerReadEnded(stop) }
    }

    /// No bytes were read. An end or failure behind bytes waits for a turn of its own: the layer tells it again.
    private func layerReadEnded(_ stop: TransportRead.Stop) {
        guard currentPhase == .open, let layering else { return }
        switch stop {
        case .full, .drained: break
        case .needsWriting:
            layering.readsWhenWritable = true
            awaitWritability()
        case .ended:
            stopReading()
            signalHandler?(.endOfStream)
        case .failed(let error):
            stopReading()
            signalHandler?(.failed(error))
        }
    }

    /// Reads up to `size` bytes to the end of the input, which libevent keeps frozen for all others.
    private static func read(_ size: Int, through layer: any TransportLayer, into buffer: OpaquePointer)
        -> TransportRead
    {
        evbuffer_unfreeze(buffer, 0)
        defer { evbuffer_freeze(buffer, 0) }
        var spaces = (iovec(), iovec())
        return withUnsafeMutablePointer(to: &spaces) { tuple in
            tuple.withMemoryRebound(to: iovec.self, capacity: 2) { spaces in
                let count = evbuffer_reserve_space(buffer, size, spaces, 2)
                guard count > 0 else { return TransportRead(count: 0, stop: .failed(SystemError(ENOBUFS, in: .read))) }
                // What is reserved may be more than what was asked for.
                let first = min(spaces[0].iov_len, size)
                let second = count > 1 ? min(spaces[1].iov_len, size - first) : 0
                var read = layer.read(into: UnsafeMutableRawBufferPointer(start: spaces[0].iov_base, count: first))
                spaces[0].iov_len = read.count
                spaces[1].iov_len = 0
                if case .full = read.stop, second > 0 {
                    let more = layer.read(into: UnsafeMutableRawBufferPointer(start: spaces[1].iov_base, count: second))
                    spaces[1].iov_len = more.count
                    read = TransportRead(count: first + more.count, stop: more.stop)
                }
                if read.count > 0 { evbuffer_commit_space(buffer, spaces, spaces[1].iov_len > 0 ? 2 : 1) }
                return read
            }
        }
    }

    /// Whether nothing is there for the owner (``isQuiet``).
    var isLayerQuiet: Bool {
        guard currentPhase == .open, let layering else { return true }
        guard !layering.layer.holdsUnread, layering.layer.isQuiet else {
            // What the layer has looked at, the socket does not tell of again.
            readOnWhatLayerHolds()
            return false
        }
        return true
    }

    /// The same without asking the system again, if the loop has found nothing on the socket in this turn.
    func isLayerQuiet(unless readEvent: UnsafeMutablePointer<event>) -> Bool {
        guard relevo_is_active(readEvent) == 0, layering?.layer.holdsUnread == false else { return isLayerQuiet }
        return true
    }
}
