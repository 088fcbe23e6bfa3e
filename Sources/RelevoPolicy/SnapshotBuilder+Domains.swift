// Domains and routes of a configuration, checked, with names resolved to clusters and overrides to values.
// What a route may say is in SnapshotBuilder+Routes; matching requests against routes is done in RouteTable.

import RelevoHTTP

extension SnapshotBuilder {
    mutating func domains(_ clusters: inout ClusterSet) -> [Domain] {
        if configuration.domains.isEmpty {
            report("there are no domains", "add `domains: { a.example: [10.0.0.1] }`", at: nil)
        }
        var seen: [String: SourceLocation?] = [:]
        var result: [Domain] = []
        for source in configuration.domains {
            let key = normalName(source)
            if let earlier = seen[key] {
                report("domain `\(source.name)` is there twice", firstAt(earlier), at: source.location)
            }
            seen[key] = .some(source.location)
            check(source.timeouts, at: source.location)
            let routes = source.routes.compactMap { route($0, of: source, in: &clusters) }
            if source.routes.isEmpty { report("domain `\(source.name)` has no routes", at: source.location) }
            warnAboutShadows(routes, of: source)
            result.append(
                Domain(source, name: key, routes: routes, number: result.count, hsts: strictTransport(of: source)))
        }
        return result
    }

    /// The name as it is looked up; reports what cannot be a domain.
    private mutating func normalName(_ domain: ProxyConfiguration.Domain) -> String {
        var name = domain.name.lowercased()
        if name.hasSuffix("."), name.count > 1 { name.removeLast() }
        if name == "*" { return name }
        let isPattern = name.hasPrefix("*.")
        let bare = isPattern ? String(name.dropFirst(2)) : name
        let isBracketed = bare.hasPrefix("[") && bare.hasSuffix("]")
        if let address = IPAddress(isBracketed ? bare.dropFirst().dropLast() : bare[...]) {
            return normalName(address, of: domain, isPattern: isPattern, isBracketed: isBracketed)
        }
        if AddressText.isName(bare) { return name }
        let suggestion: String? =
            if bare.contains("*") {
                "a `*` can only be the whole name or its first label: `*.example.com`"
            } else if bare.contains("/") { "a domain has no scheme and no path" } else if bare.contains(":") {
                "a domain is named without its port"
            } else if !bare.utf8.allSatisfy({ $0 < 0x80 }) { "write the name in its ASCII form, `xn--…`" } else { nil }
        report("`\(domain.name)` is no name of a domain", suggestion, at: domain.location)
        return name
    }

    /// A domain that is an address, in the form of `Authority`: the canonical text, that of IPv6 in brackets.
    private mutating func normalName(
        _ address: IPAddress, of domain: ProxyConfiguration.Domain, isPattern: Bool, isBracketed: Bool
    ) -> String {
        let name =
            switch address {
            case .v4: address.description
            case .v6: "[\(address)]"
            }
        if isPattern {
            let cure = "no names are below an address: write `\(name)`"
            report("`\(domain.name)` is no name of a domain", cure, at: domain.location)
        } else if isBracketed, case .v4 = address {
            let cure = "only IPv6 addresses have brackets: write `\(name)`"
            report("`\(domain.name)` is no name of a domain", cure, at: domain.location)
        }
        return name
    }

    private mutating func route(
        _ source: ProxyConfiguration.Route, of domain: ProxyConfiguration.Domain, in clusters: inout ClusterSet
    ) -> Route? {
        check(source.timeouts, at: source.location)
        checkPath(source.path, at: source.location)
        for method in source.methods { checkMethod(method, at: source.location) }
        guard let (target, overrides) = target(source, of: domain, in: &clusters) else { return nil }
        let timeouts = configuration.timeouts
            .overridden(by: domain.timeouts).overridden(by: overrides).overridden(by: source.timeouts)
        routeCount += 1
        return Route(source, target: target, timeouts: timeouts, number: routeCount - 1)
    }

    private mutating func target(
        _ source: ProxyConfiguration.Route, of domain: ProxyConfiguration.Domain, in clusters: inout ClusterSet
    ) -> (RouteTarget, TimeoutOverrides)? {
        switch source.action {
        case .cluster(let name):
            guard let cluster = clusters.named[name] else {
                report(
                    "there is no cluster `\(name)`", Spelling.suggestion(for: name, among: clusters.named.keys),
                    at: source.location ?? domain.location)
                return nil
            }
            return (.cluster(cluster), cluster.timeouts)
        case .endpoints(let inline):
            let cluster = cluster(inline, in: &clusters)
            clusters.add(inline: cluster)
            return (.cluster(cluster), cluster.timeouts)
        case .redirect(let to, let status):
            if ![301, 302, 303, 307, 308].contains(status) {
                report("redirect status \(status)", "301, 302, 303, 307 or 308", at: source.location)
            }
            if to.isEmpty || to.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
                report("redirect target `\(to)` is no URL", at: source.location)
            }
            return (.redirect(RedirectTarget(to, path: source.path), status: status), TimeoutOverrides())
        case .respond(let status, let body):
            if !(200...599).contains(status) {
                report("response status \(status)", "200 to 599", at: source.location)
            }
            checkContent(status, body, at: source.location)
            return (.respond(status: status, body: Array(body.utf8)), TimeoutOverrides())
        }
    }

    /// A route behind one that takes all its requests is probably a mistake in the order.
    private mutating func warnAboutShadows(_ routes: [Route], of domain: ProxyConfiguration.Domain) {
        for (index, route) in routes.enumerated() {
            let shadow = routes[..<index].first { earlier in
                earlier.takes(path: route.path[...])
                    && (earlier.methods.isEmpty
                        || !route.methods.isEmpty && route.methods.allSatisfy { earlier.takes(method: $0[...]) })
            }
            guard let shadow else { continue }
            let place = shadow.location.map { " at \($0)" } ?? ""
            warnings.append(
                ConfigurationProblem(
                    "route `\(route.text)` of `\(domain.name)` never takes a request",
                    suggestion: "`\(shadow.text)`\(place) comes first and takes them all", location: route.location))
        }
    }
}
