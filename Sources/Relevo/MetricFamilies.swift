// The families of metrics that a proxy has, with their labels; docs/metrics.md says what they are good for. Labels have
// values from the configuration and from closed lists only, so that no client can make new ones.
// Written down by whoever publishes them: MetricsText of RelevoAdmin, MetricsReport for swift-metrics.

import RelevoPolicy

/// What kind of figure a family has.
package enum MetricKind: String, Sendable {
    case counter, gauge, histogram  // tidy: each is the word for what it names
}

/// Names and values of one sample's labels, which many samples share.
package protocol MetricLabels {
    /// No label.
    init()
    /// One more label behind these.
    func adding(_ name: StaticString, _ value: String) -> Self
}

extension MetricLabels {
    /// The labels in their order.
    package init(_ pairs: (name: StaticString, value: String)...) {
        self = pairs.reduce(Self()) { $0.adding($1.name, $1.value) }
    }
}

extension ProxyMetrics {
    /// The class of an answer by the first digit of its status; 0 is no answer.
    package static func answerClass(_ digit: Int) -> String { digit == 0 ? "none" : "\(digit)xx" }
}

/// Takes families of samples.
package protocol MetricsSink {
    /// The form in which it keeps labels.
    associatedtype Labels: MetricLabels
    /// Begins a family; its samples follow.
    mutating func family(_ name: String, _ kind: MetricKind, _ help: String)
    /// Takes a sample of the family.
    mutating func sample(_ labels: Labels, _ value: Int)
    /// Takes a histogram of the family, with at least one label.
    mutating func sample(_ labels: Labels, _ histogram: ProxyMetrics.Histogram)
}

extension MetricsSink {
    /// Takes all families of a proxy.
    package mutating func take(_ metrics: ProxyMetrics) {
        connections(metrics.statistics)
        domains(metrics)
        clusters(metrics)
        endpoints(metrics)
    }

    fileprivate mutating func connections(_ statistics: ProxyStatistics) {
        family("relevo_client_connections_accepted_total", .counter, "Client connections accepted.")
        sample(Labels(), statistics.connectionsAccepted)
        family("relevo_client_connections", .gauge, "Client connections open.")
        sample(Labels(), statistics.connectionsOpen)
        family("relevo_requests_in_flight", .gauge, "Requests being served.")
        sample(Labels(), statistics.requestsActive)
        family("relevo_received_bytes_total", .counter, "Bytes of requests.")
        sample(Labels(), statistics.bytesReceived)
        family("relevo_sent_bytes_total", .counter, "Bytes of answers.")
        sample(Labels(), statistics.bytesSent)
        family("relevo_connects_total", .counter, "Connections to endpoints begun.")
        sample(Labels(), statistics.connectsBegun)
        family("relevo_connect_failures_total", .counter, "Connections to endpoints that failed.")
        sample(Labels(), statistics.connectsFailed)
        family("relevo_proxy_headers_refused_total", .counter, "Connections closed for want of a PROXY header.")
        sample(Labels(), statistics.proxyHeadersRefused)
        family("relevo_tls_handshakes_total", .counter, "TLS handshakes with clients by their result.")
        sample(Labels(("result", "full")), statistics.handshakes - statistics.handshakesResumed)
        sample(Labels(("result", "resumed")), statistics.handshakesResumed)
        sample(Labels(("result", "failed")), statistics.handshakesFailed)
        sample(Labels(("result", "refused")), statistics.handshakesRefused)
        family("relevo_tls_handshakes_in_progress", .gauge, "TLS handshakes with clients in progress.")
        sample(Labels(), statistics.handshakesActive)
        family("relevo_certificate_expiry_timestamp_seconds", .gauge, "When a certificate ends, in seconds since 1970.")
        var files: Set<String> = []
        for certificate in statistics.certificates where files.insert(certificate.file).inserted {
            sample(Labels(("file", certificate.file)), Int(certificate.notAfter))
        }
        family("relevo_access_log_lines_dropped_total", .counter, "Lines of the access log that nobody took.")
        sample(Labels(), statistics.logLinesDropped)
        family("relevo_spans_exported_total", .counter, "Spans that the collector has taken.")
        sample(Labels(), statistics.spansExported)
        family("relevo_spans_dropped_total", .counter, "Spans that the collector has not got.")
        sample(Labels(), statistics.spansDropped)
    }

    fileprivate mutating func domains(_ metrics: ProxyMetrics) {
        let domains = metrics.domains.map { ($0, Labels(("domain", $0.name))) }
        family("relevo_requests_total", .counter, "Requests by the class of their answer.")
        for (domain, labels) in domains { samples(labels, domain.answers) }
        family("relevo_route_requests_total", .counter, "Requests of a route by the class of their answer.")
        for (domain, labels) in domains {
            var seen: Set<String> = []
            for route in domain.routes where seen.insert(route.text).inserted {
                samples(labels.adding("route", route.text), route.answers)
            }
        }
        family("relevo_request_failures_total", .counter, "Failed requests by code; docs/errors.md lists the codes.")
        for (domain, labels) in domains { samples(labels, domain.faults) }
        family(
            "relevo_request_duration_seconds", .histogram,
            "From the first byte of a request to the end of its answer.")
        for (domain, labels) in domains { sample(labels, domain.duration) }
        family(
            "relevo_response_start_seconds", .histogram,
            "From the complete head of a request to that of its answer.")
        for (domain, labels) in domains { sample(labels, domain.responseStart) }
    }

    fileprivate mutating func clusters(_ metrics: ProxyMetrics) {
        let clusters = metrics.clusters.map { ($0, Labels(("cluster", $0.name))) }
        family("relevo_connect_duration_seconds", .histogram, "How long connections to endpoints took to open.")
        for (cluster, labels) in clusters { sample(labels, cluster.connect) }
        family("relevo_retries_total", .counter, "Attempts made because one before had failed.")
        for (cluster, labels) in clusters { sample(labels, cluster.retries) }
        family("relevo_ejections_total", .counter, "Endpoints ejected by how they served.")
        for (cluster, labels) in clusters { sample(labels, cluster.ejections) }
    }

    fileprivate mutating func endpoints(_ metrics: ProxyMetrics) {
        let endpoints = metrics.clusters.flatMap { cluster in
            var seen: Set<String> = []
            return cluster.endpoints.filter { seen.insert($0.status.endpoint).inserted }.map {
                ($0, Labels(("cluster", cluster.name), ("endpoint", $0.status.endpoint)))
            }
        }
        family("relevo_endpoint_requests_total", .counter, "Attempts at an endpoint by the class of its answer.")
        for (endpoint, labels) in endpoints { samples(labels, endpoint.answers) }
        family("relevo_endpoint_failures_total", .counter, "Failed attempts at an endpoint by code.")
        for (endpoint, labels) in endpoints { samples(labels, endpoint.faults) }
        family("relevo_endpoint_requests_in_flight", .gauge, "Requests that an endpoint has.")
        for (endpoint, labels) in endpoints { sample(labels, endpoint.status.requestsActive) }
        family("relevo_endpoint_idle_connections", .gauge, "Connections to an endpoint that wait for a request.")
        for (endpoint, labels) in endpoints { sample(labels, endpoint.idleConnections) }
        family("relevo_endpoint_available", .gauge, "Whether an endpoint gets requests.")
        for (endpoint, labels) in endpoints { sample(labels, endpoint.status.isAvailable ? 1 : 0) }
        family("relevo_endpoint_condition", .gauge, "How an endpoint is: 1 for the condition that holds.")
        for (endpoint, labels) in endpoints { sample(labels.adding("condition", endpoint.status.condition), 1) }
        family("relevo_endpoint_weight", .gauge, "The share of an endpoint beside the others' weights.")
        for (endpoint, labels) in endpoints { sample(labels, endpoint.status.weight) }
    }

    fileprivate mutating func samples(_ labels: Labels, _ answers: [Int: Int]) {
        for digit in 0..<6 {
            guard let count = answers[digit] else { continue }
            sample(labels.adding("class", ProxyMetrics.answerClass(digit)), count)
        }
    }

    fileprivate mutating func samples(_ labels: Labels, _ faults: [Fault: Int]) {
        for (fault, count) in faults.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            sample(labels.adding("code", fault.rawValue), count)
        }
    }
}
