// The counters of a worker for the domains and routes of the snapshot that it serves, found by number.
// Those of clusters and endpoints are with their states.

import CLibevent
import RelevoPolicy

/// Where a request belongs, as far as is known.
struct RequestMatch {
    /// The domain of its host.
    var domain: Domain?
    /// The route of its path and method.
    var route: Route?
}

/// Counters by the numbers of domains and routes. Confined to its worker's thread.
struct TallyBook {
    /// By the numbers of domains; the last is for requests of no domain.
    private(set) var domains: [DomainTally]
    /// By the numbers of routes.
    private(set) var routes: [AnswerCounts]

    /// Zeros for a snapshot, or what an earlier book has counted for what still has the same name.
    init(_ table: RouteTable, after earlier: (book: TallyBook, table: RouteTable)? = nil) {
        domains = Array(repeating: DomainTally(), count: table.domains.count + 1)
        routes = Array(repeating: AnswerCounts(), count: table.routeCount)
        guard let earlier else { return }
        domains[domains.count - 1] = earlier.book.domains[earlier.book.domains.count - 1]
        let named = Dictionary(earlier.table.domains.map { ($0.name, $0) }) { first, _ in first }
        for domain in table.domains {
            guard let before = named[domain.name] else { continue }
            domains[domain.number] = earlier.book.domains[before.number]
            let same = Dictionary(before.routes.map { ($0.text, $0.number) }) { first, _ in first }
            for route in domain.routes {
                if let number = same[route.text] { routes[route.number] = earlier.book.routes[number] }
            }
        }
    }

    /// Counts a request that is over, of the snapshot that is served.
    mutating func count(_ record: ExchangeRecord, domain: Int?, route: Int?, now: MonotonicTime) {
        let number = domain ?? domains.count - 1
        guard domains.indices.contains(number) else { return }
        domains[number].answers.add(record.answer)
        domains[number].duration.add(now.nanoseconds(since: record.started))
        if let began = record.responseBegan {
            domains[number].responseStart.add(began.nanoseconds(since: record.headComplete))
        }
        if let fault = record.fault { domains[number].faults[fault, default: 0] += 1 }
        if let route, routes.indices.contains(route) { routes[route].add(record.answer) }
    }
}

extension ExchangeRecord {
    /// The status that the client got; 0 if none.
    var answer: Int {
        if case .clientClosed = fault { return 0 }
        return (100..<600).contains(status) ? status : 0
    }
}
