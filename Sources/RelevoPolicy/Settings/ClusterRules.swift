// What the settings of a cluster may be: bounds, and what contradicts what. One list of rules for values from files and
// from Swift code alike. Where a value was written is the business of who reads files.

/// Something that is wrong with one setting of a cluster.
package struct SettingProblem: Sendable, Hashable {
    /// The setting, by its keys in a configuration file from the cluster down: `["health", "rise"]`.
    package let path: [String]
    /// Settings that contradict it.
    package let others: [[String]]
    /// What is wrong: a sentence that lacks its subject, which is the setting.
    package let message: String
    /// The cure, if one is known.
    package let suggestion: String?
}

/// The rules for the settings of a cluster. Those of endpoints are in `SnapshotBuilder`.
package struct ClusterRules {
    /// What ``ProxyConfiguration/Endpoint/backup`` may be.
    package static let backups = 0...9
    /// What a limit on requests in flight may be.
    package static let requests = 1...10_000_000

    private var problems: [SettingProblem] = []

    private init() {}

    /// What is wrong with the settings of a cluster; empty if nothing is.
    package static func problems(of cluster: ProxyConfiguration.Cluster) -> [SettingProblem] {
        var rules = ClusterRules()
        rules.check(cluster.balance)
        if let health = cluster.health { rules.check(health) }
        if let ejection = cluster.ejection { rules.check(ejection) }
        if let retry = cluster.retry { rules.check(retry) }
        rules.check(time: ["slow_start"], cluster.slowStart)
        rules.check(time: ["hold"], cluster.hold)
        rules.checkCapacity(of: cluster)
        rules.checkTLS(of: cluster)
        return rules.problems
    }

    mutating func report(
        _ path: [String], _ message: String, _ suggestion: String? = nil, against others: [[String]] = []
    ) {
        problems.append(SettingProblem(path: path, others: others, message: message, suggestion: suggestion))
    }

    mutating func check(_ path: [String], _ value: Int?, _ range: ClosedRange<Int>, unit: String = "") {
        guard let value, !range.contains(value) else { return }
        report(
            path, "is out of bounds: \(value)\(unit)",
            "write \(range.lowerBound)\(unit) to \(range.upperBound)\(unit)")
    }

    mutating func check(
        time path: [String], _ value: Duration?, _ range: ClosedRange<Duration> = .milliseconds(1) ... .seconds(86_400)
    ) {
        guard let value, !range.contains(value) else { return }
        let bounds = "\(DurationText.write(range.lowerBound)) to \(DurationText.write(range.upperBound))"
        report(path, "is out of bounds: \(DurationText.write(value))", "write \(bounds)")
    }

    mutating func check(statuses path: [String], _ ranges: [ClosedRange<Int>]) {
        for range in ranges where range.lowerBound < 100 || range.upperBound > 599 {
            report(path, "is out of bounds: `\(StatusText.write(range))`", "statuses are 100 to 599")
        }
    }

    private mutating func check(_ ejection: Ejection) {
        check(["ejection", "consecutive"], ejection.consecutive, 0...1_000_000)
        check(["ejection", "rate"], ejection.rate, 0...100, unit: "%")
        check(["ejection", "volume"], ejection.volume, 1...1_000_000)
        check(["ejection", "share"], ejection.share, 0...100, unit: "%")
        let (time, maxTime) = (["ejection", "time"], ["ejection", "max_time"])
        check(time: ["ejection", "window"], ejection.window)
        check(time: time, ejection.time)
        check(time: maxTime, ejection.maxTime)
        guard ejection.maxTime < ejection.time else { return }
        let (longest, first) = (DurationText.write(ejection.maxTime), DurationText.write(ejection.time))
        report(
            maxTime, "is \(longest), shorter than `time` (\(first))", "write `max_time: \(first)` or more",
            against: [time])
    }

    private mutating func check(_ retry: RetrySettings) {
        check(["retry", "attempts"], retry.attempts, 1...10)
        check(statuses: ["retry", "statuses"], retry.statuses)
        check(["retry", "budget"], retry.budget, 0...100, unit: "%")
        check(["retry", "reserve"], retry.reserve, 0...1_000_000)
        if !(0...(16 << 20)).contains(retry.bodyBytes) {
            report(["retry", "body_bytes"], "is out of bounds: \(retry.bodyBytes) bytes", "write 0 to 16MiB")
        }
        if retry.backoff != .zero {
            check(time: ["retry", "backoff"], retry.backoff, .milliseconds(1) ... .seconds(10))
        }
    }

    private mutating func checkCapacity(of cluster: ProxyConfiguration.Cluster) {
        let (limit, minimum) = (["concurrency", "limit"], ["concurrency", "adaptive", "minimum"])
        let maximum = ["concurrency", "adaptive", "maximum"]
        check(["max_requests"], cluster.maxRequests, Self.requests)
        check(limit, cluster.concurrency, Self.requests)
        check(["queue", "length"], cluster.queue.length, 0...1_000_000)
        check(time: ["queue", "timeout"], cluster.queue.timeout)
        guard let adaptive = cluster.adaptiveLimit else { return }
        check(minimum, adaptive.minimum, Self.requests)
        check(maximum, adaptive.maximum, Self.requests)
        if adaptive.maximum < adaptive.minimum {
            report(
                maximum, "is \(adaptive.maximum), less than `minimum` (\(adaptive.minimum))",
                "write `maximum: \(adaptive.minimum)` or more", against: [minimum])
        } else if let fixed = cluster.concurrency, fixed < adaptive.minimum {
            report(
                limit, "is \(fixed), less than the `minimum` of `adaptive` (\(adaptive.minimum))",
                "write `limit: \(adaptive.minimum)` or more", against: [minimum])
        }
    }
}
