// What a new configuration would change, found by comparing two values: nothing runs for it, nothing is opened.
// How a change is carried out is a matter of RelevoProxy. The words are in ReloadPlan+Text.

/// The difference between the configuration that is served and another.
public struct ReloadPlan: Sendable, Hashable {
    /// What an item is about.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case listener, domain, route, cluster, endpoint, setting  // tidy: each is the word for what it names
    }

    /// What happens to it.
    public enum Change: String, Sendable, Hashable, CaseIterable {
        case added, removed, changed  // tidy: each is the word for what happens
    }

    /// One difference.
    public struct Item: Sendable, Hashable {
        /// What it is about.
        public let kind: Kind
        /// Its name: an address, a domain, `a.example GET /v1/`, `api`, `api 10.0.0.1:80`, `timeouts`.
        public let name: String
        /// What happens to it.
        public let change: Change
        /// The settings that differ, by their keys in a configuration file; empty unless it is changed.
        public let keys: [String]
        /// Where it is written in the new configuration, or in the old one if it is removed.
        public let location: SourceLocation?
    }

    /// Every difference, in the order of the configuration.
    public private(set) var items: [Item] = []

    /// Whether both configurations say the same.
    public var isEmpty: Bool { items.isEmpty }

    /// Those that a running proxy cannot make.
    public var needsRestart: [Item] {
        items.filter { $0.kind == .setting && ["workers", "access_log", "tracing", "admin", "user"].contains($0.name) }
    }

    /// Compares two configurations. Where things are written does not count.
    public init(from old: ProxyConfiguration, to new: ProxyConfiguration) {
        compareListeners(old.listeners, new.listeners)
        compareDomains(old.domains, new.domains)
        compareClusters(old.clusters, new.clusters)
        compareSettings(old, new)
    }

    private mutating func add(
        _ kind: Kind, _ name: String, _ change: Change, keys: [String] = [], at location: SourceLocation?
    ) {
        items.append(Item(kind: kind, name: name, change: change, keys: keys, location: location))
    }
}

// MARK: - Comparing

extension ReloadPlan {
    private mutating func compareListeners(
        _ old: [ProxyConfiguration.Listener], _ new: [ProxyConfiguration.Listener]
    ) {
        let pairs = Pairs(old, new) { Self.address($0.address) }
        for listener in pairs.removed { add(.listener, listener.address, .removed, at: listener.location) }
        for listener in pairs.added { add(.listener, listener.address, .added, at: listener.location) }
        for (before, after) in pairs.kept {
            let location = after.location
            var (before, after) = (before.unlocated, after.unlocated)
            var keys = Self.differing([
                ("tls", before.tls == after.tls), ("proxy_protocol", before.proxyProtocol == after.proxyProtocol),
                ("redirect", before.redirect == after.redirect),
            ])
            before.address = after.address
            // Whatever else there may be some day.
            if keys.isEmpty, before != after { keys = ["settings"] }
            if !keys.isEmpty { add(.listener, after.address, .changed, keys: keys, at: location) }
        }
    }

    /// The same address is the same listener, however it is spelled.
    private static func address(_ text: String) -> String {
        (try? AddressText.listener(text).description) ?? text
    }

    private mutating func compareDomains(_ old: [ProxyConfiguration.Domain], _ new: [ProxyConfiguration.Domain]) {
        let pairs = Pairs(old, new) { $0.name.lowercased() }
        for domain in pairs.removed { add(.domain, domain.name, .removed, at: domain.location) }
        for domain in pairs.added { add(.domain, domain.name, .added, at: domain.location) }
        for (before, after) in pairs.kept {
            let keys = Self.differing([
                ("connection", before.connection == after.connection),
                ("forwarded", before.forwarded == after.forwarded),
                ("hsts", before.hsts == after.hsts), ("timeouts", before.timeouts == after.timeouts),
            ])
            if !keys.isEmpty { add(.domain, after.name, .changed, keys: keys, at: after.location) }
            compareRoutes(before, after)
        }
    }

    private mutating func compareRoutes(_ old: ProxyConfiguration.Domain, _ new: ProxyConfiguration.Domain) {
        let pairs = Pairs(old.routes, new.routes, by: \.text)
        for route in pairs.removed { add(.route, "\(new.name) \(route.text)", .removed, at: route.location) }
        for route in pairs.added { add(.route, "\(new.name) \(route.text)", .added, at: route.location) }
        for (before, after) in pairs.kept {
            let name = "\(new.name) \(after.text)"
            var keys = Self.differing([("timeouts", before.timeouts == after.timeouts)])
            if case .endpoints(let earlier) = before.action, case .endpoints(let later) = after.action {
                compareCluster(earlier, later)
            } else if before.action != after.action {
                keys.insert(contentsOf: Set([before.action.key, after.action.key]).sorted(), at: 0)
            }
            if !keys.isEmpty { add(.route, name, .changed, keys: keys, at: after.location) }
        }
        let order = pairs.kept.map(\.1.text)
        guard order != pairs.keptBefore.map(\.text) else { return }
        add(.domain, new.name, .changed, keys: ["routes"], at: new.location)
    }

    private mutating func compareClusters(
        _ old: [ProxyConfiguration.Cluster], _ new: [ProxyConfiguration.Cluster]
    ) {
        let pairs = Pairs(old, new, by: \.name)
        for cluster in pairs.removed { add(.cluster, cluster.name, .removed, at: cluster.location) }
        for cluster in pairs.added { add(.cluster, cluster.name, .added, at: cluster.location) }
        for (before, after) in pairs.kept { compareCluster(before, after) }
    }

    private mutating func compareCluster(_ old: ProxyConfiguration.Cluster, _ new: ProxyConfiguration.Cluster) {
        let (before, after) = (old.unlocated, new.unlocated)
        let keys = Self.differing([
            ("balance", before.balance == after.balance), ("health", before.health == after.health),
            ("ejection", before.ejection == after.ejection), ("retry", before.retry == after.retry),
            ("slow_start", before.slowStart == after.slowStart), ("hold", before.hold == after.hold),
            ("max_requests", before.maxRequests == after.maxRequests),
            (
                "concurrency",
                before.concurrency == after.concurrency && before.adaptiveLimit == after.adaptiveLimit
            ),
            ("queue", before.queue == after.queue), ("tls", before.tls == after.tls),
            ("proxy_protocol", before.proxyProtocol == after.proxyProtocol),
            ("timeouts", before.timeouts == after.timeouts),
        ])
        if !keys.isEmpty { add(.cluster, new.name, .changed, keys: keys, at: new.location) }
        let pairs = Pairs(old.endpoints, new.endpoints) { Self.endpoint($0) }
        for each in pairs.removed { add(.endpoint, "\(new.name) \(each.address)", .removed, at: each.location) }
        for each in pairs.added { add(.endpoint, "\(new.name) \(each.address)", .added, at: each.location) }
        for (before, after) in pairs.kept {
            let keys = Self.differing([
                ("weight", before.weight == after.weight), ("backup", before.backup == after.backup),
                ("max_requests", before.maxRequests == after.maxRequests),
                ("tls", before.wantsTLS == after.wantsTLS),
            ])
            if keys.isEmpty { continue }
            add(.endpoint, "\(new.name) \(after.address)", .changed, keys: keys, at: after.location)
        }
    }

    /// The same address is the same endpoint, however it is spelled.
    private static func endpoint(_ endpoint: ProxyConfiguration.Endpoint) -> String {
        (try? AddressText.endpoint(endpoint.address, tls: endpoint.tls).description) ?? endpoint.address
    }

    private mutating func compareSettings(_ old: ProxyConfiguration, _ new: ProxyConfiguration) {
        let (before, after) = (old.unlocated, new.unlocated)
        let keys = Self.differing([
            ("workers", before.workers == after.workers), ("timeouts", before.timeouts == after.timeouts),
            ("limits", before.limits == after.limits), ("resolver", before.resolver == after.resolver),
            ("trusted_proxies", before.trustedProxies == after.trustedProxies),
            ("hsts", before.hsts == after.hsts), ("access_log", before.accessLog == after.accessLog),
            ("recent", before.recent == after.recent), ("tracing", before.tracing == after.tracing),
            ("admin", before.admin == after.admin), ("user", before.user == after.user),
        ])
        for key in keys { add(.setting, key, .changed, at: nil) }
    }

    private static func differing(_ comparisons: [(key: String, isSame: Bool)]) -> [String] {
        comparisons.filter { !$0.isSame }.map(\.key)
    }
}

/// The elements of two lists that belong together, by a key; of equal keys the first with the first.
private struct Pairs<Element> {
    private(set) var kept: [(Element, Element)] = []
    private(set) var added: [Element] = []
    private(set) var removed: [Element] = []
    /// The older ones of `kept`, in their own order.
    private(set) var keptBefore: [Element] = []

    init(_ old: [Element], _ new: [Element], by key: (Element) -> String) {
        var earlier: [String: [Int]] = [:]
        for (index, element) in old.enumerated().reversed() { earlier[key(element), default: []].append(index) }
        var taken: Set<Int> = []
        for element in new {
            if let index = earlier[key(element)]?.popLast() {
                taken.insert(index)
                kept.append((old[index], element))
            } else {
                added.append(element)
            }
        }
        for (index, element) in old.enumerated() {
            if taken.contains(index) { keptBefore.append(element) } else { removed.append(element) }
        }
    }
}

extension ProxyConfiguration.Route {
    /// The route as it is written: `GET,HEAD /v1/`.
    fileprivate var text: String { (methods.isEmpty ? "" : methods.joined(separator: ",") + " ") + path }
}

extension ProxyConfiguration.RouteAction {
    /// Its key in a configuration file.
    fileprivate var key: String {
        switch self {
        case .cluster: "cluster"
        case .endpoints: "endpoints"
        case .redirect: "redirect"
        case .respond: "respond"
        }
    }
}
