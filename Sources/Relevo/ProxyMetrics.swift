// What a proxy has counted and measured, by domain, route, cluster and endpoint, as plain values.
// The form in which others read them is the matter of whoever publishes them, as RelevoAdmin does.

import CLibevent
public import RelevoPolicy
import RelevoProxy

/// The counters of a running proxy, of all its workers together. Counters are since the start, or since what they are
/// for was configured.
public struct ProxyMetrics: Sendable {
    /// Times by class.
    public struct Histogram: Sendable, Hashable {
        /// The upper bounds of all classes but the last, in seconds.
        public static let bounds: [Double] = {
            var bounds: [Double] = []
            for index in LatencyHistogram.bounds.indices { bounds.append(Double(LatencyHistogram.bounds[index]) / 1e9) }
            return bounds
        }()

        /// How many were in each class, one more than there are bounds.
        public var counts: [UInt64] = []
        /// All of them together, in seconds.
        public var sum = 0.0
        /// How many there were.
        public var count: UInt64 { counts.reduce(0, +) }
    }

    /// What becomes of a route's requests.
    public enum Target: Sendable, Hashable {
        /// They go to an endpoint of the cluster of this name.
        case cluster(String)
        /// They are sent elsewhere.
        case redirect(to: String, status: Int)
        /// They are answered by the proxy itself.
        case respond(status: Int)
    }

    /// Where clients are accepted. Every listener serves every domain, unless it redirects.
    public struct Listener: Sendable, Hashable {
        /// The address, with the real port.
        public var address: String
        /// Whether clients speak TLS.
        public var isEncrypted: Bool
        /// Whether clients are sent to TLS instead of being served.
        public var isRedirecting: Bool
    }

    /// One route's requests.
    public struct Route: Sendable, Hashable {
        /// The route as it was written: `GET /v1/`.
        public var text: String
        /// What becomes of them.
        public var target: Target
        /// Answers by the first digit of their status; 0 counts requests without an answer.
        public var answers: [Int: Int]
    }

    /// One domain's requests.
    public struct Domain: Sendable, Hashable {
        /// The name as it was written; empty for requests of no domain.
        public var name: String
        /// Answers by the first digit of their status; 0 counts requests without an answer.
        public var answers: [Int: Int]
        /// Failed requests by code.
        public var faults: [Fault: Int]
        /// From the first byte of a request to the end of its answer.
        public var duration: Histogram
        /// From a request's complete head to the answer's complete head.
        public var responseStart: Histogram
        /// Its routes.
        public var routes: [Route]
    }

    /// One endpoint's attempts.
    public struct Endpoint: Sendable, Hashable {
        /// How it is.
        public var status: EndpointStatus
        /// Answers by the first digit of their status; 0 counts attempts that tell nothing, as their clients left.
        public var answers: [Int: Int]
        /// Failed attempts by code.
        public var faults: [Fault: Int]
        /// Connections that wait for their next request.
        public var idleConnections: Int
    }

    /// One cluster's attempts.
    public struct Cluster: Sendable, Hashable {
        /// Its name: that of the domain for endpoints written there.
        public var name: String
        /// How long connections took to open, TLS included.
        public var connect: Histogram
        /// Attempts that were made because one before had failed.
        public var retries: Int
        /// How often endpoints were ejected.
        public var ejections: Int
        /// Its endpoints.
        public var endpoints: [Endpoint]
    }

    /// The counters of the proxy as a whole.
    public var statistics: ProxyStatistics
    /// In the order of the configuration; requests of no domain at the end.
    public var domains: [Domain]
    /// In the order of the configuration.
    public var clusters: [Cluster]
    /// In the order of the configuration.
    public var listeners: [Listener]
}

extension ReverseProxy {
    /// What has been counted since the start; empty unless the proxy runs. It costs each worker a copy of its counters.
    public func metrics() async -> ProxyMetrics {
        let statistics = await statistics()
        let found = await runningGroup?.metrics() ?? GroupMetrics()
        // A reload in between may have opened others: then the configured addresses have to do.
        let addresses = addresses
        let areSame = addresses.count == found.listeners.count
        let listeners = found.listeners.enumerated().map { place, listener in
            ProxyMetrics.Listener(
                address: areSame ? addresses[place].description : listener.address.description,
                isEncrypted: listener.tls != nil, isRedirecting: listener.redirect != nil)
        }
        return ProxyMetrics(
            statistics: statistics, domains: found.domains.map { ProxyMetrics.Domain($0) },
            clusters: found.clusters.map { ProxyMetrics.Cluster($0) }, listeners: listeners)
    }
}

extension ProxyMetrics.Histogram {
    fileprivate init(_ histogram: LatencyHistogram) {
        counts = histogram.counts.indices.map { histogram.counts[$0] }
        sum = Double(histogram.sum) / 1e9
    }
}

extension AnswerCounts {
    fileprivate var byClass: [Int: Int] {
        var result: [Int: Int] = [:]
        for index in classes.indices where classes[index] > 0 { result[index] = classes[index] }
        return result
    }
}

extension ProxyMetrics.Domain {
    fileprivate init(_ part: GroupMetrics.DomainPart) {
        name = part.name ?? ""
        answers = part.tally.answers.byClass
        faults = part.tally.faults
        duration = .init(part.tally.duration)
        responseStart = .init(part.tally.responseStart)
        routes = part.routes.map { route, answers in
            ProxyMetrics.Route(
                text: route.text, target: ProxyMetrics.Target(route.target), answers: answers.byClass)
        }
    }
}

extension ProxyMetrics.Target {
    fileprivate init(_ target: RouteTarget) {
        switch target {
        case .cluster(let cluster): self = .cluster(cluster.name)
        case .redirect(let target, let status):
            self = .redirect(to: String(decoding: target.text, as: UTF8.self), status: status)
        case .respond(let status, _): self = .respond(status: status)
        }
    }
}

extension ProxyMetrics.Cluster {
    fileprivate init(_ part: GroupMetrics.ClusterPart) {
        name = part.name
        connect = .init(part.tally.connect)
        retries = part.tally.retries
        ejections = part.ejections
        endpoints = part.endpoints.map { report, tally in
            var report = report
            report.active = tally.active
            return ProxyMetrics.Endpoint(
                status: EndpointStatus(report), answers: tally.answers.byClass, faults: tally.faults,
                idleConnections: tally.idle)
        }
    }
}
