// Clusters in the effective configuration: endpoints and every setting, with the words that stand for none. Which
// values there are is said by RelevoPolicy.

import RelevoPolicy

extension EffectiveYAML {
    /// Endpoints and settings, which domains, routes and clusters have alike.
    mutating func write(_ cluster: ProxyConfiguration.Cluster, _ depth: Int, _ path: ValuePath) {
        header("endpoints", depth)
        for (index, endpoint) in cluster.endpoints.enumerated() {
            item(depth + 1) { $0.write(endpoint, depth + 2, path + ["endpoints", String(index)]) }
        }
        write(cluster.balance, depth, path + ["balance"])
        if let health = cluster.health {
            write(health, depth, path + ["health"])
        } else {
            put("health", "off", depth, path + ["health"])
        }
        if let ejection = cluster.ejection {
            write(ejection, depth, path + ["ejection"])
        } else {
            put("ejection", "off", depth, path + ["ejection"])
        }
        if let retry = cluster.retry {
            write(retry, depth, path + ["retry"])
        } else {
            put("retry", "off", depth, path + ["retry"])
        }
        let values = [
            ("slow_start", cluster.slowStart.map(DurationText.write)), ("hold", cluster.hold.map(DurationText.write)),
            ("max_requests", cluster.maxRequests.map { String($0) }),
        ]
        put(values.map { ($0, $1 ?? "off") }, depth, path)
        writeConcurrency(of: cluster, depth, path + ["concurrency"])
        write(cluster.queue, depth, path + ["queue"])
        put("proxy_protocol", cluster.proxyProtocol?.rawValue ?? "off", depth, path + ["proxy_protocol"])
        if cluster.endpoints.contains(where: \.wantsTLS) { write(cluster.tls, depth, path + ["tls"]) }
    }

    private mutating func write(_ tls: ClusterTLS, _ depth: Int, _ path: ValuePath) {
        header("tls", depth)
        var values = [("name", tls.name.map(YAMLText.block) ?? "auto"), ("verify", tls.verifies ? "on" : "off")]
        if tls.verifies {
            values += [
                ("ca", tls.authorities.map(YAMLText.block) ?? "system"),
                ("crl", tls.revocations.map(YAMLText.block) ?? "off"),
            ]
        }
        if let identity = tls.identity {
            values.append(("certificate", YAMLText.block(identity.certificate)))
            if let key = identity.key { values.append(("key", YAMLText.block(key))) }
        }
        put(values, depth + 1, path)
    }

    private mutating func write(_ endpoint: ProxyConfiguration.Endpoint, _ depth: Int, _ path: ValuePath) {
        put("address", YAMLText.block(endpoint.address), depth, path + ["address"])
        put("weight", String(endpoint.weight), depth, path + ["weight"])
        put("backup", endpoint.backup == 0 ? "false" : String(endpoint.backup), depth, path + ["backup"])
        // Without one of its own, its cluster's holds.
        if let limit = endpoint.maxRequests { put("max_requests", String(limit), depth, path + ["max_requests"]) }
        if endpoint.tls { put("tls", "on", depth, path + ["tls"]) }
    }

    private mutating func write(_ balance: BalanceMethod, _ depth: Int, _ path: ValuePath) {
        switch balance {
        case .random, .roundRobin, .leastRequests, .powerOfTwo, .latency:
            put("balance", balance.name, depth, path)
        case .hash(let source):
            header("balance", depth)
            write(source, depth + 1, path + ["hash"])
        case .sticky(let cookie):
            header("balance", depth)
            header("sticky", depth + 1)
            let values = [
                ("cookie", YAMLText.block(cookie.name)), ("secret", cookie.secret.map(YAMLText.block) ?? "auto"),
                ("lifetime", cookie.lifetime.map(DurationText.write) ?? "off"),
            ]
            put(values, depth + 2, path + ["sticky"])
        }
    }

    private mutating func write(_ source: HashSource, _ depth: Int, _ path: ValuePath) {
        switch source {
        case .client: put("hash", "client", depth, path)
        case .path: put("hash", "path", depth, path)
        case .header(let name):
            header("hash", depth)
            put("header", YAMLText.block(name), depth + 1, path + ["header"])
        case .cookie(let name):
            header("hash", depth)
            put("cookie", YAMLText.block(name), depth + 1, path + ["cookie"])
        }
    }

    private mutating func write(_ health: HealthCheck, _ depth: Int, _ path: ValuePath) {
        header("health", depth)
        switch health.probe {
        case .tcp: put("probe", "tcp", depth + 1, path + ["probe"])
        case .http(let probe):
            let values = [
                ("probe", "http"), ("path", YAMLText.block(probe.path)), ("method", YAMLText.block(probe.method)),
                ("host", probe.host.map(YAMLText.block) ?? "auto"),
            ]
            put(values, depth + 1, path)
            write(probe.statuses, as: "status", depth + 1, path)
            // In quotes, because `off` without them means that no text is looked for.
            put("body", probe.body.map(YAMLText.quoted) ?? "off", depth + 1, path + ["body"])
        }
        let values = [
            ("interval", DurationText.write(health.interval)), ("timeout", DurationText.write(health.timeout)),
            ("rise", String(health.rise)), ("fall", String(health.fall)),
            ("port", health.port.map { String($0) } ?? "auto"), ("initial", health.startsUp ? "up" : "down"),
        ]
        put(values, depth + 1, path)
    }

    private mutating func write(_ ejection: Ejection, _ depth: Int, _ path: ValuePath) {
        header("ejection", depth)
        let values = [
            ("consecutive", ejection.consecutive == 0 ? "off" : String(ejection.consecutive)),
            ("rate", ejection.rate == 0 ? "off" : "\(ejection.rate)%"), ("volume", String(ejection.volume)),
            ("window", DurationText.write(ejection.window)), ("time", DurationText.write(ejection.time)),
            ("max_time", DurationText.write(ejection.maxTime)), ("share", "\(ejection.share)%"),
            ("server_errors", String(ejection.countsServerErrors)),
        ]
        put(values, depth + 1, path)
    }

    private mutating func write(_ retry: RetrySettings, _ depth: Int, _ path: ValuePath) {
        header("retry", depth)
        put("attempts", String(retry.attempts), depth + 1, path + ["attempts"])
        write(retry.statuses, as: "statuses", depth + 1, path)
        let values = [
            ("budget", "\(retry.budget)%"), ("reserve", String(retry.reserve)),
            ("body_bytes", SizeText.write(retry.bodyBytes)), ("non_idempotent", retry.nonIdempotent.rawValue),
            ("backoff", retry.backoff == .zero ? "off" : DurationText.write(retry.backoff)),
        ]
        put(values, depth + 1, path)
    }

    private mutating func writeConcurrency(
        of cluster: ProxyConfiguration.Cluster, _ depth: Int, _ path: ValuePath
    ) {
        guard cluster.concurrency != nil || cluster.adaptiveLimit != nil else {
            put("concurrency", "off", depth, path)
            return
        }
        header("concurrency", depth)
        put("limit", cluster.concurrency.map { String($0) } ?? "off", depth + 1, path + ["limit"])
        guard let adaptive = cluster.adaptiveLimit else {
            put("adaptive", "off", depth + 1, path + ["adaptive"])
            return
        }
        header("adaptive", depth + 1)
        let values = [("minimum", String(adaptive.minimum)), ("maximum", String(adaptive.maximum))]
        put(values, depth + 2, path + ["adaptive"])
    }

    private mutating func write(_ queue: QueueSettings, _ depth: Int, _ path: ValuePath) {
        var off = QueueSettings()
        off.length = 0
        guard queue != off else {
            put("queue", "off", depth, path)
            return
        }
        header("queue", depth)
        let values = [
            ("length", queue.length == 0 ? "off" : String(queue.length)),
            ("timeout", DurationText.write(queue.timeout)),
        ]
        put(values, depth + 1, path)
    }

    private mutating func write(
        _ statuses: [ClosedRange<Int>], as key: String, _ depth: Int, _ path: ValuePath
    ) {
        let path = path + [key]
        guard statuses.count > 1 else {
            put(key, statuses.first.map(StatusText.write) ?? "off", depth, path)
            return
        }
        header(key, depth)
        for (index, range) in statuses.enumerated() {
            add("- " + StatusText.write(range), depth + 1, path + [String(index)])
        }
    }

    /// Keys of one block, each with the origin of its value.
    private mutating func put(_ values: [(String, String)], _ depth: Int, _ path: ValuePath) {
        for (key, value) in values { put(key, value, depth, path + [key]) }
    }
}
