// What a bufferevent tells besides "bytes came" and "bytes left".
// The decoding of libevent's bits.

import CEvent2
import Glibc

/// An event of a bufferevent's connection, decoded from libevent's `BEV_EVENT_*` bits.
public enum BuffereventSignal: Sendable, Hashable {
    /// The connection that was being opened is open.
    case connected
    /// The peer will send nothing more; it may still read.
    case endOfStream
    /// The connection is unusable.
    case failed(SystemError)

    /// Decodes the bits; `code` is `errno` as it was when the callback began.
    ///
    /// The order matters: libevent may report an end together with an error, and the error says more.
    init(bits: Int16, code: Int32) {
        let bits = Int32(bits)
        if bits & BEV_EVENT_CONNECTED != 0 {
            self = .connected
        } else if bits & BEV_EVENT_ERROR != 0 {
            let call: StaticCallName =
                bits & BEV_EVENT_READING != 0 ? .read : bits & BEV_EVENT_WRITING != 0 ? .write : .connect
            self = .failed(SystemError(code == 0 ? ECONNRESET : code, in: call))
        } else if bits & BEV_EVENT_TIMEOUT != 0 {
            self = .failed(SystemError(ETIMEDOUT, in: bits & BEV_EVENT_READING != 0 ? .read : .write))
        } else if bits & BEV_EVENT_WRITING != 0 {
            // A write of zero bytes: libevent's word for a peer that is gone.
            self = .failed(SystemError(EPIPE, in: .write))
        } else {
            self = .endOfStream
        }
    }
}
