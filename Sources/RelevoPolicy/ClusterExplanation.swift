// What a cluster would do with a request, in words: for `relevo explain`. Settings that are off are left out.
// What it does is decided in Balancing/, Health/, Retry/ and Capacity/.

/// Describes one cluster.
struct ClusterExplanation {
    /// The cluster.
    let cluster: Cluster

    /// Its name, endpoints and settings, one line for each.
    var lines: [String] {
        ["cluster   \(cluster.name)\(place(cluster.location)), balance \(cluster.balance.name)"]
            + endpoints + [health, ejection, retry, recovery, hold, capacity, announcement].compactMap(\.self)
    }

    /// Where a request goes.
    var outcome: String { BalanceText.outcome(of: cluster) }

    private var endpoints: [String] {
        let width = cluster.endpoints.map(\.text.count).max() ?? 0
        return zip(cluster.endpoints, BalanceText.parts(of: cluster)).map { endpoint, part in
            let name = endpoint.text + String(repeating: " ", count: width - endpoint.text.count)
            let limit = endpoint.maxRequests.map { ", at most \($0) at a time" } ?? ""
            return "endpoint  \(name)  \(part)\(limit)\(place(endpoint.location))"
        }
    }

    private var health: String? {
        guard let health = cluster.health else { return nil }
        let port = health.port.map { " on port \($0)" } ?? ""
        let question: String
        switch health.probe {
        case .tcp: question = "a connection\(port)"
        case .http(let probe):
            let host = probe.host.map { " for \($0)" } ?? ""
            let body = probe.body == nil ? "" : " and a certain text"
            question =
                "\(probe.method) \(probe.path)\(host)\(port): status \(StatusText.write(probe.statuses))\(body)"
        }
        return "health    \(question) within \(text(health.timeout)), every \(text(health.interval));"
            + " up after \(health.rise), down after \(health.fall); \(health.startsUp ? "up" : "down") at first"
    }

    private var ejection: String? {
        guard let ejection = cluster.ejection else { return nil }
        var reasons: [String] = []
        if ejection.consecutive > 0 { reasons.append("\(ejection.consecutive) failures in a row") }
        if ejection.rate > 0 {
            reasons.append(
                "\(ejection.rate) % failures of \(ejection.volume) requests or more in \(text(ejection.window))")
        }
        guard !reasons.isEmpty else { return nil }
        return "ejection  after \(reasons.joined(separator: " or ")), for \(text(ejection.time))"
            + " to \(text(ejection.maxTime)); at most \(ejection.share) % of the endpoints"
    }

    private var retry: String? {
        guard let retry = cluster.retry, retry.attempts > 1 else { return nil }
        let statuses = retry.statuses.isEmpty ? "" : ", also after \(StatusText.write(retry.statuses))"
        return "retry     \(retry.attempts) attempts in all if it can do no harm\(statuses);"
            + " for \(retry.budget) % of the requests, or \(retry.reserve) a second"
    }

    private var recovery: String? {
        cluster.slowStart.map { "recovery  back to its full share within \(text($0))" }
    }

    private var hold: String? {
        cluster.hold.map { "hold      waits up to \(text($0)) while all endpoints refuse" }
    }

    private var capacity: String? {
        var limits: [String] = []
        if let limit = cluster.maxRequests { limits.append("\(limit) requests at a time for each endpoint") }
        if let limit = cluster.concurrency { limits.append("\(limit) in all") }
        if let limit = cluster.adaptiveLimit {
            limits.append("\(limit.minimum) to \(limit.maximum) in all, by latency")
        }
        guard !limits.isEmpty || cluster.endpoints.contains(where: { $0.maxRequests != nil }) else { return nil }
        let queue = cluster.queue
        limits.append(queue.length == 0 ? "none wait" : "\(queue.length) wait up to \(text(queue.timeout))")
        return "capacity  " + limits.joined(separator: "; ")
    }

    private var announcement: String? {
        cluster.proxyProtocol.map {
            "proxy     connections begin with a PROXY header (\($0.rawValue)); each serves one client's connection only"
        }
    }

    private func text(_ duration: Duration) -> String { DurationText.write(duration) }

    private func place(_ location: SourceLocation?) -> String { location.map { " (\($0))" } ?? "" }
}
