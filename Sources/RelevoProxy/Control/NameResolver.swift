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
    private let settings: ResolverSettings
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
        var positions: [EndpointAddress: Int] = [:]
        for endpoint in Self.names(in: snapshot) {
            if let position = positions[endpoint.address] {
                names[position].endpoints.append(endpoint)
                continue
            }
            positions[endpoint.address] = names.count
            let longest = max(settings.minTTL, settings.maxTTL)
            let name = FollowedName(endpoint, NameState(lifetimes: settings.minTTL...longest))
            name.timer = try Timer(loop: loop, .once) { [unowned self, unowned name] in isDue(name) }
            names.append(name)
        }
    }

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
            running += 1
            do throws(DNSFailure) {
                try ask(for: name)
            } catch {
                ended(name, .failure(error))
            }
        }
        if nextWaiting == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            nextWaiting = 0
        }
    }

    /// A source that cannot be made for want of memory or descriptors is made when it is needed next.
    private func ask(for name: FollowedName) throws(DNSFailure) {
        if source == nil { source = try makeSource(loop, settings) }
        guard let source else { return }
        switch name.address {
        case .service(let service):
            ServiceLookup(source) { [weak self] in self?.ended(name, $0) }.start(service)
        case .name(let host, let port):
            source.addresses(of: host, port: UInt16(clamping: port)) { [weak self] result in
                self?.ended(
                    name,
                    result.flatMap {
                        $0.addresses.isEmpty
                            ? .failure(.noData)
                            : .success(NameAnswer([NameTarget($0.addresses)], timeToLive: $0.timeToLive))
                    })
            }
        case .literal, .unix: preconditionFailure("\(name.address) is no name")
        }
    }

    private func ended(_ name: FollowedName, _ result: Result<NameAnswer, DNSFailure>) {
        guard !isClosed else { return }
        running -= 1
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

    init(_ endpoint: Endpoint, _ state: NameState) {
        address = endpoint.address
        endpoints = [endpoint]
        self.state = state
    }
}

@available(*, unavailable)
extension NameResolver: Sendable {}
