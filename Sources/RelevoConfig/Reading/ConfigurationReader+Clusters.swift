// Clusters and their endpoints, named or written at their place. What an address or a weight may be is checked by
// `SnapshotBuilder`; the settings of clusters are read in files of their own.

import RelevoPolicy

extension ConfigurationReader {
    /// The named clusters in the order of the file.
    mutating func clusters(_ field: Field) -> [ProxyConfiguration.Cluster] {
        named(field, wants: "a map of names, e.g. `api: { endpoints: [10.0.0.1] }`").compactMap { name, field in
            cluster(name, field)
        }
    }

    private mutating func cluster(_ name: String, _ field: Field) -> ProxyConfiguration.Cluster? {
        if case .list = field.node.content {
            let endpoints = endpoints(field.lengthened(to: "endpoints"))
            return ProxyConfiguration.Cluster(name, endpoints: endpoints, location: field.keyLocation)
        }
        guard let fields = map(field, .cluster, wants: "a map or a list of endpoints") else { return nil }
        let place = field.keyLocation ?? field.place
        guard let list = fields["endpoints"] else {
            report(
                "cluster \(name.quoted) has no `endpoints`", suggestion: "for example `endpoints: [10.0.0.1]`",
                at: place)
            return nil
        }
        var cluster = ProxyConfiguration.Cluster(name, endpoints: endpoints(list), location: place)
        settings(fields, into: &cluster, at: field.path)
        cluster.timeouts = overrides(fields["timeouts"])
        return cluster
    }

    /// The endpoints of a list.
    mutating func endpoints(_ field: Field) -> [ProxyConfiguration.Endpoint] {
        let items = list(field, of: "an endpoint", wants: "a list of endpoints") ?? []
        return items.compactMap { endpoint($0) }
    }

    private mutating func endpoint(_ field: Field) -> ProxyConfiguration.Endpoint? {
        guard case .map(let entries) = field.node.content else {
            let address = address(field.lengthened(to: "address"), example: "10.0.0.1:80")
            return address.map { ProxyConfiguration.Endpoint($0, location: field.node.location) }
        }
        if let apart = addressApart(entries) {
            mismatch(field, wants: "an address", suggestion: "write \(apart.quoted) without the space")
            return nil
        }
        guard let fields = map(field, .endpoint) else { return nil }
        let weight = fields["weight"].map { number($0, wants: "a whole number") } ?? 1
        let reserve = fields["backup"].map { backup($0) } ?? 0
        let limit = fields["max_requests"].flatMap { maxRequests($0) }
        let tls = fields["tls"].map { isOn($0) } ?? false
        guard let value = fields["address"] else {
            report("an endpoint wants an `address`", at: field.place)
            return nil
        }
        guard let text = address(value, example: "10.0.0.1:80"), let weight, let reserve, let tls else { return nil }
        if !tls, let field = fields["tls"], AddressText.isSecure(text) {
            report("endpoint \(text.quoted) is with TLS and without it", suggestion: "write `http://`", at: field.place)
            return nil
        }
        var endpoint = ProxyConfiguration.Endpoint(text, weight: weight, location: value.node.location)
        endpoint.backup = reserve
        endpoint.maxRequests = limit
        endpoint.tls = tls
        return endpoint
    }

    /// Who serves while an endpoint cannot: `true` is the first in reserve.
    private mutating func backup(_ field: Field) -> Int? {
        if says("true", field) { return 1 }
        if says("false", field) { return 0 }
        return number(field, in: ClusterRules.backups, wants: "`true`, `false` or a number from 0 to 9")
    }

    /// What an endpoint is given at most; only the cluster can have no limit.
    private mutating func maxRequests(_ field: Field) -> Int? {
        guard !says("off", field) else {
            mismatch(
                field, wants: "a whole number",
                suggestion: "leave it out: then what the cluster's `max_requests` says holds")
            return nil
        }
        return number(field, in: ClusterRules.requests, wants: "a whole number")
    }

    /// An address that became a map because a space stands before its port.
    private func addressApart(_ entries: [YAMLEntry]) -> String? {
        guard entries.count == 1, let entry = entries.first, let port = entry.value.scalar?.text,
            WholeNumber.parse(port) != nil, !Section.endpoint.keys.contains(entry.key.text)
        else { return nil }
        return entry.key.text + ":" + port
    }
}
