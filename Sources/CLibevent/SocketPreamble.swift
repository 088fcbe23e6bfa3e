// The first bytes of an accepted socket, taken one by one before anybody else reads from it: not a byte more than
// belongs to them, so that what follows is still the system's. What they mean is the owner's matter.

import CEvent2
import Glibc

/// Takes a preamble from a socket and gives the socket on. Confined to its loop's thread.
///
/// Bytes are looked at first (`MSG_PEEK`), and taken as far as they belong to the preamble. Of one that is incomplete
/// that is all of them: nothing is left in the system that the loop would tell again and again.
package final class SocketPreamble {
    /// What came of looking for bytes.
    package enum Arrival: Sendable {
        /// Some have come.
        case bytes
        /// None have.
        case nothing
        /// The peer has ended its side.
        case ended
        /// The connection is unusable.
        case failed(SystemError)
    }

    /// Bytes that are looked at in a turn of the loop: what fits into the smallest packet.
    static let atOnce = 512

    /// What has been taken, and behind it what has been looked at.
    package private(set) var bytes: [UInt8] = []
    private var taken = 0
    private var socket: Socket?
    private let descriptor: Int32
    private var watch: DescriptorWatch?

    /// Takes an accepted socket over and has `onReady` called when there is something to look at.
    package init(
        loop: EventLoop, socket: consuming Socket, onReady: @escaping () -> Void
    ) throws(SystemError) {
        descriptor = socket.fileDescriptor
        watch = try DescriptorWatch(loop: loop, descriptor: descriptor, for: .reading, onReady: onReady)
        self.socket = consume socket
    }

    deinit { close() }

    /// Looks at what has come behind what was taken.
    package func look() -> Arrival {
        guard socket != nil else { return .nothing }
        bytes.removeLast(bytes.count - taken)
        let (count, code) = receive(Self.atOnce, CInt(MSG_PEEK))
        guard count <= 0 else { return .bytes }
        if count == 0 { return .ended }
        return code == EAGAIN || code == EINTR ? .nothing : .failed(SystemError(code, in: .read))
    }

    /// Takes bytes that were looked at, so that `length` have been taken in all.
    /// - Returns: whether so many have. If not, the rest is told as ready once more.
    package func take(upTo length: Int) -> Bool {
        guard socket != nil, length > taken else { return length <= taken }
        bytes.removeLast(bytes.count - taken)
        taken += max(0, receive(length - taken, 0).count)
        return taken == length
    }

    /// Appends up to so many bytes.
    private func receive(_ most: Int, _ flags: CInt) -> (count: Int, code: Int32) {
        let before = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: most))
        let (count, code) = bytes.withUnsafeMutableBytes { memory in
            let count = recv(descriptor, memory.baseAddress.map { $0 + before }, most, flags | CInt(MSG_DONTWAIT))
            return (count, errno)
        }
        bytes.removeLast(most - max(0, count))
        return (count, code)
    }

    /// Gives the socket away; nothing is called back any more.
    package func release() -> Socket? {
        stopWatching()
        return socket.take()
    }

    /// Closes the socket. Idempotent; nothing is called back any more.
    package func close() {
        stopWatching()
        socket = nil
    }

    /// Before the descriptor is closed or another's: the loop would go on watching whoever gets the number.
    private func stopWatching() {
        watch?.close()
        watch = nil
    }
}

@available(*, unavailable)
extension SocketPreamble: Sendable {}
