// Follows the names of endpoints: asks for each again and again, and tells what has changed.
// What follows from an answer or a failure is decided by NameState, who answers is a NameSource.

import CLibevent
import CLibeventDNS
import RelevoPolicy

/// Follows the names of a snapshot's endpoints. Confined to the control loop.
final class NameResolver {
    /// Names that are asked for at a time; the others wait for their turn.
    static let maxConcurrent = 256

    private let loop: EventLoop
    private var settings: ResolverSettings
    private let makeSource: NameSourceMaker
    private let onNews: ([Endpoint], NameNews) -> Void
    private var source: (any NameSource)?
    private var names: [FollowedName] = []
    /// Names whose turn has come, from `nextWaiting` on.
    private var waiting: [FollowedName] = []
    private var nextWaiting = 0
    private var running = 0
    private var unanswered = 0
    private var onFirstAnswers: (() -> Void)?
    private var random: RandomSource
    private var isAsking = false
    private var isClosed = false

    /// Creates a resolver that has asked nothing yet. `onNews` is called on the control loop with all endpoints of a
    /// name about which there is something to tell.
    init(
        loop: EventLoop, _ snapshot: ProxySnapshot, makeSource: @escaping NameSourceMaker, seed: UInt64,
        onNews: @escaping ([Endpoint], NameNews) -> Void
    ) throws(SystemError) {
        self.loop = loop
        settings = snapshot.configuration.resolver
        self.makeSource = makeSource
        self.onNews = onNews
        random = RandomSource(seed: seed)
        names = try followed(snapshot)
        assignEndpoints(of: snapshot)
    }

    /// The names of a snapshot: those that are followed already, and new ones, which have asked nothing yet.
    private func followed(_ snapshot: ProxySnapshot) throws(SystemError) -> [FollowedName] {
        let known = Dictionary(names.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<EndpointAddress> = []
        var result: [FollowedName] = []
        for endpoint in Self.names(in: snapshot) where seen.insert(endpoint.address).inserted {
            if let name = known[endpoint.address] {
                result.append(name)
                continue
            }
            let name = FollowedName(endpoint, NameState(lifetimes: lifetimes))
            name.timer = try Timer(loop: loop, .once) { [unowned self, unowned name] in isDue(name) }
            result.append(name)
        }
        return result
    }

    private var lifetimes: ClosedRange<Duration> { settings.minTTL...max(settings.minTTL, settings.maxTTL) }

    /// The endpoints that have to be looked up.
    static func names(in snapshot: ProxySnapshot) -> [Endpoint] {
        snapshot.clusters.flatMap(\.endpoints).filter {
            switch $0.address {
            case .name, .service: true
            case .literal, .unix: false
            }
        }
    }

    /// Begins to follow all names; `done` is called once, when each has had its first answer or failure.
    func start(done: @escaping () -> Void) {
        unanswered = names.count
        onFirstAnswers = done
        for name in names { isDue(name) }
        finishFirstAnswers()
    }

    /// Follows the names of another snapshot too; `done` is called once, when each new one has had its first answer or
    /// failure. Names that the snapshot does not have go on until ``replace(with:)``.
    /// - Throws: before anything has changed.
    func prepare(_ snapshot: ProxySnapshot, done: @escaping () -> Void) throws(SystemError) {
        let wanted = try followed(snapshot)
        let fresh = wanted.filter { name in !names.contains { $0 === name } }
        names += fresh
        if let earlier = onFirstAnswers {
            onFirstAnswers = {
                earlier()
                done()
            }
        } else {
            onFirstAnswers = done
        }
        unanswered += fresh.count
        for name in fresh { isDue(name) }
        finishFirstAnswers()
    }

    /// Follows the names of a snapshot that was prepared, with its settings, and no others.
    func replace(with snapshot: ProxySnapshot) {
        assignEndpoints(of: snapshot)
        for name in names where name.endpoints.isEmpty { forget(name) }
        names.removeAll { $0.isForgotten }
        if snapshot.configuration.resolver != settings { change(to: snapshot.configuration.resolver) }
    }

    private func assignEndpoints(of snapshot: ProxySnapshot) {
        let endpoints = Dictionary(grouping: Self.names(in: snapshot), by: \.address)
        for name in names { name.endpoints = endpoints[name.address] ?? [] }
    }

    private func forget(_ name: FollowedName) {
        name.isForgotten = true
        name.timer?.close()
        name.timer = nil
        guard !name.isAnswered else { return }
        name.isAnswered = true
        unanswered -= 1
        finishFirstAnswers()
    }

    /// Asks by other settings from now on: what is under way is asked anew, what is known holds as long as it did.
    private func change(to settings: ResolverSettings) {
        self.settings = settings
        source?.close()
        source = nil
        running = 0
        for name in names {
            name.state.lifetimes = lifetimes
            guard name.isRunning else { continue }
            name.isRunning = false
            name.question += 1
            isDue(name)
        }
    }

    /// Where the names of endpoints lead, by the endpoint's number; those without an answer are left out.
    var targets: [(endpoint: Int, [NameTarget])] {
        names.flatMap { name in
            name.state.targets.isEmpty ? [] : name.endpoints.map { ($0.id, name.state.targets) }
        }
    }

    /// Stops; what is under way is forgotten.
    func close() {
        isClosed = true
        source?.close()
        source = nil
        for name in names { name.timer?.close() }
        names = []
        waiting = []
        nextWaiting = 0
    }

    // MARK: One lookup

    private func isDue(_ name: FollowedName) {
        waiting.append(name)
        ask()
    }

    /// Asks for as many names as may be asked for at a time. A source may answer within the question.
    private func ask() {
        guard !isAsking else { return }
        isAsking = true
        defer { isAsking = false }
        while running < Self.maxConcurrent, nextWaiting < waiting.count {
            let name = waiting[nextWaiting]
            nextWaiting += 1
            guard !name.isForgotten, !name.isRunning else { continue }
            running += 1
            name.isRunning = true
            name.question += 1
            let question = name.question
            do throws(DNSFailure) {
                try ask(for: name, question)
            } catch {
                ended(name, question, .failure(error))
            }
        }
        if nextWaiting == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            nextWaiting = 0
        }
    }

    /// A source that cannot be made for want of memory or descriptors is made when it is needed next.
    private func ask(for name: FollowedName, _ question: Int) throws(DNSFailure) {
        if source == nil { source = try makeSource(loop, settings) }
        guard let source else { return }
        switch name.address {
        case .service(let service):
            ServiceLookup(source) { [weak self] in self?.ended(name, question, $0) }.start(service)
        case .name(let host, let port):
            source.addresses(of: host, port: UInt16(clamping: port)) { [weak self] result in
                self?.ended(
                    name, question,
                    result.flatMap {
                        $0.addresses.isEmpty
                            ? .failure(.noData)
                            : .success(NameAnswer([NameTarget($0.addresses)], timeToLive: $0.timeToLive))
                    })
            }
        // Never followed: see `names(in:)`.
        case .literal, .unix: ended(name, question, .failure(.noData))
        }
    }

    private func ended(_ name: FollowedName, _ question: Int, _ result: Result<NameAnswer, DNSFailure>) {
        guard !isClosed, name.isRunning, question == name.question else { return }
        running -= 1
        name.isRunning = false
        guard !name.isForgotten else { return ask() }
        let news: NameNews =
            switch result {
            case .success(let answer): name.state.answered(answer)
            case .failure(let failure): name.state.failed(failure, now: .now)
            }
        name.timer?.start(name.state.wait(dice: Double.random(in: 0...1, using: &random)))
        if news != NameNews() { onNews(name.endpoints, news) }
        if !name.isAnswered {
            name.isAnswered = true
            unanswered -= 1
            finishFirstAnswers()
        }
        ask()
    }

    private func finishFirstAnswers() {
        guard unanswered == 0, let done = onFirstAnswers else { return }
        onFirstAnswers = nil
        done()
    }
}

/// A name and the endpoints that have it.
private final class FollowedName {
    let address: EndpointAddress
    var endpoints: [Endpoint]
    var state: NameState
    var timer: Timer?
    var isAnswered = false
    /// Whether it is asked for now, and by which question: the answer to any other is late.
    var isRunning = false
    var question = 0
    /// Whether no endpoint has it any more.
    var isForgotten = false

    init(_ endpoint: Endpoint, _ state: NameState) {
        address = endpoint.address
        endpoints = [endpoint]
        self.state = state
    }
}

@available(*, unavailable)
extension NameResolver: Sendable {}
