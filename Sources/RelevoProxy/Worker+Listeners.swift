// The listeners of a worker: opened before anybody is told of them, changed while clients come, closed when who waits
// has been accepted.
// Which of them stay when others are configured is decided by ListenerSet.

import CLibevent
import CLibeventTLS
import RelevoPolicy

/// A listener of one worker, with what its clients meet now. Confined to the worker's thread.
final class Entrance {
    /// One for each socket: mostly one, and several where a process with more workers has left its own.
    private let listeners: [ConnectionListener]
    var door: Door

    init(_ listeners: [ConnectionListener], _ door: Door) {
        self.listeners = listeners
        self.door = door
    }

    /// Whether nobody is accepted for that reason.
    func isPaused(_ reason: ConnectionListener.PauseReasons) -> Bool {
        listeners.contains { $0.paused.contains(reason) }
    }

    func pause(_ reason: ConnectionListener.PauseReasons) { for listener in listeners { listener.pause(reason) } }

    func resume(_ reason: ConnectionListener.PauseReasons) { for listener in listeners { listener.resume(reason) } }

    /// Accepts who waits already, and no one else.
    func drainAndClose() { for listener in listeners { listener.drainAndClose() } }

    /// Has clients accepted; both are called with the entrance.
    func begin(
        accept: @escaping (Entrance, consuming Socket, SocketAddress) -> Void,
        trouble: @escaping (SystemError?, SocketAddress) -> Void
    ) {
        for listener in listeners {
            listener.onAccept = { [unowned self] in accept(self, $0, $1) }
            listener.onTrouble = { [address = listener.address] in trouble($0, address) }
            listener.resume(.unready)
        }
    }

    /// The sockets, as long as they are open.
    var sockets: [ListeningSocket] { listeners.compactMap(\.listening) }
}

/// The listeners that a worker has from some moment on.
struct EntrancePlan: Sendable {
    /// What clients meet, in the order of the configuration.
    private(set) var doors: [Door] = []
    /// Where each comes from: from one that is open, or from a socket that was prepared.
    let places: [ListenerSet.Place]
    private let contexts: [TLSServerContext?]

    /// A plan without doors yet; `contexts` are how listeners speak TLS, in their order.
    init(contexts: [TLSServerContext?], places: [ListenerSet.Place]) {
        self.contexts = contexts
        self.places = places
    }

    /// Makes the doors, in the order of the set.
    mutating func meet(_ set: ListenerSet) {
        doors = set.listeners.enumerated().map { index, listener in
            Door(listener, tls: contexts.indices.contains(index) ? contexts[index] : nil)
        }
    }
}

extension Worker {
    /// Makes the sockets of each new listener ready to be served; nobody is accepted yet.
    func prepare(_ sockets: [[ListeningSocket]]) throws(SystemError) {
        abandonPrepared()
        for group in sockets {
            prepared.append([])
            for socket in group {
                let listener = try ConnectionListener(loop: loop, socket: socket)
                listener.pause(.unready)
                prepared[prepared.count - 1].append(listener)
            }
        }
    }

    /// What was prepared is not wanted any more.
    func abandonPrepared() {
        for listener in prepared.joined() { listener.close() }
        prepared = []
    }

    /// Has these listeners from now on. Those that are gone serve who waits in their queue, and no one else.
    func open(_ plan: EntrancePlan) {
        guard !isDraining else { return abandonPrepared() }
        let before = entrances
        var fresh = prepared[...]
        prepared = []
        entrances = zip(plan.doors, plan.places).compactMap { door, place in
            switch place {
            case .kept(let index):
                guard before.indices.contains(index) else { return nil }
                before[index].door = door
                return before[index]
            case .new: return fresh.popFirst().map { Entrance($0, door) }
            }
        }
        openNumbers = Set(plan.doors.map(\.number))
        for entrance in entrances where entrance.isPaused(.unready) { begin(entrance) }
        for gone in before where !entrances.contains(where: { $0 === gone }) { gone.drainAndClose() }
    }

    private func begin(_ entrance: Entrance) {
        if entrances.contains(where: { $0.isPaused(.full) }) { entrance.pause(.full) }
        if restsForHandshakes, entrance.door.tls != nil { entrance.pause(.busy) }
        entrance.begin(
            accept: { [unowned self] in accept($1, Arrival(peer: $2, door: $0.door)) },
            trouble: { [unowned self] error, address in
                if error != nil { makeRoom() }
                tellTrouble(error.map { .acceptingPaused(address, $0) } ?? .acceptingResumed(address))
            })
    }

    /// The sockets of each listener, in the order of the configuration, for whoever takes over.
    var listeningSockets: [[ListeningSocket]] { entrances.map(\.sockets) }

    /// Whether clients that came through a door would be let in by one that is open now, and be treated alike.
    func isOpen(_ door: Door) -> Bool { openNumbers.contains(door.number) }

    /// Has new clients shown other certificates; who has been shown one keeps it.
    /// - Parameter epoch: the reload that the certificates belong to; they are of no use for the listeners of another.
    func serve(_ contexts: [TLSServerContext?], of epoch: Int) {
        guard epoch == self.epoch else { return }
        for (entrance, context) in zip(entrances, contexts) { entrance.door = entrance.door.with(context) }
    }

    /// Nobody is accepted any more, but those who wait already.
    func closeListeners() {
        abandonPrepared()
        for entrance in entrances { entrance.drainAndClose() }
    }

    /// Nobody is accepted for a reason, or by those listeners only that a condition holds for.
    func pauseListeners(_ reason: ConnectionListener.PauseReasons, where test: (Door) -> Bool = { _ in true }) {
        for entrance in entrances where test(entrance.door) { entrance.pause(reason) }
    }

    /// Takes a reason back.
    func resumeListeners(_ reason: ConnectionListener.PauseReasons) {
        for entrance in entrances { entrance.resume(reason) }
    }

    /// Tells of trouble, but not ten times a second for as long as it lasts.
    private func tellTrouble(_ notice: ProxyNotice) {
        let now = MonotonicTime.now
        guard now >= troubleSilence else { return }
        if case .acceptingResumed = notice { troubleSilence = now + Self.troubleInterval }
        notify(notice)
    }
}

@available(*, unavailable)
extension Entrance: Sendable {}
