// From a configuration to a snapshot, or to everything that is wrong with it. The only way to a snapshot.
// Listeners, clusters, domains and routes are in files of their own.

/// Checks a configuration and turns it into a snapshot.
package struct SnapshotBuilder {
    let configuration: ProxyConfiguration
    var problems: [ConfigurationProblem] = []
    var warnings: [ConfigurationProblem] = []
    /// Routes so far, of all domains.
    var routeCount = 0

    private init(_ configuration: ProxyConfiguration) { self.configuration = configuration }

    /// The snapshot of a configuration. Any thread; opens nothing and resolves nothing.
    /// - Parameter previous: the snapshot that is served, if one is: clusters of which nothing has changed are those of
    ///   that one, and no other has their number.
    /// - Throws: all problems at once; nothing of the configuration has been applied.
    package static func build(
        _ configuration: ProxyConfiguration, after previous: ProxySnapshot? = nil
    ) throws(ConfigurationError) -> ProxySnapshot {
        var builder = SnapshotBuilder(configuration)
        let listeners = builder.listeners()
        var clusters = builder.clusters(after: previous)
        let domains = builder.domains(&clusters)
        let trusted = builder.trustedProxies()
        builder.warnAboutRedirects(listeners)
        builder.checkStrictTransport(listeners)
        builder.checkNumbers()
        builder.checkResolver()
        if let admin = configuration.admin { builder.checkAdmin(admin) }
        if let user = configuration.user { builder.checkUser(user) }
        if let tracing = configuration.tracing { builder.checkTracing(tracing) }
        guard builder.problems.isEmpty else { throw ConfigurationError(builder.problems) }
        return ProxySnapshot(
            builder, listeners: listeners, table: RouteTable(domains: domains), clusters: clusters, trusted: trusted)
    }

    mutating func report(_ message: String, _ suggestion: String? = nil, at location: SourceLocation?) {
        problems.append(ConfigurationProblem(message, suggestion: suggestion, location: location))
    }

    func firstAt(_ location: SourceLocation?) -> String? { location.map { "remove one; the first is at \($0)" } }

    private mutating func trustedProxies() -> TrustedProxies {
        var ranges: [AddressRange] = []
        for source in configuration.trustedProxies {
            guard let range = AddressRange(source.range) else {
                report(
                    "`\(source.range)` is no address and no range", "write `10.0.0.1` or `10.0.0.0/8`",
                    at: source.location)
                continue
            }
            ranges.append(range)
        }
        return TrustedProxies(ranges)
    }

    private mutating func checkNumbers() {
        if let workers = configuration.workers, !(1...256).contains(workers) {
            report("`workers` is \(workers)", "1 to 256, or leave it out for one per core", at: nil)
        }
        let limits = configuration.limits
        check("head_bytes", limits.headBytes, 512...(1 << 20))
        check("fields", limits.fields, 8...10_000)
        check("target_bytes", limits.targetBytes, 64...(1 << 20))
        check("body_bytes", limits.bodyBytes, 0...(1 << 60))
        check("connections", limits.connections, 1...10_000_000)
        check("client_connections", limits.clientConnections, 1...10_000_000)
        check("handshakes", limits.handshakes, 1...1_000_000)
        check("client_requests", limits.clientRequests, 1...1_000_000_000)
        check("body_rate", limits.bodyRate, 0...(1 << 30))
        check("idle_upstreams", limits.idleUpstreams, 0...100_000)
        check("upstream_requests", limits.upstreamRequests, 1...1_000_000_000)
        if let log = configuration.accessLog.settings {
            if !(0...100).contains(log.sample) {
                report("`access_log.sample` is \(log.sample)%", "0% to 100%", at: nil)
            }
            if case .file(let path) = log.target, !path.hasPrefix("/") {
                report("the access log's file is `\(path)`", "write a whole path", at: nil)
            }
        }
        if let recent = configuration.recent {
            if !(1...100_000).contains(recent.requests) {
                report("`recent.requests` is \(recent.requests)", "1 to 100000, or `recent: off`", at: nil)
            }
            check(time: "slower_than", recent.slowerThan, at: nil)
        }
        let times = configuration.timeouts
        let named = [
            ("head", times.head), ("body", times.body), ("idle", times.idle), ("connect", times.connect),
            ("response", times.response), ("stream", times.stream), ("half_close", times.halfClose),
            ("shutdown", times.shutdown), ("upstream_idle", times.upstreamIdle), ("tunnel", times.tunnel),
            ("drain", times.drain),
            ("handshake", times.handshake),
        ]
        for (name, value) in named { check(time: name, value, at: nil) }
    }

    private mutating func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) {
        guard !range.contains(value) else { return }
        report("limit `\(name)` is \(value)", "\(range.lowerBound) to \(range.upperBound)", at: nil)
    }

    mutating func check(time name: String, _ value: Duration?, at location: SourceLocation?) {
        guard let value, value < .milliseconds(1) || value > .seconds(86_400) else { return }
        report("timeout `\(name)` is \(DurationText.write(value))", "1ms to 24h", at: location)
    }

    mutating func check(_ overrides: TimeoutOverrides, at location: SourceLocation?) {
        check(time: "body", overrides.body, at: location)
        check(time: "connect", overrides.connect, at: location)
        check(time: "response", overrides.response, at: location)
        check(time: "stream", overrides.stream, at: location)
    }
}
