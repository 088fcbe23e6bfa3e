// Bytes that open a new connection before all others, in the clear whatever layer follows, and what they may have to
// tell: the socket's own address. What such bytes mean, as those of the PROXY protocol, is the owner's matter.

import CEvent2
import Glibc

extension Bufferevent {
    /// Has these bytes sent before all others, once the connection that is being opened is open: in front of
    /// ``output``, to which nothing has been appended yet, or before a layer begins its handshake.
    ///
    /// Without a layer they wait for what the owner sends when it hears `.connected`, and leave with it in one packet;
    /// if it sends nothing they leave right after.
    public func sendFirst(_ bytes: [UInt8]) {
        guard raw != nil, currentPhase == .connecting, !bytes.isEmpty else { return }
        if let layering {
            layering.preface += bytes
        } else {
            hasPreface = true
            output.append(bytes)
        }
    }

    /// The address of this end (`getsockname`), as soon as the system has chosen it, which it has when it begins to
    /// connect; nil for pairs and after the end.
    public var localAddress: SocketAddress? {
        guard raw != nil, flavour != .pair else { return nil }
        return SocketAddress.local(of: descriptor)
    }

    /// Sends what comes before the layer; what the socket does not take at once leaves when it can be written.
    /// - Returns: whether all of it has left.
    func sendPreface(_ layering: Layering) -> Bool {
        guard !layering.preface.isEmpty else { return true }
        // The layer's first words follow at once, in the same packet.
        let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_MORE)
        let sent = layering.preface.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
        let code = errno
        guard sent >= 0 || code == EAGAIN || code == EINTR else {
            settingUpFailed(SystemError(code, in: .write))
            return false
        }
        layering.preface.removeFirst(max(0, sent))
        return layering.preface.isEmpty
    }
}
