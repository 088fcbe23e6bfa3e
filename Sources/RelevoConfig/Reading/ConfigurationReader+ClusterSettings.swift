// The settings of a cluster: ejection, retries and capacity; balance and health are read in files of their own. What a
// value may be is said by `ClusterRules`; here is known where it was written.

import RelevoPolicy

extension ConfigurationReader {
    /// Puts the settings that a map has into a cluster, and holds the cluster against the rules.
    mutating func settings(_ fields: Fields, into cluster: inout ProxyConfiguration.Cluster, at path: ValuePath) {
        guard Section.settings.contains(where: { fields[$0] != nil }) else { return }
        take("balance", of: fields, into: &cluster.balance) { $0.balance($1) }
        takeUnlessOff("health", of: fields, into: &cluster.health) { $0.health($1) }
        takeUnlessOff("ejection", of: fields, into: &cluster.ejection) { $0.ejection($1) }
        takeUnlessOff("retry", of: fields, into: &cluster.retry) { $0.retry($1) }
        takeUnlessOff("slow_start", of: fields, into: &cluster.slowStart) { $0.duration($1) }
        takeUnlessOff("hold", of: fields, into: &cluster.hold) { $0.duration($1) }
        takeUnlessOff("max_requests", of: fields, into: &cluster.maxRequests) {
            $0.number($1, wants: "`off` or a whole number")
        }
        if let field = fields["concurrency"] { concurrency(field, into: &cluster) }
        take("queue", of: fields, into: &cluster.queue) { $0.queue($1) }
        take("tls", of: fields, into: &cluster.tls) { $0.clusterTLS($1) }
        takeUnlessOff("proxy_protocol", of: fields, into: &cluster.proxyProtocol) { $0.proxyProtocolVersion($1) }
        checkSettings(of: cluster, at: path)
    }

    /// Reports what the rules have against a cluster, each at its value in the file.
    private mutating func checkSettings(of cluster: ProxyConfiguration.Cluster, at path: ValuePath) {
        for problem in ClusterRules.problems(of: cluster) {
            let paths = ([problem.path] + problem.others).map { path + $0 }
            guard unread.isDisjoint(with: paths) else { continue }
            let place = paths.compactMap { places[$0] }.first ?? block(of: paths[0], below: path)
            guard let place = place ?? cluster.location else { continue }
            report("`\(problem.path.last ?? "")` \(problem.message)", suggestion: problem.suggestion, at: place)
        }
    }

    /// Where the innermost block is that a value is part of: a short form, or a map that leaves the value out.
    private func block(of path: ValuePath, below root: ValuePath) -> SourceLocation? {
        var path = path
        while path.count > root.count {
            if let place = places[path] { return place }
            path.removeLast()
        }
        return nil
    }
}

// MARK: - Values that may be left out

extension ConfigurationReader {
    /// Replaces a default by what was written. What could not be read was reported; the default stays.
    mutating func take<Value>(
        _ key: String, of fields: Fields, into value: inout Value, _ read: (inout Self, Field) -> Value?
    ) {
        guard let field = fields[key] else { return }
        if let result = read(&self, field) { value = result } else { unread.insert(field.path) }
    }

    /// Like ``take(_:of:into:_:)``, for what `off`, or another word for no value, switches off.
    mutating func takeUnlessOff<Value>(
        _ key: String, of fields: Fields, into value: inout Value?, word: String = "off",
        _ read: (inout Self, Field) -> Value?
    ) {
        guard let field = fields[key] else { return }
        if says(word, field) {
            value = nil
        } else if let result = read(&self, field) {
            value = result
        } else {
            unread.insert(field.path)
        }
    }
}

// MARK: - Blocks

extension ConfigurationReader {
    private mutating func ejection(_ field: Field) -> Ejection? {
        let wants = "`off` or a map such as `{ consecutive: 5, time: 10s }`"
        guard let fields = map(field, .ejection, wants: wants) else { return nil }
        var result = Ejection()
        let number = "a whole number"
        take("consecutive", of: fields, into: &result.consecutive) {
            $0.says("off", $1) ? 0 : $0.number($1, wants: "`off` or \(number)")
        }
        take("rate", of: fields, into: &result.rate) { $0.says("off", $1) ? 0 : $0.percentage($1) }
        take("volume", of: fields, into: &result.volume) { $0.number($1, wants: number) }
        take("window", of: fields, into: &result.window) { $0.duration($1) }
        take("time", of: fields, into: &result.time) { $0.duration($1) }
        take("max_time", of: fields, into: &result.maxTime) { $0.duration($1) }
        take("share", of: fields, into: &result.share) { $0.percentage($1) }
        take("server_errors", of: fields, into: &result.countsServerErrors) { $0.flag($1) }
        return result
    }

    private mutating func retry(_ field: Field) -> RetrySettings? {
        let wants = "`off` or a map such as `{ attempts: 3 }`"
        guard let fields = map(field, .retry, wants: wants) else { return nil }
        var result = RetrySettings()
        take("attempts", of: fields, into: &result.attempts) { $0.number($1, wants: "a whole number") }
        take("statuses", of: fields, into: &result.statuses) { $0.says("off", $1) ? [] : $0.statuses($1) }
        take("budget", of: fields, into: &result.budget) { $0.percentage($1) }
        take("reserve", of: fields, into: &result.reserve) { $0.number($1, wants: "a whole number") }
        take("body_bytes", of: fields, into: &result.bodyBytes) { $0.size($1, in: 0...Int.max) }
        take("non_idempotent", of: fields, into: &result.nonIdempotent) {
            $0.choice($1, of: RetrySettings.NonIdempotent.self)
        }
        take("backoff", of: fields, into: &result.backoff) { $0.says("off", $1) ? .zero : $0.duration($1) }
        return result
    }

    /// A fixed limit, one that follows the latency, or both.
    private mutating func concurrency(_ field: Field, into cluster: inout ProxyConfiguration.Cluster) {
        let wants = "`off`, a whole number or a map such as `{ adaptive: on }`"
        if says("off", field) {
            (cluster.concurrency, cluster.adaptiveLimit) = (nil, nil)
            return
        }
        guard isMap(field) else {
            cluster.concurrency = number(field.lengthened(to: "limit"), wants: wants)
            return
        }
        guard let fields = map(field, .concurrency, wants: wants) else { return }
        note(field.path, line: field.node.location.line)
        takeUnlessOff("limit", of: fields, into: &cluster.concurrency) {
            $0.number($1, wants: "`off` or a whole number")
        }
        takeUnlessOff("adaptive", of: fields, into: &cluster.adaptiveLimit) { $0.adaptiveLimit($1) }
    }

    private mutating func adaptiveLimit(_ field: Field) -> AdaptiveLimit? {
        var result = AdaptiveLimit()
        if says("on", field) { return result }
        let wants = "`on`, `off` or a map such as `{ minimum: 10, maximum: 1000 }`"
        guard let fields = map(field, .adaptive, wants: wants) else { return nil }
        take("minimum", of: fields, into: &result.minimum) { $0.number($1, wants: "a whole number") }
        take("maximum", of: fields, into: &result.maximum) { $0.number($1, wants: "a whole number") }
        return result
    }

    private mutating func queue(_ field: Field) -> QueueSettings? {
        var result = QueueSettings()
        if says("off", field) {
            result.length = 0
            return result
        }
        let wants = "`off` or a map such as `{ length: 100, timeout: 1s }`"
        guard let fields = map(field, .queue, wants: wants) else { return nil }
        note(field.path, line: field.node.location.line)
        take("length", of: fields, into: &result.length) {
            $0.says("off", $1) ? 0 : $0.number($1, wants: "`off` or a whole number")
        }
        take("timeout", of: fields, into: &result.timeout) { $0.duration($1) }
        return result
    }
}
