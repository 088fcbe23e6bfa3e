// The complete configuration as YAML, every default written out and every value with its origin. What it writes
// reads back as the same configuration.

import RelevoPolicy

/// Writes a configuration in its long form.
struct EffectiveYAML {
    let origins: [ValuePath: ValueOrigin]
    private var lines: [(text: String, origin: String?)] = []

    /// Creates a writer for a configuration with the given origins.
    init(origins: [ValuePath: ValueOrigin]) { self.origins = origins }

    /// The text, ending in a line break.
    mutating func write(_ configuration: ProxyConfiguration) -> String {
        lines = []
        put("workers", configuration.workers.map { String($0) } ?? "auto", 0, ["workers"])
        header("listeners", 0)
        for (index, listener) in configuration.listeners.enumerated() {
            let path = ["listeners", String(index)]
            item(1) { $0.put("address", YAMLText.block(listener.address), 2, path + ["address"]) }
            if let tls = listener.tls { write(tls, path + ["tls"]) }
            write(listener.proxyProtocol, path + ["proxy_protocol"])
            if let redirect = listener.redirect { write(redirect, path + ["redirect"]) }
        }
        header("domains", 0)
        for domain in configuration.domains { write(domain) }
        if !configuration.clusters.isEmpty { header("clusters", 0) }
        for cluster in configuration.clusters {
            let path = ["clusters", cluster.name]
            header(YAMLText.block(cluster.name), 1, path)
            write(cluster, 2, path)
            write(cluster.timeouts, 2, path)
        }
        write(configuration.timeouts)
        write(configuration.limits)
        if configuration.trustedProxies.isEmpty {
            put("trusted_proxies", "off", 0, ["trusted_proxies"])
        } else {
            header("trusted_proxies", 0)
            for (index, proxy) in configuration.trustedProxies.enumerated() {
                add("- " + YAMLText.block(proxy.range), 1, ["trusted_proxies", String(index)])
            }
        }
        write(configuration.resolver)
        write(configuration.hsts, 0, ["hsts"])
        write(configuration.accessLog)
        write(configuration.recent)
        write(configuration.tracing)
        write(configuration.admin)
        put("user", configuration.user.map { YAMLText.block($0.text) } ?? "off", 0, ["user"])
        return aligned()
    }

    private mutating func write(_ recent: RecentSettings?) {
        guard let recent else { return put("recent", "off", 0, ["recent"]) }
        header("recent", 0)
        put("requests", String(recent.requests), 1, ["recent", "requests"])
        put("slower_than", DurationText.write(recent.slowerThan), 1, ["recent", "slower_than"])
    }

    private mutating func write(_ admin: AdminSettings?) {
        guard let admin else { return put("admin", "off", 0, ["admin"]) }
        let isShort = origins[["admin", "address"]] == nil
        header("admin", 0)
        put("address", YAMLText.block(admin.address), 1, isShort ? ["admin"] : ["admin", "address"])
        if let file = admin.tokenFile { put("token_file", YAMLText.block(file), 1, ["admin", "token_file"]) }
    }

    private mutating func write(_ tls: ListenerTLS, _ path: ValuePath) {
        header("tls", 2, path)
        header("certificates", 3, path + ["certificates"])
        for (index, files) in tls.certificates.enumerated() {
            // The short form has no list.
            let inList = path + ["certificates", String(index)]
            let place = origins[inList + ["certificate"]] == nil && tls.certificates.count == 1 ? path : inList
            item(4) { yaml in
                yaml.put("certificate", YAMLText.block(files.certificate), 5, place + ["certificate"])
                if let key = files.key { yaml.put("key", YAMLText.block(key), 5, place + ["key"]) }
                if let ocsp = files.ocsp { yaml.put("ocsp", YAMLText.block(ocsp), 5, place + ["ocsp"]) }
            }
        }
        write(tls.client, path + ["client"])
    }

    private mutating func write(_ timeouts: Timeouts) {
        header("timeouts", 0)
        let values = [
            ("handshake", timeouts.handshake), ("head", timeouts.head), ("body", timeouts.body),
            ("idle", timeouts.idle), ("connect", timeouts.connect),
            ("response", timeouts.response), ("stream", timeouts.stream),
            ("tunnel", timeouts.tunnel), ("drain", timeouts.drain), ("upstream_idle", timeouts.upstreamIdle),
            ("half_close", timeouts.halfClose),
            ("shutdown", timeouts.shutdown),
        ]
        for (key, value) in values { put(key, DurationText.write(value), 1, ["timeouts", key]) }
    }

    private mutating func write(_ limits: Limits) {
        header("limits", 0)
        let body = limits.bodyBytes == 0 ? "unlimited" : SizeText.write(limits.bodyBytes)
        let values = [
            ("head_bytes", SizeText.write(limits.headBytes)), ("fields", String(limits.fields)),
            ("target_bytes", SizeText.write(limits.targetBytes)), ("body_bytes", body),
            ("body_rate", SizeText.write(limits.bodyRate)),
            ("connections", String(limits.connections)), ("client_connections", String(limits.clientConnections)),
            ("handshakes", String(limits.handshakes)), ("client_requests", String(limits.clientRequests)),
            ("idle_upstreams", String(limits.idleUpstreams)),
            ("upstream_requests", String(limits.upstreamRequests)),
        ]
        for (key, value) in values { put(key, value, 1, ["limits", key]) }
    }

    private mutating func write(_ log: AccessLog) {
        guard case .lines(let settings) = log else { return put("access_log", "off", 0, ["access_log"]) }
        let target =
            switch settings.target {
            case .standardOutput: "stdout"
            case .file(let path): YAMLText.block(path)
            case .syslog(let syslog): syslog.text
            }
        let redacted = settings.redacted.map(\.rawValue).sorted().joined(separator: ", ")
        let form = settings.template.map { ("template", YAMLText.block($0.description)) }
        let values = [
            form ?? ("format", settings.format.rawValue), ("to", target), ("only", settings.only.rawValue),
            ("slower_than", settings.slowerThan.map { DurationText.write($0) } ?? "off"),
            ("sample", "\(settings.sample)%"), ("redact", redacted.isEmpty ? "off" : "[\(redacted)]"),
        ]
        header("access_log", 0)
        for (key, value) in values { put(key, value, 1, ["access_log", key]) }
    }
}

// MARK: - Domains and clusters

extension EffectiveYAML {
    private mutating func write(_ domain: ProxyConfiguration.Domain) {
        let path = ["domains", domain.name]
        header(YAMLText.block(domain.name), 1, path)
        put("connection", domain.connection.rawValue, 2, path + ["connection"])
        put("forwarded", domain.forwarded.rawValue, 2, path + ["forwarded"])
        switch domain.hsts {
        case .inherited: break
        case .off: write(nil, 2, path + ["hsts"])
        case .on(let settings): write(settings, 2, path + ["hsts"])
        }
        write(domain.timeouts, 2, path)
        if let action = wholeAction(of: domain) {
            write(action, 2, path)
            return
        }
        header("routes", 2)
        for (index, route) in domain.routes.enumerated() {
            item(3) { $0.write(route, 4, path + ["routes", String(index)]) }
        }
    }

    /// The action of a domain that needs no routes, written in the form in which it was read.
    private func wholeAction(of domain: ProxyConfiguration.Domain) -> ProxyConfiguration.RouteAction? {
        guard domain.routes.count == 1, let route = domain.routes.first else { return nil }
        guard route.path == "/", route.methods.isEmpty, route.timeouts == TimeoutOverrides() else { return nil }
        return origins[["domains", domain.name, "routes"]] == nil ? route.action : nil
    }

    private mutating func write(_ route: ProxyConfiguration.Route, _ depth: Int, _ path: ValuePath) {
        put("path", YAMLText.block(route.path), depth, path + ["path"])
        if route.methods.isEmpty {
            put("methods", "any", depth, path + ["methods"])
        } else {
            header("methods", depth)
            for (index, method) in route.methods.enumerated() {
                add("- " + YAMLText.block(method), depth + 1, path + ["methods", String(index)])
            }
        }
        write(route.action, depth, path)
        write(route.timeouts, depth, path)
    }

    private mutating func write(_ action: ProxyConfiguration.RouteAction, _ depth: Int, _ path: ValuePath) {
        switch action {
        case .cluster(let name): put("cluster", YAMLText.block(name), depth, path + ["cluster"])
        case .endpoints(let cluster): write(cluster, depth, path)
        case .redirect(let to, let status):
            header("redirect", depth)
            put("to", YAMLText.block(to), depth + 1, path + ["redirect", "to"])
            put("status", String(status), depth + 1, path + ["redirect", "status"])
        case .respond(let status, let body):
            header("respond", depth)
            put("status", String(status), depth + 1, path + ["respond", "status"])
            put("body", YAMLText.block(body), depth + 1, path + ["respond", "body"])
        }
    }

    /// Overrides that are set; the others are inherited, which is not a value.
    private mutating func write(_ overrides: TimeoutOverrides, _ depth: Int, _ path: ValuePath) {
        let values = [
            ("body", overrides.body), ("connect", overrides.connect), ("response", overrides.response),
            ("stream", overrides.stream),
        ]
        guard values.contains(where: { $0.1 != nil }) else { return }
        header("timeouts", depth)
        for (key, value) in values {
            if let value { put(key, DurationText.write(value), depth + 1, path + ["timeouts", key]) }
        }
    }
}

// MARK: - Lines

extension EffectiveYAML {
    /// A key whose value follows on the next lines.
    mutating func header(_ key: String, _ depth: Int, _ path: ValuePath? = nil) {
        add(key + ":", depth, path)
    }

    /// A key and its value, with the value's origin.
    mutating func put(_ key: String, _ value: String, _ depth: Int, _ path: ValuePath) {
        add(key + ": " + value, depth, path)
    }

    /// A line as it is, with the origin of what stands at a path.
    mutating func add(_ text: String, _ depth: Int, _ path: ValuePath?) {
        let indentation = String(repeating: "  ", count: depth)
        lines.append((indentation + text, path.map { origin(of: $0) }))
    }

    /// A map as an item of a list: what `body` writes one step deeper, with a dash before its first line.
    mutating func item(_ depth: Int, _ body: (inout EffectiveYAML) -> Void) {
        let first = lines.count
        body(&self)
        guard first < lines.count else { return }
        let indentation = String(repeating: "  ", count: depth)
        lines[first].text = indentation + "- " + lines[first].text.dropFirst(indentation.count + 2)
    }

    private func origin(of path: ValuePath) -> String {
        guard let origin = origins[path] else { return "default" }
        let variables = origin.variables.map { "${\($0)}" }.joined(separator: ", ")
        return "line \(origin.line)" + (variables.isEmpty ? "" : ", from " + variables)
    }

    /// The lines, the comments below one another; a very long line pushes only its own comment out.
    private func aligned() -> String {
        let widths = lines.filter { $0.origin != nil }.map(\.text.count).filter { $0 <= 60 }
        let column = (widths.max() ?? 0) + 2
        return lines.map { line in
            guard let origin = line.origin else { return line.text + "\n" }
            let gap = String(repeating: " ", count: max(2, column - line.text.count))
            return line.text + gap + "# " + origin + "\n"
        }.joined()
    }
}
