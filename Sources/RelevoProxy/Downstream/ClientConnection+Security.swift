// The TLS side of a client's connection: the end of its handshake, good or bad.
// How many handshakes there may be is decided in Worker+Handshakes.

import CLibevent
import CLibeventTLS
import RelevoHTTP
import RelevoPolicy

extension ClientConnection {
    /// Whether it is encrypted.
    var isSecure: Bool { security != nil }

    /// Whether TLS is still to be agreed on.
    var isShakingHands: Bool { security.map { !$0.isSettled } ?? false }

    /// TLS was agreed on, if it is spoken at all.
    func shookHands() {
        guard let security else { return }
        worker.handshakeEnded(security)
        guard let layer = bufferevent.transportLayer as? TLSConnection else { return }
        worker.stats.handshakes += 1
        if layer.isResumed { worker.stats.handshakesResumed += 1 }
        security.agreed(layer, asks: door.spec.tls?.client, log: worker.accessLog)
    }

    /// TLS was not agreed on. Whoever speaks HTTP without it is told so.
    func handshakeFailed(_ error: SystemError) {
        worker.handshakeFailed(self, error.reason)
        guard error.words == TLSConnection.plainHTTP else { return }
        let answer = LocalAnswer(status: 400, body: Array("This port speaks TLS: the URL begins with https://\n".utf8))
        var bytes: [UInt8] = []
        answer.append(answering: .get, date: worker.dateClock.now, connection: .close, to: &bytes)
        bufferevent.sendPastLayer(bytes)
    }

    /// The handshake has taken too long.
    func handshakeExpired() {
        let reason = isEnding ? "the proxy was shutting down" : "it took longer than `timeouts.handshake`"
        worker.handshakeFailed(self, reason)
        close(.orderly)
    }
}
