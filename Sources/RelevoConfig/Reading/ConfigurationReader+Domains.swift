// Domains, their routes, and what becomes of a request. Short forms become the long ones here. Whether names of
// clusters exist is checked by `SnapshotBuilder`.

import RelevoPolicy

extension ConfigurationReader {
    /// The domains in the order of the file.
    mutating func domains(_ field: Field) -> [ProxyConfiguration.Domain] {
        named(field, wants: "a map of domain names, e.g. `a.example: [10.0.0.1]`").compactMap { name, field in
            domain(name, field)
        }
    }

    private mutating func domain(_ name: String, _ field: Field) -> ProxyConfiguration.Domain? {
        if case .list = field.node.content {
            let cluster = inlineCluster(name, endpoints: field.lengthened(to: "endpoints"), [:])
            let route = ProxyConfiguration.Route(.endpoints(cluster), location: field.node.location)
            return ProxyConfiguration.Domain(name, routes: [route], location: field.keyLocation)
        }
        guard isMap(field) else {
            let text = field.node.scalar.flatMap { $0.text.isEmpty ? nil : $0.text }
            mismatch(
                field, wants: "a list of endpoints or a map",
                suggestion: text.map { "write a list: \(YAMLText.list($0).quoted)" })
            return nil
        }
        guard let fields = map(field, .domain) else { return nil }
        let routes = routes(ofDomain: name, field, fields)
        var domain = ProxyConfiguration.Domain(name, routes: routes, location: field.keyLocation)
        if let mode = fields["connection"].flatMap({ choice($0, of: ConnectionMode.self) }) { domain.connection = mode }
        if let mode = fields["forwarded"].flatMap({ choice($0, of: ForwardedMode.self) }) { domain.forwarded = mode }
        if let choice = fields["hsts"].map({ hstsChoice($0) }) { domain.hsts = choice }
        domain.timeouts = overrides(fields["timeouts"])
        return domain
    }

    /// The routes of a domain in long form; its only one if it has an action instead.
    private mutating func routes(
        ofDomain name: String, _ field: Field, _ fields: Fields
    ) -> [ProxyConfiguration.Route] {
        let owner = Owner(name: name, label: "domain \(name.quoted)", place: field.keyLocation ?? field.place)
        let actions = ["endpoints", "cluster", "routes", "redirect", "respond"]
        guard let key = onlyAction(of: actions, in: fields, owner), let value = fields[key] else { return [] }
        guard key == "routes" else {
            let action = self.action(key, fields, owner)
            return action.map { [ProxyConfiguration.Route($0, location: value.node.location)] } ?? []
        }
        refuseStraySettings(fields, beside: key)
        if let place = value.keyLocation { note(value.path, line: place.line) }
        let items = list(value, of: "a route", wants: "a list of routes") ?? []
        return items.compactMap { route($0, ofDomain: name) }
    }

    private mutating func route(_ field: Field, ofDomain name: String) -> ProxyConfiguration.Route? {
        guard let fields = map(field, .route, wants: "a map such as `{ path: /v1/, cluster: api }`") else { return nil }
        let path = fields["path"].flatMap { self.path($0) } ?? "/"
        let methods = fields["methods"].map { self.methods($0) } ?? []
        let overrides = self.overrides(fields["timeouts"])
        let owner = Owner(name: path == "/" ? name : name + path, label: "this route", place: field.place)
        let actions = ["endpoints", "cluster", "redirect", "respond"]
        guard let key = onlyAction(of: actions, in: fields, owner) else { return nil }
        guard let action = action(key, fields, owner) else { return nil }
        var route = ProxyConfiguration.Route(action, path: path, methods: methods, location: field.node.location)
        route.timeouts = overrides
        return route
    }

    private mutating func path(_ field: Field) -> String? {
        guard let path = text(field, wants: "a path", suggestion: "for example `/v1/`") else { return nil }
        guard !path.hasPrefix("/") else { return path }
        report(
            "a path begins with `/`, found \(path.quoted)", suggestion: "write \(("/" + path).quoted)",
            at: field.place)
        return nil
    }

    /// The methods of a route; none means all, which is also written `any`.
    private mutating func methods(_ field: Field) -> [String] {
        if says("any", field) { return [] }
        let items = list(field, of: "a method", wants: "a list of methods or `any`") ?? []
        return items.compactMap { text($0, wants: "a name such as `GET`") }
    }
}

// MARK: - Actions

extension ConfigurationReader {
    /// What an action belongs to: a domain or a route.
    private struct Owner {
        /// The name for a cluster that is written at this place.
        let name: String
        /// What messages call it.
        let label: String
        /// Where it begins.
        let place: SourceLocation
    }

    /// The one action that is given; none or several are reported.
    private mutating func onlyAction(of keys: [String], in fields: Fields, _ owner: Owner) -> String? {
        let given = keys.filter { fields[$0] != nil }
        let choices = keys.map { "`\($0)`" }.joined(separator: ", ")
        guard let first = given.first else {
            report(
                "\(owner.label) does not say what becomes of its requests", suggestion: "write one of \(choices)",
                at: owner.place)
            return nil
        }
        guard given.count > 1 else { return first }
        let names = given.map { "`\($0)`" }.joined(separator: " and ")
        report("\(owner.label) has \(names)", suggestion: "keep exactly one of \(choices)", at: owner.place)
        return nil
    }

    private mutating func action(_ key: String, _ fields: Fields, _ owner: Owner) -> ProxyConfiguration.RouteAction? {
        guard let field = fields[key] else { return nil }
        if key != "endpoints" { refuseStraySettings(fields, beside: key) }
        switch key {
        case "endpoints": return .endpoints(inlineCluster(owner.name, endpoints: field, fields))
        case "cluster": return text(field, wants: "the name of a cluster").map { .cluster($0) }
        case "redirect": return redirect(field)
        default: return respond(field)
        }
    }

    /// Settings of a cluster belong where its endpoints are: without them they would do nothing.
    private mutating func refuseStraySettings(_ fields: Fields, beside key: String) {
        let name = fields[key]?.node.scalar?.text.quoted
        let cure =
            switch key {
            case "cluster": name.map { "write it in the cluster \($0)" } ?? "write it in the cluster"
            case "routes": "write it in the routes that have `endpoints`, or in their clusters"
            default: "remove it"
            }
        for setting in Section.settings {
            guard let field = fields[setting] else { continue }
            report(
                "`\(setting)` has no meaning beside `\(key)`", suggestion: cure, at: field.keyLocation ?? field.place)
        }
    }

    /// A cluster that has its endpoints and settings among the keys of a domain or a route.
    private mutating func inlineCluster(
        _ name: String, endpoints field: Field, _ fields: Fields
    ) -> ProxyConfiguration.Cluster {
        let location = field.keyLocation ?? field.node.location
        var cluster = ProxyConfiguration.Cluster(name, endpoints: endpoints(field), location: location)
        settings(fields, into: &cluster, at: Array(field.path.dropLast()))
        return cluster
    }

    private mutating func redirect(_ field: Field) -> ProxyConfiguration.RouteAction? {
        guard isMap(field) else {
            let wants = "an address or a map such as `{ to: https://b.example/, status: 308 }`"
            return text(field.lengthened(to: "to"), wants: wants).map { .redirect(to: $0, status: 307) }
        }
        guard let fields = map(field, .redirect) else { return nil }
        let status = fields["status"].map { number($0, wants: "a status such as 308") } ?? 307
        guard let to = fields["to"] else {
            report("`redirect` wants `to`", at: field.keyLocation ?? field.place)
            return nil
        }
        guard let address = text(to, wants: "an address"), let status else { return nil }
        return .redirect(to: address, status: status)
    }

    private mutating func respond(_ field: Field) -> ProxyConfiguration.RouteAction? {
        let wants = "a status or a map such as `{ status: 200, body: ok }`"
        guard isMap(field) else {
            return number(field.lengthened(to: "status"), wants: wants).map { .respond(status: $0, body: "") }
        }
        guard let fields = map(field, .respond) else { return nil }
        let status = fields["status"].map { number($0, wants: "a status such as 200") } ?? 200
        let body = fields["body"].map { anyText($0, wants: "a text") } ?? ""
        guard let status, let body else { return nil }
        return .respond(status: status, body: body)
    }
}
