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

private func readTrampoline(_: OpaquePointer?, context: UnsafeMutableRawPointer?) {
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) { bufferevent.onRead?() }
}

private func writeTrampoline(_: OpaquePointer?, context: UnsafeMutableRawPointer?) {
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) { bufferevent.didWrite() }
}

private func eventTrampoline(_: OpaquePointer?, bits: Int16, context: UnsafeMutableRawPointer?) {
    let code = errno
    let bufferevent = Unmanaged<Bufferevent>.fromOpaque(context!).takeUnretainedValue()
    withExtendedLifetime(bufferevent) {
        let signal = BuffereventSignal(bits: bits, code: code)
        switch signal {
        case .connected: bufferevent.didConnect()
        case .endOfStream, .failed: bufferevent.onSignal?(signal)
        }
    }
}
