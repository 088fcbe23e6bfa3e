// Failed TLS handshakes, gathered: an operator hears of the first at once, and of more than one in a minute together.
// Counting all of them is the matter of WorkerStats.

package import CLibevent
package import RelevoPolicy

/// One handshake that failed.
struct HandshakeFailure {
    /// Why, in words that no peer has chosen.
    var reason: String
    /// Who wanted it.
    var peer: SocketAddress
    /// The listener.
    var listener: ListenerAddress
    /// The name that was asked for, as it was sent.
    var name: String?
}

/// What an operator hears of failed handshakes.
package struct HandshakeReport: Sendable, Hashable {
    /// How often each reason was given, the most frequent first.
    package var reasons: [Reason]
    /// The last client.
    package var peer: SocketAddress
    /// The listener.
    package var listener: ListenerAddress
    /// The name that the last client asked for; nil if there was none, or none that could be a host's.
    package var name: String?

    /// A reason and how often it was given.
    package struct Reason: Sendable, Hashable {
        /// In words.
        package var words: String
        /// How often.
        package var count: Int
    }

    /// All of them.
    package var count: Int { reasons.reduce(0) { $0 + $1.count } }

    /// The reasons for people: `certificate has expired (12 times), no shared cipher`.
    package var text: String {
        reasons.map { $0.count == 1 ? $0.words : "\($0.words) (\($0.count) times)" }.joined(separator: ", ")
    }
}

/// The failures of one worker since it last told of them.
struct HandshakeFailures {
    /// How long nothing is told after something was.
    static let silence: Duration = .seconds(60)
    /// Reasons that are told apart; further ones count as the last.
    static let mostReasons = 8

    private var counts: [String: Int] = [:]
    private var last: HandshakeFailure?
    private var quietUntil = MonotonicTime(nanoseconds: 0)

    /// Takes note of one; what is to be told at once, if anything.
    mutating func note(_ failure: HandshakeFailure, now: MonotonicTime) -> HandshakeReport? {
        let isKnown = counts[failure.reason] != nil || counts.count < Self.mostReasons - 1
        counts[isKnown ? failure.reason : "other reasons", default: 0] += 1
        last = failure
        return due(now: now)
    }

    /// What is to be told now; forgets it.
    mutating func due(now: MonotonicTime) -> HandshakeReport? {
        guard now >= quietUntil, last != nil else { return nil }
        quietUntil = now + Self.silence
        return rest()
    }

    /// What was not told yet; forgets it.
    mutating func rest() -> HandshakeReport? {
        guard let last else { return nil }
        let reasons = counts.map { HandshakeReport.Reason(words: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.words) < ($0.count, $1.words) }
        counts = [:]
        self.last = nil
        return HandshakeReport(
            reasons: reasons, peer: last.peer, listener: last.listener, name: last.name.flatMap(Self.host))
    }

    /// A name that is fit for a log.
    private static func host(_ name: String) -> String? {
        let isHost = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
            default: false
            }
        }
        return isHost && (1...253).contains(name.utf8.count) ? name : nil
    }
}
