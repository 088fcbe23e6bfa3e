// Reading into the input buffer, and resting while it is full.
// What the bytes mean and when they are drained is the owner's matter.

import CEvent2

extension Bufferevent {
    /// Reads whenever bytes arrive, up to the high mark.
    public func startReading() {
        wantsReading = true
        if let raw, fullWatch == nil { bufferevent_enable(raw, Int16(EV_READ)) }
    }

    /// Leaves bytes, and the news of the peer's end, in the system.
    public func stopReading() {
        wantsReading = false
        if let raw { bufferevent_disable(raw, Int16(EV_READ)) }
    }

    /// Reading rests while ``input`` holds this many bytes (`bufferevent_setwatermark`); 0 for no bound.
    ///
    /// libevent's own mark bounds each read. It is not enough: while a buffer stays full libevent calls the reader
    /// again in every turn of the loop (`bufferevent_inbuf_wm_check` in 2.1), which costs a whole processor for each
    /// peer that does not read. So reading is switched off as well until somebody drains the buffer.
    public func setReadHighMark(_ bytes: Int) {
        readHighMark = bytes > 0 ? bytes : .max
        if let raw { bufferevent_setwatermark(raw, Int16(EV_READ), 0, max(0, bytes)) }
        inputChanged()
    }

    /// Bytes have arrived; called by the trampoline.
    func didRead() {
        onRead?()
        if input.length >= readHighMark { restUntilDrained() }
    }

    /// Stops reading and watches the input until somebody drains it.
    private func restUntilDrained() {
        guard let raw, let buffer = input.raw, fullWatch == nil else { return }
        bufferevent_disable(raw, Int16(EV_READ))
        fullWatch = evbuffer_add_cb(buffer, inputTrampoline, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The full input has changed; called by the trampoline.
    func inputChanged() {
        guard let raw, fullWatch != nil, input.length < readHighMark else { return }
        stopWatchingInput()
        if wantsReading { bufferevent_enable(raw, Int16(EV_READ)) }
    }

    /// Removes the watch, if there is one.
    func stopWatchingInput() {
        guard let watch = fullWatch else { return }
        fullWatch = nil
        if let buffer = input.raw { evbuffer_remove_cb_entry(buffer, watch) }
    }
}
