// What a proxy has served, domain by domain and endpoint by endpoint, and what leads where, as values for programs.
// docs/admin.md describes each; the same for Prometheus is written by MetricsText.

import Foundation
import Relevo
import RelevoPolicy

/// The traffic of a proxy at one moment. Two of them give rates: counters only rise while ``process`` is the same, but
/// for what a reload has forgotten.
public struct TrafficDocument: Codable, Sendable {
    /// Times by class.
    public struct Histogram: Codable, Sendable, Hashable {
        /// How many were in each class: one more than there are ``TrafficDocument/bounds``.
        public var counts: [UInt64]
        /// All of them together, in seconds.
        public var sum: Double

        init(_ histogram: ProxyMetrics.Histogram) {
            counts = histogram.counts
            sum = histogram.sum
        }
    }

    /// Where clients are accepted. Each serves all domains, unless it redirects.
    public struct Listener: Codable, Sendable {
        /// The address, with the real port.
        public var address: String
        /// Whether clients speak TLS.
        public var isEncrypted: Bool
        /// Whether clients are sent to TLS instead of being served.
        public var isRedirecting: Bool
    }

    /// One route.
    public struct Route: Codable, Sendable {
        /// As it was written: `GET /v1/`.
        public var text: String
        /// The cluster that has its requests; nil if the proxy answers them.
        public var cluster: String?
        /// Where they are sent; nil unless that is the answer.
        public var redirect: String?
        /// The status of the proxy's own answer; nil for a cluster.
        public var status: Int?
        /// Answers by class, `2xx`; `none` counts requests without one.
        public var answers: [String: Int]
    }

    /// One domain.
    public struct Domain: Codable, Sendable {
        /// As it was written; empty for requests of no domain.
        public var name: String
        /// Answers by class, `2xx`; `none` counts requests without one.
        public var answers: [String: Int]
        /// Failed requests by code.
        public var failures: [String: Int]
        /// From the first byte of a request to the end of its answer; nil without a request.
        public var duration: Histogram?
        /// Its routes, in their order.
        public var routes: [Route]
    }

    /// One endpoint.
    public struct Endpoint: Codable, Sendable {
        /// How it is.
        public var status: EndpointDocument
        /// Attempts by the class of its answer; `none`: the client left.
        public var answers: [String: Int]
        /// Failed attempts by code.
        public var failures: [String: Int]
        /// Connections that wait for a request.
        public var idleConnections: Int
    }

    /// One cluster.
    public struct Cluster: Codable, Sendable {
        /// Its name: that of the domain for endpoints written there.
        public var name: String
        /// Attempts made because one before had failed.
        public var retries: Int
        /// How often endpoints were ejected.
        public var ejections: Int
        /// How long connections took to open; nil if none was.
        public var connect: Histogram?
        /// Its endpoints, in their order.
        public var endpoints: [Endpoint]
    }

    /// The program's version.
    public var version: String
    /// `running`, or `stopping`.
    public var state: String
    /// The process: counters of another begin anew.
    public var process: Int
    /// Seconds since its start by a clock that nobody sets: the time of this answer.
    public var uptime: Double
    /// The upper bounds of all classes of times but the last, in seconds.
    public var bounds: [Double]
    /// What is counted for the proxy as a whole.
    public var totals: StatusDocument.Counters
    /// In the order of the configuration.
    public var listeners: [Listener]
    /// In the order of the configuration; requests of no domain at the end.
    public var domains: [Domain]
    /// In the order of the configuration.
    public var clusters: [Cluster]
    /// The certificates that clients are shown.
    public var certificates: [StatusDocument.Certificate]

    init(version: String, state: String, process: Int, uptime: Double, _ metrics: ProxyMetrics) {
        self.version = version
        self.state = state
        self.process = process
        self.uptime = uptime
        bounds = ProxyMetrics.Histogram.bounds
        totals = StatusDocument.Counters(metrics.statistics)
        listeners = metrics.listeners.map {
            Listener(address: $0.address, isEncrypted: $0.isEncrypted, isRedirecting: $0.isRedirecting)
        }
        domains = metrics.domains.map { Domain($0) }
        clusters = metrics.clusters.map { Cluster($0) }
        certificates = metrics.statistics.certificates.map { StatusDocument.Certificate($0) }
    }
}

extension TrafficDocument.Histogram {
    fileprivate static func used(_ histogram: ProxyMetrics.Histogram) -> Self? {
        histogram.count > 0 ? Self(histogram) : nil
    }
}

extension TrafficDocument.Route {
    fileprivate init(_ route: ProxyMetrics.Route) {
        text = route.text
        answers = Published.answers(route.answers)
        switch route.target {
        case .cluster(let name): cluster = name
        case .redirect(let target, let status): (redirect, self.status) = (target, status)
        case .respond(let status): self.status = status
        }
    }
}

extension TrafficDocument.Domain {
    fileprivate init(_ domain: ProxyMetrics.Domain) {
        name = domain.name
        answers = Published.answers(domain.answers)
        failures = Published.failures(domain.faults)
        duration = .used(domain.duration)
        routes = domain.routes.map { TrafficDocument.Route($0) }
    }
}

extension TrafficDocument.Cluster {
    fileprivate init(_ cluster: ProxyMetrics.Cluster) {
        name = cluster.name
        retries = cluster.retries
        ejections = cluster.ejections
        connect = .used(cluster.connect)
        endpoints = cluster.endpoints.map {
            TrafficDocument.Endpoint(
                status: EndpointDocument($0.status), answers: Published.answers($0.answers),
                failures: Published.failures($0.faults), idleConnections: $0.idleConnections)
        }
    }
}
