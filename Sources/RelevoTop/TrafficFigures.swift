// Figures from two answers of /v1/traffic: rates, quantiles, shares. Pure.
// How they are written is TopText's matter; Page/figures.js does the same in a browser.

package import RelevoAdmin

/// What a proxy has served between two moments, in a second.
package struct TrafficFigures: Sendable {
    /// Answers and failures of something, in a second.
    package struct Flow: Sendable {
        /// By class, `2xx`.
        package var answers: [String: Double] = [:]
        /// By code.
        package var failures: [String: Double] = [:]

        /// Answers, whatever their class.
        package var rate: Double { answers.values.reduce(0, +) }
        /// Failures, whatever their code.
        package var failed: Double { failures.values.reduce(0, +) }

        init(_ now: ([String: Int], [String: Int]), _ before: ([String: Int], [String: Int])?, _ seconds: Double) {
            answers = Self.rates(now.0, before?.0 ?? [:], seconds)
            failures = Self.rates(now.1, before?.1 ?? [:], seconds)
        }

        private static func rates(_ now: [String: Int], _ before: [String: Int], _ seconds: Double) -> [String: Double]
        {
            var result: [String: Double] = [:]
            for (name, count) in now {
                let new = TrafficFigures.growth(count, before[name] ?? 0)
                if new > 0 { result[name] = Double(new) / seconds }
            }
            return result
        }
    }

    /// A time below which a share of requests were.
    package enum Quantile: Sendable, Hashable {
        /// In seconds.
        case seconds(Double)
        /// Longer than the last bound.
        case beyond
    }

    /// One domain.
    package struct Domain: Sendable {
        /// As it was written; empty for requests of no domain.
        package var name: String
        /// Its requests.
        package var flow: Flow
        /// Half of them took at most this; nil without any.
        package var median: Quantile?
        /// 99 of 100 took at most this; nil without any.
        package var tail: Quantile?
    }

    /// One endpoint.
    package struct Endpoint: Sendable {
        /// How it is.
        package var status: EndpointDocument
        /// Its attempts.
        package var flow: Flow
        /// Connections that wait for a request.
        package var idle: Int
        /// Its part of the cluster's attempts; nil without any.
        package var share: Double?
        /// All attempts, failed ones too.
        package var rate: Double { flow.rate + flow.failed }
    }

    /// One cluster.
    package struct Cluster: Sendable {
        /// Its name.
        package var name: String
        /// Attempts made because one before had failed.
        package var retries: Double
        /// Endpoints ejected since the start.
        package var ejections: Int
        /// 99 of 100 connections took at most this to open; nil without any.
        package var connect: Quantile?
        /// Its endpoints.
        package var endpoints: [Endpoint]
        /// All attempts, failed ones too.
        package var rate: Double { endpoints.reduce(0) { $0 + $1.rate } }
        /// Failed attempts.
        package var failed: Double { endpoints.reduce(0) { $0 + $1.flow.failed } }
    }

    /// The proxy as a whole.
    package var flow: Flow
    /// Half of all requests took at most this; nil without any.
    package var median: Quantile?
    /// 99 of 100 took at most this; nil without any.
    package var tail: Quantile?
    /// Bytes of requests and of answers, and attempts made because one before had failed.
    package var received, sent, retries: Double
    /// In the order of the configuration.
    package var domains: [Domain]
    /// In the order of the configuration.
    package var clusters: [Cluster]

    /// Compares two answers; nil if they are of different processes or of one moment.
    package init?(_ now: TrafficDocument, since before: TrafficDocument) {
        let seconds = now.uptime - before.uptime
        guard now.process == before.process, seconds > 0 else { return nil }
        let (totals, old) = (now.totals, before.totals)
        flow = Flow((totals.answers, totals.failures), (old.answers, old.failures), seconds)
        received = Double(Self.growth(totals.bytesReceived, old.bytesReceived)) / seconds
        sent = Double(Self.growth(totals.bytesSent, old.bytesSent)) / seconds
        let oldDomains = Dictionary(before.domains.map { ($0.name, $0) }) { first, _ in first }
        let oldClusters = Dictionary(before.clusters.map { ($0.name, $0) }) { first, _ in first }
        var all: [UInt64] = []
        domains = now.domains.map { domain in
            let old = oldDomains[domain.name]
            let times = Self.growth(domain.duration, old?.duration)
            all = all.isEmpty ? times : times.isEmpty ? all : zip(all, times).map { $0 + $1 }
            return Domain(
                name: domain.name,
                flow: Flow((domain.answers, domain.failures), old.map { ($0.answers, $0.failures) }, seconds),
                median: Self.quantile(times, now.bounds, 0.5), tail: Self.quantile(times, now.bounds, 0.99))
        }
        clusters = now.clusters.map { Self.cluster($0, since: oldClusters[$0.name], seconds, now.bounds) }
        retries = clusters.reduce(0) { $0 + $1.retries }
        median = Self.quantile(all, now.bounds, 0.5)
        tail = Self.quantile(all, now.bounds, 0.99)
    }

    private static func cluster(
        _ now: TrafficDocument.Cluster, since before: TrafficDocument.Cluster?, _ seconds: Double, _ bounds: [Double]
    ) -> Cluster {
        let known = Dictionary((before?.endpoints ?? []).map { ($0.status.endpoint, $0) }) { first, _ in first }
        var endpoints = now.endpoints.map { endpoint in
            let old = known[endpoint.status.endpoint]
            let flow = Flow((endpoint.answers, endpoint.failures), old.map { ($0.answers, $0.failures) }, seconds)
            return Endpoint(status: endpoint.status, flow: flow, idle: endpoint.idleConnections)
        }
        let rate = endpoints.reduce(0) { $0 + $1.rate }
        if rate > 0 { for index in endpoints.indices { endpoints[index].share = endpoints[index].rate / rate } }
        return Cluster(
            name: now.name, retries: Double(growth(now.retries, before?.retries ?? 0)) / seconds,
            ejections: now.ejections, connect: quantile(growth(now.connect, before?.connect), bounds, 0.99),
            endpoints: endpoints)
    }

    /// What a counter has gained; one that began anew counts whole.
    private static func growth<Count: BinaryInteger>(_ now: Count, _ before: Count) -> Count {
        now < before ? now : now - before
    }

    private static func growth(
        _ now: TrafficDocument.Histogram?, _ before: TrafficDocument.Histogram?
    ) -> [UInt64] {
        guard let now else { return [] }
        guard let before, before.counts.count == now.counts.count else { return now.counts }
        return zip(now.counts, before.counts).map { growth($0, $1) }
    }

    /// The time below which a share of all are, evenly spread in each class.
    static func quantile(_ counts: [UInt64], _ bounds: [Double], _ share: Double) -> Quantile? {
        let total = Double(counts.reduce(0, +))
        guard total > 0 else { return nil }
        var below = 0.0
        for (index, bound) in bounds.enumerated() where index < counts.count {
            let count = Double(counts[index])
            if count > 0, below + count >= share * total {
                let low = index > 0 ? bounds[index - 1] : 0
                return .seconds(low + (share * total - below) / count * (bound - low))
            }
            below += count
        }
        return .beyond
    }
}
