// Which worker serves a new client. The kernel spreads clients over the workers' sockets by a hash of their addresses:
// with few clients, or with some that stay for long, one worker can get twice as many as another.
// Touched when a connection begins and ends, never for a request.

package import CLibevent
import Synchronization

/// Where a client has come from, and to.
package struct Arrival: Sendable {
    /// Its address.
    package var peer: SocketAddress
    /// What clients of the listener meet.
    package var door: Door
    /// What a header has told of the connection, if one has told of a client; ``peer`` is the client's address then.
    package var announcement: Announcement?

    /// Puts both together.
    package init(peer: SocketAddress, door: Door) {
        self.peer = peer
        self.door = door
    }
}

/// The client connections of every worker of a group. Any thread may ask; each count is changed by few.
package final class AcceptBalance: Sendable {
    /// One worker's count. An object of its own with room around it, so that workers do not share cache lines.
    private final class Load: Sendable {
        private let before = (0, 0, 0, 0, 0, 0, 0, 0)
        let connections = Atomic<Int>(0)
        /// Those of them that are on their way to the worker's thread.
        let passengers = Atomic<Int>(0)
        private let after = (0, 0, 0, 0, 0, 0, 0, 0)
    }

    /// A client on its way to another worker's thread, counted there from the beginning; closed if it never arrives.
    private final class Passenger: Sendable {
        private let socket: Mutex<Socket?>
        private let load: Load

        init(_ socket: consuming Socket, to load: Load) {
            self.socket = Mutex(consume socket)
            self.load = load
            load.connections.add(1, ordering: .relaxed)
            load.passengers.add(1, ordering: .relaxed)
        }

        deinit {
            if take() != nil { load.connections.subtract(1, ordering: .relaxed) }
        }

        /// The client, once.
        func take() -> Socket? {
            let taken = socket.withLock { $0.take() }
            if taken != nil { load.passengers.subtract(1, ordering: .relaxed) }
            return taken
        }
    }

    private let loads: [Load]
    private let doors: [LoopMailbox<Worker>]
    /// Whether clients may still be handed over. Posts are made under this lock, so that none comes after the end.
    private let isOpen = Mutex(true)

    /// Begins with no connections; `workers` are the doors through which clients are handed over.
    package init(_ workers: [LoopMailbox<Worker>]) {
        doors = workers
        loads = workers.map { _ in Load() }
    }

    /// Client connections of each worker now, those on their way to it included.
    package var connections: [Int] { loads.map { $0.connections.load(ordering: .relaxed) } }

    /// A worker has one connection more, or less.
    func count(_ change: Int, of worker: Int) {
        if loads.indices.contains(worker) { loads[worker].connections.add(change, ordering: .relaxed) }
    }

    /// The worker that should have the next client instead of `worker`; nil if the difference is not worth the way.
    ///
    /// `limit` is the number of connections that each worker may have: one that is full, or would be with this client,
    /// gives it to any that has fewer and is not full.
    func lighter(than worker: Int, limit: Int) -> Int? {
        guard loads.count > 1 else { return nil }
        let own = loads[worker].connections.load(ordering: .relaxed)
        var lightest: Int?
        var least = min(own, limit)
        for other in loads.indices where hasSeats(other) {
            let load = loads[other].connections.load(ordering: .relaxed)
            if load < least { (lightest, least) = (other, load) }
        }
        return own - least > (own + 1 < limit ? Self.tolerance(own) : 0) ? lightest : nil
    }

    /// Whether another client may be on its way to a worker.
    private func hasSeats(_ worker: Int) -> Bool {
        loads[worker].passengers.load(ordering: .relaxed) < Self.mostPassengers
    }

    /// Connections that a worker may have more than the one with the fewest: four, or an eighth of its own.
    static func tolerance(_ connections: Int) -> Int { max(4, connections / 8) }

    /// Clients that may be on their way to a worker at a time. One whose thread stands still has few connections and
    /// looks like the one to choose; so many at most wait for it.
    static let mostPassengers = 32

    /// Hands a client over to another worker.
    /// - Returns: the client, if that worker takes no more.
    func handOver(_ socket: consuming Socket, _ arrival: Arrival, to worker: Int) -> Socket? {
        let load = loads[worker]
        let passenger = Passenger(socket, to: load)
        let isPosted = isOpen.withLock { isOpen in
            isOpen && load.passengers.load(ordering: .relaxed) <= Self.mostPassengers
                && doors[worker].post { worker in
                    if let socket = passenger.take() { worker.adopt(socket, arrival) }
                }
        }
        if isPosted { return nil }
        let socket = passenger.take()
        count(-1, of: worker)
        return socket
    }

    /// From now on everybody serves what they accept. What is posted to a worker after this comes behind the last
    /// client on the way to it: a worker that is told to end then has got all of them before.
    func endHandOvers() { isOpen.withLock { $0 = false } }
}
