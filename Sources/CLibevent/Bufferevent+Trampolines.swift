// The C functions that libevent calls, and their way to the Swift closures.
// Nothing else.

import CEvent2
import Glibc

extension Bufferevent {
    /// Registers the trampolines with this object as unretained context.
    func setTrampolines(_ raw: OpaquePointer) {
        bufferevent_setcb(
            raw, readTrampoline, writeTrampoline, eventTrampoline, Unmanaged.passUnretained(self).toOpaque())
    }
}

/// Called by the loop when a socket can be read.
func readableTrampoline(_: Int32, _: Int16, context: UnsafeMutableRawPointer?) {
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) {
        bufferevent.loop.core.time = nil
        bufferevent.readable()
    }
}

private func readTrampoline(_: OpaquePointer?, context: UnsafeMutableRawPointer?) {
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) {
        bufferevent.loop.core.time = nil
        bufferevent.didRead()
    }
}

private func writeTrampoline(_: OpaquePointer?, context: UnsafeMutableRawPointer?) {
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) {
        bufferevent.loop.core.time = nil
        bufferevent.loop.core.extras += 1
        bufferevent.didWrite()
    }
}

private func eventTrampoline(_: OpaquePointer?, bits: Int16, context: UnsafeMutableRawPointer?) {
    let code = errno
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) {
        bufferevent.loop.core.time = nil
        bufferevent.loop.core.extras += 1
        let signal = BuffereventSignal(bits: bits, code: code)
        if case .failed(let error) = signal, error.call == .write { bufferevent.writeFailure = true }
        switch signal {
        case .connected: bufferevent.didConnect()
        case .endOfStream, .failed: bufferevent.signalHandler?(signal)
        }
    }
}

/// Called by libevent in the middle of a change of the watched buffer.
func inputTrampoline(
    _: OpaquePointer?, _: UnsafePointer<evbuffer_cb_info>?, context: UnsafeMutableRawPointer?
) {
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) { bufferevent.inputChanged() }
}
