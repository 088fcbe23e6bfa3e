// One lookup of a service: its SRV records, and then the addresses of each host that they name.
// What follows from the answer is decided by NameState.

import CLibevent
import CLibeventDNS

/// Asks where a service is offered (RFC 2782), and then for the addresses of each host, one after the other. Confined
/// to the control loop; kept alive by the question that is under way.
final class ServiceLookup {
    /// Records that are used; of more, those with the highest priority and weight.
    static let maxTargets = 64

    private let source: any NameSource
    private let done: (Result<NameAnswer, DNSFailure>) -> Void
    /// Records whose hosts are still to be looked up, the first one last.
    private var waiting: [DNSResolver.Service] = []
    private var hosts: [String: [SocketAddress]] = [:]
    private var answer = NameAnswer([], timeToLive: .zero)

    init(_ source: any NameSource, done: @escaping (Result<NameAnswer, DNSFailure>) -> Void) {
        self.source = source
        self.done = done
    }

    /// Begins; `done` is called once, unless the source is closed before.
    func start(_ name: String) {
        source.services(of: name) { [self] result in
            switch result {
            case .success(let found):
                waiting = found.services.prefix(Self.maxTargets).reversed()
                answer.timeToLive = found.timeToLive
                next()
            case .failure(let failure): done(.failure(failure))
            }
        }
    }

    private func next() {
        while let service = waiting.last, let known = hosts[service.host] {
            waiting.removeLast()
            guard !known.isEmpty else { continue }
            answer.targets.append(
                NameTarget(
                    known.map { $0.withPort(service.port) }, priority: service.priority, weight: service.weight))
        }
        guard let host = waiting.last?.host else {
            done(answer.targets.isEmpty ? .failure(.noData) : .success(answer))
            return
        }
        source.addresses(of: host, port: 0) { [self] in answered(host, $0) }
    }

    /// A host that is not there is left out. One that could not be asked for is perhaps there: then nothing is known.
    private func answered(_ host: String, _ result: Result<DNSResolver.Answer, DNSFailure>) {
        switch result {
        case .success(let found):
            hosts[host] = found.addresses
            answer.timeToLive = min(answer.timeToLive, found.timeToLive)
            next()
        case .failure(let failure) where failure.isAnswer:
            hosts[host] = []
            next()
        case .failure(let failure): done(.failure(failure))
        }
    }
}

@available(*, unavailable)
extension ServiceLookup: Sendable {}
