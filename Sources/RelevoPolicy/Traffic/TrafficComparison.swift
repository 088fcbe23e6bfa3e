// Requests of a log, decided by two configurations: which of them another one decides otherwise, in groups of equal
// changes. Its memory does not grow with the log; reading that is the caller's matter.

import RelevoHTTP

/// Counts requests that two snapshots decide differently.
package struct TrafficComparison {
    /// Requests with the same change.
    package struct Group: Sendable {
        /// Method, domain and route: `GET api.example/v1/…`.
        package var subject: String
        /// What changes.
        package var differences: [ForecastDifference]
        /// Where the new decision is written, or the old one if nothing decides any more.
        package var location: SourceLocation?
        /// How many requests.
        package internal(set) var count = 0
        /// A few of them, as URLs, no two alike.
        package internal(set) var samples: [String] = []
    }

    /// Groups at most; what does not fit is counted all the same.
    package static let maxGroups = 10_000
    /// Samples of a group at most.
    package static let maxSamples = 3
    /// Decisions that are remembered at most.
    static let maxMemory = 65_536
    /// Characters of a sample at most.
    private static let maxSampleLength = 200

    /// Requests that were compared.
    package private(set) var compared = 0
    /// Those that had no valid request line or no host: there is nothing to decide.
    package private(set) var unreadable = 0
    /// Those that are decided differently.
    package private(set) var changed = 0
    /// Of those, the ones that are in no group, as there are too many.
    package private(set) var ungrouped = 0

    private let old: RequestExplainer
    private let new: RequestExplainer
    /// Whether the peer matters.
    private let looksAtPeers: Bool
    private var groups: [Subject: Int] = [:]
    private var list: [Group] = []
    /// For each kind of request its group's index: -1 for no change, -2 for a change without a group.
    private var memory: [[UInt8]: Int] = [:]

    /// What requests of a group have in common.
    private struct Subject: Hashable {
        let text: String
        let differences: [ForecastDifference]
        let location: SourceLocation?
    }

    /// Compares two snapshots.
    package init(from old: ProxySnapshot, to new: ProxySnapshot) {
        self.old = RequestExplainer(old)
        self.new = RequestExplainer(new)
        looksAtPeers = old.trustedProxies != new.trustedProxies
    }

    /// Decisions that are remembered now.
    var remembered: Int { memory.count }

    /// The groups, those with the most requests first.
    package var changes: [Group] {
        list.sorted { ($0.count, $1.subject) > ($1.count, $0.subject) }
    }

    /// Adds a request.
    package mutating func add(_ request: LoggedRequest) {
        guard request.isRoutable else {
            unreadable += 1
            return
        }
        compared += 1
        let index = decide(request)
        guard index != -1 else { return }
        changed += 1
        guard index >= 0 else {
            ungrouped += 1
            return
        }
        list[index].count += 1
        if list[index].samples.count < Self.maxSamples { addSample(request, to: index) }
    }

    private mutating func addSample(_ request: LoggedRequest, to index: Int) {
        let text = Self.url(request, target: request.target)
        let sample = text.count > Self.maxSampleLength ? text.prefix(Self.maxSampleLength) + "…" : text
        if !list[index].samples.contains(sample) { list[index].samples.append(sample) }
    }

    /// The group of a request, from memory if there was one like it.
    private mutating func decide(_ request: LoggedRequest) -> Int {
        let trust = looksAtPeers ? trust(in: request.peer) : 0
        let key = Self.key(request, trust)
        if let known = memory[key] { return known }
        // Decisions are cheap beside a memory that would grow with the log.
        if memory.count >= Self.maxMemory { memory.removeAll(keepingCapacity: true) }
        let index = group(of: request)
        memory[key] = index
        return index
    }

    /// Bits for who believes the peer.
    private func trust(in peer: [UInt8]) -> UInt8 {
        guard let address = IPAddress(bytes: peer.span) else { return 0 }
        return (old.snapshot.trustedProxies.trusts(address) ? 1 : 0)
            + (new.snapshot.trustedProxies.trusts(address) ? 2 : 0)
    }

    /// What decides: all but the query, which decides nothing. That there is one does: some redirects append it.
    private static func key(_ request: LoggedRequest, _ trust: UInt8) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(request.method.count + request.host.count + request.target.count + 4)
        key.append(trust + (request.isSecure ? 4 : 0))
        key += request.method
        key.append(0)
        key += request.host
        key.append(0)
        if let mark = request.target.firstIndex(of: UInt8(ascii: "?")) {
            key += request.target[...mark]
        } else {
            key += request.target
        }
        return key
    }

    private mutating func group(of request: LoggedRequest) -> Int {
        var target = request.target
        if let mark = target.firstIndex(of: UInt8(ascii: "?")) { target = target[...mark] + [UInt8(ascii: "q")] }
        let question = RequestExplainer.Question(
            // For routes `*` is a path that only `/` takes, and a URL cannot say it.
            url: Self.url(request, target: target == [UInt8(ascii: "*")] ? [UInt8(ascii: "/")] : target),
            method: String(decoding: request.method, as: UTF8.self),
            client: IPAddress(bytes: request.peer.span) == nil
                ? "127.0.0.1" : String(decoding: request.peer, as: UTF8.self))
        let (before, after) = (old.forecast(question), new.forecast(question))
        let differences = after.differences(from: before)
        guard !differences.isEmpty else { return -1 }
        let place = after.route?.location ?? after.domain?.location ?? before.route?.location ?? before.domain?.location
        let subject = Subject(text: Self.subject(request, before, after), differences: differences, location: place)
        if let known = groups[subject] { return known }
        guard list.count < Self.maxGroups else { return -2 }
        groups[subject] = list.count
        list.append(Group(subject: subject.text, differences: differences, location: place))
        return list.count - 1
    }

    /// The URL of a request; an absolute target is one already.
    private static func url(_ request: LoggedRequest, target: [UInt8]) -> String {
        let text = String(decoding: target, as: UTF8.self)
        guard target.first == UInt8(ascii: "/") || target == [UInt8(ascii: "*")] else { return text }
        return (request.isSecure ? "https://" : "http://") + String(decoding: request.host, as: UTF8.self) + text
    }

    /// Method, domain and route; of the old configuration if the new one has none.
    private static func subject(
        _ request: LoggedRequest, _ before: RequestForecast, _ after: RequestForecast
    ) -> String {
        let domain = before.domain?.written ?? after.domain?.written ?? "*"
        let path = (before.route ?? after.route).map { String(decoding: $0.path, as: UTF8.self) } ?? "/"
        return "\(String(decoding: request.method.prefix(20), as: UTF8.self)) \(domain)\(path)…"
    }
}
