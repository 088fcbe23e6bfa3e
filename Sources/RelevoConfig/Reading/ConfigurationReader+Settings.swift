// The settings of the whole proxy: workers, listeners, time limits, bounds, the access log. Domains and clusters
// have their own files.

import RelevoPolicy

extension ConfigurationReader {
    /// Worker threads; `nil` for `auto`.
    mutating func workers(_ field: Field) -> Int? {
        if says("auto", field) { return nil }
        return number(field, in: 1...256, wants: "a whole number or `auto`")
    }

    /// The addresses to accept clients on.
    mutating func listeners(_ field: Field) -> [ProxyConfiguration.Listener] {
        let items = list(field, of: "a listener", wants: "a list of addresses") ?? []
        return items.compactMap { item in
            var field = item.lengthened(to: "address")
            var tls: ListenerTLS?
            var proxyProtocol: ProxyProtocolSettings?
            var redirect: RedirectToTLS?
            if isMap(item) {
                guard let fields = map(item, .listener) else { return nil }
                guard let address = fields["address"] else {
                    report("a listener wants an `address`", at: item.place)
                    return nil
                }
                field = address
                tls = fields["tls"].flatMap { listenerTLS($0) }
                proxyProtocol = fields["proxy_protocol"].flatMap { self.proxyProtocol($0) }
                redirect = fields["redirect"].flatMap { redirectToTLS($0) }
            }
            guard let address = address(field, example: "0.0.0.0:8080") else { return nil }
            var listener = ProxyConfiguration.Listener(address, tls: tls, location: field.node.location)
            listener.proxyProtocol = proxyProtocol
            listener.redirect = redirect
            return listener
        }
    }

    /// Peers whose word is taken.
    mutating func trustedProxies(_ field: Field) -> [ProxyConfiguration.TrustedProxy] {
        if says("off", field) { return [] }
        let items = list(field, of: "a trusted proxy", wants: "`off` or a list of addresses and ranges") ?? []
        return items.compactMap { item in
            let range = text(item, wants: "an address or a range", suggestion: "for example `10.0.0.0/8`")
            return range.map { ProxyConfiguration.TrustedProxy($0, location: item.node.location) }
        }
    }

    /// The text of an address. Its syntax is checked by `SnapshotBuilder`; here is caught what YAML or habit made
    /// of it.
    mutating func address(_ field: Field, example: String) -> String? {
        guard field.node.scalar != nil else {
            let bare = source.line(field.node.location.line).flatMap { BareText.bracketedAddress(in: $0) }
            mismatch(field, wants: "an address", suggestion: bare.map { "write it in quotes: \($0.text.quotedTwice)" })
            return nil
        }
        guard let text = text(field, wants: "an address", suggestion: "for example `\(example)`") else { return nil }
        let isNumber = WholeNumber.parse(text) != nil
        // `::1` is an IPv6 address, of which `SnapshotBuilder` knows what it lacks.
        if isNumber || text.hasPrefix(":") && !text.hasPrefix("::") {
            let host = example.prefix { $0 != ":" }
            let whole = host + (isNumber ? ":" : "") + text
            report(
                "\(text.quoted) is a port without a host", suggestion: "write the host too: \(whole.quoted)",
                at: field.place)
            return nil
        }
        return text
    }

    /// Whether a value is a map.
    func isMap(_ field: Field) -> Bool {
        guard case .map = field.node.content else { return false }
        return true
    }

    /// The time limits of the whole proxy.
    mutating func timeouts(_ field: Field) -> Timeouts {
        var result = Timeouts()
        guard let fields = map(field, .timeouts, wants: "a map such as `{ connect: 1s }`") else { return result }
        let targets: [(String, WritableKeyPath<Timeouts, Duration>)] = [
            ("handshake", \.handshake), ("head", \.head), ("body", \.body), ("idle", \.idle), ("connect", \.connect),
            ("response", \.response), ("stream", \.stream), ("tunnel", \.tunnel), ("drain", \.drain),
            ("upstream_idle", \.upstreamIdle), ("half_close", \.halfClose),
            ("shutdown", \.shutdown),
        ]
        for (key, target) in targets {
            if let value = fields[key].flatMap({ duration($0) }) { result[keyPath: target] = value }
        }
        return result
    }

    /// The time limits of a domain, route or cluster.
    mutating func overrides(_ field: Field?) -> TimeoutOverrides {
        var result = TimeoutOverrides()
        guard let field, let fields = map(field, .overrides, wants: "a map such as `{ connect: 1s }`") else {
            return result
        }
        result.body = fields["body"].flatMap { duration($0) }
        result.connect = fields["connect"].flatMap { duration($0) }
        result.response = fields["response"].flatMap { duration($0) }
        result.stream = fields["stream"].flatMap { duration($0) }
        return result
    }

    /// The bounds on what peers may send and hold.
    mutating func limits(_ field: Field) -> Limits {
        var result = Limits()
        guard let fields = map(field, .limits, wants: "a map such as `{ fields: 200 }`") else { return result }
        if let value = fields["head_bytes"].flatMap({ size($0, in: 512...(1 << 20)) }) { result.headBytes = value }
        if let value = fields["target_bytes"].flatMap({ size($0, in: 64...(1 << 20)) }) { result.targetBytes = value }
        if let value = fields["body_rate"].flatMap({ size($0, in: 0...(1 << 30)) }) { result.bodyRate = value }
        if let value = fields["body_bytes"].flatMap({ bodyBytes($0) }) { result.bodyBytes = value }
        let counts: [(String, WritableKeyPath<Limits, Int>, ClosedRange<Int>)] = [
            ("fields", \.fields, 8...10_000), ("connections", \.connections, 1...10_000_000),
            ("client_connections", \.clientConnections, 1...10_000_000),
            ("handshakes", \.handshakes, 1...1_000_000),
            ("client_requests", \.clientRequests, 1...1_000_000_000),
            ("idle_upstreams", \.idleUpstreams, 0...100_000),
            ("upstream_requests", \.upstreamRequests, 1...1_000_000_000),
        ]
        for (key, target, range) in counts {
            let value = fields[key].flatMap { number($0, in: range, wants: "a whole number") }
            if let value { result[keyPath: target] = value }
        }
        return result
    }

    private mutating func bodyBytes(_ field: Field) -> Int? {
        if says("unlimited", field) { return 0 }
        return size(field, in: 0...(1 << 60))
    }
}
