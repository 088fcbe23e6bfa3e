// Two connections to one endpoint at a time, one for each family of addresses, of which the first to open is used
// (RFC 8305). Which endpoint and which address comes next is Exchange+Attempts' matter.

import CLibevent
import RelevoPolicy

extension Exchange {
    /// How long a connection may take to open before one of the other family is begun beside it (RFC 8305 §5).
    static let raceDelay: UInt64 = 250_000_000

    /// Whether another connection may be begun beside the one that is opening.
    var canRace: Bool {
        guard addresses.left > 0, history.rival == nil, let target, let upstream else { return false }
        return record.attempts - record.roundStart < RetryPolicy.maxAttempts
            && target.hasAlternative(to: upstream.address, in: addresses)
    }

    /// Begins another connection beside the one that takes long; a kept one ends the race at once.
    /// - Returns: false if there is no address to race for.
    func beginRace() -> Bool {
        guard canRace, let target, let address = nextAddress(of: target) else { return false }
        record.attempts += 1
        if let kept = keptConnection(to: address, of: target) {
            closeUpstream(.orderly)
            use(kept)
            return true
        }
        do throws(SystemError) {
            history.race(try open(address))
        } catch {
            // The first one may still succeed.
            worker.stats.connectsFailed += 1
        }
        armDeadline()
        return true
    }

    /// A connection to the endpoint has something to tell, perhaps one of two that are being opened.
    func upstreamSignalled(_ signal: BuffereventSignal, by connection: UpstreamConnection) {
        guard history.isUsed, let rival = history.takeRival() else { return upstreamSignalled(signal) }
        let other = rival === connection ? upstream : rival
        switch signal {
        case .connected:
            upstream = connection
            if let other { target?.pool.end(other) }
            upstreamSignalled(signal)
        case .failed, .endOfStream:
            upstream = other
            worker.stats.connectsFailed += 1
            target?.pool.end(connection)
            armDeadline()
        }
    }
}
