// A client of whom a header of the PROXY protocol has yet to say who it is: the header is taken from its socket, and
// nothing behind it. What the header may be is ProxyHeader's matter, who has to send one PendingClients'.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// What a header has told of a client's connection besides the client's address.
package final class Announcement: Sendable {
    /// The address that the client has reached.
    let reached: SocketAddress
    /// Who has told it: the peer of the socket.
    let sender: SocketAddress

    init(reached: SocketAddress, sender: SocketAddress) {
        self.reached = reached
        self.sender = sender
    }
}

/// An accepted connection before its header. Confined to its worker's thread.
final class PendingClient {
    /// Where the connection has come from, and to.
    let arrival: Arrival
    /// The place in the list of its kind.
    var index: Int
    private unowned let owner: PendingClients
    private let deadline = Deadline()
    private var preamble: SocketPreamble?

    /// Begins to wait for the header.
    init(
        _ socket: consuming Socket, _ arrival: Arrival, loop: EventLoop, owner: PendingClients, index: Int
    ) throws(SystemError) {
        self.arrival = arrival
        self.owner = owner
        self.index = index
        deadline.onExpired = { [unowned self] in owner.ended(self, .refused("none within its time")) }
        preamble = try SocketPreamble(loop: loop, socket: socket) { [unowned self] in look() }
    }

    /// How the wait ends, unless the proxy ends before.
    enum Ending {
        /// The header has come.
        case told(ProxyHeader)
        /// What has come is no header, or not all of one.
        case refused(String)
        /// The peer has gone without a word, as one that looks whether somebody listens.
        case left
    }

    /// Waits until then, if that is sooner than it would.
    func wait(until time: MonotonicTime, on wheel: DeadlineWheel) {
        if deadline.time.map({ time < $0 }) ?? true { wheel.set(deadline, at: time) }
    }

    /// Looks at what has come.
    func look() {
        guard let preamble else { return }
        switch preamble.look() {
        case .nothing: break
        case .bytes: read(preamble)
        case .ended where preamble.bytes.isEmpty: owner.ended(self, .left)
        case .ended: owner.ended(self, .refused("the connection ended in the middle of it"))
        case .failed(let error): owner.ended(self, preamble.bytes.isEmpty ? .left : .refused(error.reason))
        }
    }

    private func read(_ preamble: SocketPreamble) {
        let bytes = preamble.bytes
        do throws(ProxyHeaderError) {
            let reading = try ProxyHeader.read(bytes.span)
            guard preamble.take(upTo: reading?.length ?? bytes.count), let reading else { return }
            owner.ended(self, .told(reading.header))
        } catch {
            owner.ended(self, .refused(error.explanation))
        }
    }

    /// Stops waiting, and gives the socket away; it is closed if nobody takes it.
    @discardableResult
    func release(from wheel: DeadlineWheel) -> Socket? {
        wheel.remove(deadline)
        return preamble.take()?.release()
    }
}

@available(*, unavailable)
extension PendingClient: Sendable {}
