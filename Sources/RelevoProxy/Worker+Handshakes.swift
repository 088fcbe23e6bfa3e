// How many TLS handshakes a worker has in progress at a time, and what an operator hears of those that fail.
// A handshake costs more memory and time than anything else that a stranger can make the proxy do.

import CLibevent
import CLibeventTLS
import RelevoPolicy

extension Worker {
    /// For so long a handshake is left alone: over most networks a good one is over by then. One that has taken longer
    /// is the first to go when there are too many.
    static var handshakeGrace: Duration { .seconds(1) }

    /// A client begins to shake hands. Who has had its time and has not finished makes room; while nobody has, new
    /// clients wait in the system, so that those who were accepted can finish.
    func handshakeBegan(_ security: ClientSecurity) {
        if handshakes.count >= snapshot.limits.handshakes, let oldest = handshakes.oldest(), hasHadItsTime(oldest) {
            stats.handshakesRefused += 1
            note(oldest.connection, "it took too long while others waited")
            oldest.connection.close(.orderly)
        }
        handshakes.begin(security)
        guard handshakes.count >= snapshot.limits.handshakes, !restsForHandshakes else { return }
        guard let oldest = handshakes.oldest(), !hasHadItsTime(oldest) else { return }
        restsForHandshakes = true
        setResting()
        guard loop.now >= handshakeSilence else { return }
        handshakeSilence = loop.now + Self.troubleInterval
        notify(.handshakesFull(snapshot.limits.handshakes))
    }

    /// A client has shaken hands, or never will.
    func handshakeEnded(_ security: ClientSecurity) {
        guard handshakes.end(security), restsForHandshakes else { return }
        goOnIfThereIsRoom()
    }

    /// Looks ten times a second whether those who wait can come, and tells what has failed.
    func tendHandshakes() {
        if restsForHandshakes { goOnIfThereIsRoom() }
        if let report = handshakeFailures.due(now: loop.now) { notify(.handshakesFailed(report)) }
    }

    /// The worker ends: what was not told yet is told.
    func tellFailedHandshakes() {
        if let report = handshakeFailures.rest() { notify(.handshakesFailed(report)) }
    }

    private func goOnIfThereIsRoom() {
        let isFull = handshakes.count >= snapshot.limits.handshakes
        guard !isFull || handshakes.oldest().map(hasHadItsTime) ?? true else { return }
        restsForHandshakes = false
        setResting()
    }

    private func hasHadItsTime(_ security: ClientSecurity) -> Bool {
        loop.now >= security.began + Self.handshakeGrace
    }

    /// Listeners without TLS go on.
    private func setResting() {
        if restsForHandshakes { pauseListeners(.busy) { $0.tls != nil } } else { resumeListeners(.busy) }
    }

    /// A handshake has failed. Who has not said a word has only looked whether somebody listens.
    func handshakeFailed(_ connection: ClientConnection, _ reason: String) {
        stats.handshakesFailed += 1
        note(connection, reason)
    }

    private func note(_ connection: ClientConnection, _ reason: String) {
        guard let layer = connection.bufferevent.transportLayer as? TLSConnection, layer.hasHeardPeer else { return }
        let failure = HandshakeFailure(
            reason: reason, peer: connection.peer, listener: connection.door.spec.address, name: layer.requestedName)
        if let report = handshakeFailures.note(failure, now: loop.now) { notify(.handshakesFailed(report)) }
    }
}
