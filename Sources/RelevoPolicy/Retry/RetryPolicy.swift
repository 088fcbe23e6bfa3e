// Whether a failed attempt is followed by another.
// Asked with evidence, never with hope. How many may be is for RetryBudget, how long they wait for Backoff.

/// Decides about another attempt.
///
///      failure                        another attempt     budget, wait   on condition that
///      connect.*                      elsewhere           no             16 attempts, 2 connect timeouts
///      upstream.stale, first send     same endpoint       no             idempotent, body, no response byte
///      upstream.stale, .closed        as if not sent      no             unread for certain, body, 16 attempts
///      upstream.* but truncated       elsewhere           yes            retry on, idempotent, body, sends
///      a listed status                elsewhere           yes            retry on, idempotent, body, sends
///      everything else                none
package enum RetryPolicy {
    /// Attempts for one request at most.
    package static let maxAttempts = 16
    /// Connect timeouts for one request at most: refusals cost nothing, but each of these costs the client seconds.
    package static let maxTimeouts = 2

    /// Whether the request is tried again, and where; `settings` is nil with `retry: off`.
    ///
    /// To be asked only while nothing of a final response was passed on.
    package static func decide(_ evidence: AttemptEvidence, _ settings: RetrySettings?) -> RetryVerdict {
        let verdict = byTable(evidence, settings)
        // The rule above all others stands by itself, so that no mistake in them can break it: what may have been
        // processed goes again only if that does no harm.
        if case .another = verdict, evidence.requestBytesSent, !evidence.isIdempotent { return .no(.mayBeProcessed) }
        return verdict
    }

    private static func byTable(_ evidence: AttemptEvidence, _ settings: RetrySettings?) -> RetryVerdict {
        switch evidence.failure {
        case .status(let status):
            guard let settings else { return .no(.isOff) }
            guard settings.statuses.contains(where: { $0.contains(status) }) else {
                return .no(.statusNotListed(status))
            }
            return afterSend(evidence, settings)
        case .fault(let fault):
            switch fault.row.retry {
            case .never: return .no(.isFinal)
            case .nothingSent: return afterConnect(evidence)
            case .ifIdempotent where isUnread(fault, evidence): return afterUnread(evidence)
            case .ifIdempotent: return isStale(evidence) ? afterStale(evidence) : afterSend(evidence, settings)
            }
        }
    }

    /// Nothing was sent in this attempt: the next endpoint is as good as this one would have been.
    private static func afterConnect(_ evidence: AttemptEvidence) -> RetryVerdict {
        if evidence.body == .lost { return .no(.bodyLost) }
        if evidence.attempts >= maxAttempts { return .no(.triedOften(evidence.attempts)) }
        if evidence.connectTimeouts >= maxTimeouts { return .no(.timedOutOften(evidence.connectTimeouts)) }
        guard evidence.hasUntried else { return .no(.noneLeft) }
        return .another(.elsewhere, countsAgainstBudget: false, waits: false)
    }

    /// The connection ended before the endpoint had anything of the request.
    private static func isUnread(_ fault: Fault, _ evidence: AttemptEvidence) -> Bool {
        (fault == .upstreamStale || fault == .upstreamClosed) && !evidence.requestBytesSent && !evidence.responseBytes
    }

    /// It was sent, but not received: as harmless as a refused connection, for every method.
    private static func afterUnread(_ evidence: AttemptEvidence) -> RetryVerdict {
        if evidence.body == .lost { return .no(.bodyLost) }
        if evidence.attempts >= maxAttempts { return .no(.triedOften(evidence.attempts)) }
        if evidence.connection == .kept {
            return .another(.sameEndpoint, countsAgainstBudget: false, waits: false)
        }
        guard evidence.hasUntried else { return .no(.noneLeft) }
        return .another(.elsewhere, countsAgainstBudget: false, waits: false)
    }

    /// A kept connection that ended says nothing about its endpoint, but only the first time: a request that ends
    /// connection after connection may be what ends them.
    private static func isStale(_ evidence: AttemptEvidence) -> Bool {
        evidence.failure == .fault(.upstreamStale) && evidence.connection == .kept && !evidence.responseBytes
            && evidence.sends <= 1
    }

    /// An endpoint may end a connection at any time (RFC 9112 §9.5), so this is no retry that could be switched off.
    private static func afterStale(_ evidence: AttemptEvidence) -> RetryVerdict {
        guard evidence.isIdempotent else { return .no(refusalOfUnsafe(evidence)) }
        if evidence.body == .lost { return .no(.bodyLost) }
        if evidence.attempts >= maxAttempts { return .no(.triedOften(evidence.attempts)) }
        return .another(.sameEndpoint, countsAgainstBudget: false, waits: false)
    }

    /// The endpoint had the request, or a part of it.
    private static func afterSend(_ evidence: AttemptEvidence, _ settings: RetrySettings?) -> RetryVerdict {
        guard let settings else { return .no(.isOff) }
        guard evidence.isIdempotent else { return .no(refusalOfUnsafe(evidence)) }
        if evidence.body == .lost { return .no(.bodyLost) }
        if evidence.sends >= settings.attempts { return .no(.sentOften(evidence.sends)) }
        if evidence.attempts >= maxAttempts { return .no(.triedOften(evidence.attempts)) }
        guard evidence.hasUntried else { return .no(.noneLeft) }
        return .another(.elsewhere, countsAgainstBudget: true, waits: true)
    }

    private static func refusalOfUnsafe(_ evidence: AttemptEvidence) -> RetryRefusal {
        evidence.requestBytesSent ? .mayBeProcessed : .notIdempotent
    }
}
