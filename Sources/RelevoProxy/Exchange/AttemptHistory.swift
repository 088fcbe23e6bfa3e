// What an exchange remembers of its attempts for the case that one fails: nothing of it is touched by a request that is
// served at once.
// What follows from it: Exchange+Attempts.

import CLibevent
import RelevoPolicy

/// An attempt that failed and was followed by another, for the log.
struct FailedAttempt: Sendable {
    let endpoint: Endpoint
    let failure: AttemptFailure
    /// When the endpoint was chosen, and how long it took from then on.
    let began: MonotonicTime
    let nanoseconds: UInt64
    /// Whether the connection had been kept from an earlier request.
    let wasReused: Bool
    /// Whether bytes of the request may have left.
    let wasSent: Bool
    /// More about it, if there is more to say.
    let detail: String?
}

/// The attempts of one exchange that have failed, and the means for another.
final class AttemptHistory {
    /// Whether there is anything to forget.
    private(set) var isUsed = false
    /// Positions of the cluster that were tried.
    private(set) var tried: [Int] = []
    /// Attempts that failed and were followed by others.
    private(set) var failures: [FailedAttempt] = []
    /// What was taken of the body, while it may have to be sent again.
    private(set) var replay = ReplayBuffer()
    /// The connection that is being opened beside the exchange's own.
    private(set) var rival: UpstreamConnection?
    /// Why the last failure was not followed by another attempt.
    private(set) var refusal: RetryRefusal?
    private var pause: Timer?

    /// Notes that a position was tried.
    func add(tried position: Int) {
        isUsed = true
        tried.append(position)
    }

    /// Failed attempts that are remembered: a request that is held for long may have hundreds.
    static let maxFailures = 32

    /// Notes that an attempt failed and another follows. Of too many the first ones stay, and the last.
    func add(_ failure: FailedAttempt) {
        isUsed = true
        if failures.count == Self.maxFailures { failures.removeLast() }
        failures.append(failure)
    }

    /// Notes why there is no other attempt.
    func refuse(_ refusal: RetryRefusal) {
        isUsed = true
        self.refusal = refusal
    }

    /// All positions may be tried once more.
    func beginRound() { tried.removeAll(keepingCapacity: true) }

    /// Begins to keep a body of at most `limit` bytes.
    func keepBody(upTo limit: Int, expecting count: Int?) {
        isUsed = true
        replay.start(limit: limit, expecting: count)
    }

    /// Copies what is about to be taken of a body, and returns how much was kept before.
    func copyAhead(of input: Evbuffer) -> Int { replay.copyAhead(of: input) }

    /// So many bytes of a body were taken.
    func keep(_ count: Int, after before: Int) { replay.keep(count, after: before) }

    /// The body will not be sent again.
    func forgetBody() { replay.forget() }

    /// Gives what was kept of the body back, and returns the bytes.
    func rewind(into input: Evbuffer) -> Int { replay.rewind(into: input) }

    /// Takes a connection that is being opened beside the exchange's own.
    func race(_ connection: UpstreamConnection) {
        isUsed = true
        rival = connection
    }

    /// Gives it away.
    func takeRival() -> UpstreamConnection? {
        let taken = rival
        rival = nil
        return taken
    }

    /// Calls `body` after so many nanoseconds; at once if there is no timer to be had.
    func wait(_ nanoseconds: UInt64, on loop: EventLoop, _ body: @escaping () -> Void) {
        isUsed = true
        guard let timer = try? pause ?? Timer(loop: loop, .once, onFire: body) else { return body() }
        pause = timer
        timer.start(.nanoseconds(Int64(clamping: nanoseconds)))
    }

    /// Forgets everything.
    func reset() {
        isUsed = false
        tried.removeAll(keepingCapacity: true)
        failures = []
        refusal = nil
        replay.forget()
        rival = nil
        pause?.stop()
    }
}
