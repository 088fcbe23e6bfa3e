// What is known of one name: where it leads, whether it answers, and how long to wait before it is asked again.
// A value without clock, dice or socket; asking and telling are NameResolver's matter.

import CLibevent
import CLibeventDNS
import RelevoPolicy

/// A part of what a name leads to: the addresses of a host.
struct NameTarget: Sendable, Hashable {
    /// In the nameserver's order, which means nothing.
    var addresses: [SocketAddress]
    /// Targets with lower numbers are tried first (RFC 2782).
    var priority: Int
    /// The share among targets of equal priority.
    var weight: Int

    /// Creates a target; that of a name without SRV records is alone.
    init(_ addresses: [SocketAddress], priority: Int = 0, weight: Int = 1) {
        self.addresses = addresses
        self.priority = priority
        self.weight = weight
    }
}

/// What a lookup gave.
struct NameAnswer: Sendable, Hashable {
    /// At least one, none without addresses.
    var targets: [NameTarget]
    /// How long it holds according to the nameserver.
    var timeToLive: Duration

    /// Creates an answer.
    init(_ targets: [NameTarget], timeToLive: Duration) {
        self.targets = targets
        self.timeToLive = timeToLive
    }
}

/// What others have to hear of after a lookup; nothing of it after most.
struct NameNews: Sendable, Hashable {
    /// Where the name leads from now on, if that has changed.
    var targets: [NameTarget]?
    /// Why it stopped to answer, or never began to.
    var failure: DNSFailure?
    /// Whether it answers again, and leads where it led before.
    var isBack = false
}

/// A name through time.
///
///     state       an answer                        no answer                  "no such name"
///     unasked     answering; tells the targets     failing; tells why         failing; tells why
///     answering   tells targets if they changed    failing; tells why         failing; tells why
///     failing     answering; tells targets, or     silent                     silent; after five minutes of nothing
///                 that it is back                                             else, tells that there are none
///
/// Targets are kept while there is no answer (RFC 8767). Only a nameserver that says for five minutes on end that there
/// is no such name is believed: its addresses may be somebody else's by then. "No record of this kind" is no such word:
/// c-ares says so too when one of its two questions failed.
struct NameState: Sendable {
    /// Where the name leads; empty if that is not known.
    private(set) var targets: [NameTarget] = []
    private var phase = Phase.unasked
    /// Bounds for the time for which an answer holds.
    var lifetimes: ClosedRange<Duration>

    private enum Phase {
        case unasked
        case answering(Duration)
        /// So many lookups in a row have failed; `denied` is when they began to say that there is no such name.
        case failing(Int, denied: MonotonicTime?)
    }

    /// How long a nameserver has to say that there is no such name before it is believed.
    static let denialPatience: Duration = .seconds(300)
    /// The wait after a first failure; it doubles with each further one.
    static let firstBackoff: Duration = .seconds(1)
    /// The longest wait between two lookups that fail.
    static let maxBackoff: Duration = .seconds(30)

    /// Creates the state of a name that was not asked for; `lifetimes` bounds the time for which an answer holds.
    init(lifetimes: ClosedRange<Duration>) { self.lifetimes = lifetimes }

    /// A lookup has given an answer.
    mutating func answered(_ answer: NameAnswer) -> NameNews {
        var news = NameNews()
        let isSame = Set(answer.targets.map(\.unordered)) == Set(targets.map(\.unordered))
        if !isSame {
            targets = answer.targets
            news.targets = targets
        } else if case .failing = phase {
            news.isBack = true
        }
        phase = .answering(min(max(answer.timeToLive, lifetimes.lowerBound), lifetimes.upperBound))
        return news
    }

    /// A lookup has failed.
    mutating func failed(_ failure: DNSFailure, now: MonotonicTime) -> NameNews {
        var news = NameNews()
        var (count, denied): (Int, MonotonicTime?) = (0, nil)
        switch phase {
        case .unasked, .answering: news.failure = failure
        case .failing(let before, let since): (count, denied) = (before, since)
        }
        denied = failure == .notFound ? denied ?? now : nil
        phase = .failing(count + 1, denied: denied)
        if let denied, !targets.isEmpty, now >= denied + Self.denialPatience {
            targets = []
            news = NameNews(targets: [], failure: failure)
        }
        return news
    }

    /// How long to wait before the next lookup: up to a tenth less than is due, as `dice` from 0 to 1 says, so that
    /// answers do not expire and names are not asked for all at once.
    func wait(dice: Double) -> Duration {
        let whole: Duration =
            switch phase {
            case .unasked: .zero
            case .answering(let lifetime): lifetime
            case .failing(let count, _): min(Self.firstBackoff * (1 << min(count - 1, 10)), Self.maxBackoff)
            }
        return whole * (1 - dice / 10)
    }
}

extension NameTarget {
    /// What two targets have in common that differ in order alone.
    fileprivate var unordered: Unordered {
        Unordered(addresses: Set(addresses), priority: priority, weight: weight)
    }

    fileprivate struct Unordered: Hashable {
        let addresses: Set<SocketAddress>
        let priority: Int
        let weight: Int
    }
}
