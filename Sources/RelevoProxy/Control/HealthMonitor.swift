// Finds out which endpoints may be used: makes the checks, hears from the workers how endpoints serve, and tells the
// workers what follows. What follows from what is decided in RelevoPolicy.

import CLibevent
import CLibeventTLS
import RelevoPolicy

/// What a worker saw of an endpoint since it last reported.
struct OutcomeReport: Sendable {
    var cluster: Int
    var position: Int
    var tally: OutcomeTally
}

/// One cluster while its health is followed. Confined to the control loop.
private final class WatchedCluster {
    let cluster: Cluster
    var health: ClusterHealth
    var checkers: [EndpointChecker] = []

    init(_ cluster: Cluster, now: UInt64) {
        self.cluster = cluster
        health = ClusterHealth(cluster, now: now)
    }
}

/// The health of all endpoints of a snapshot. Confined to the control loop.
final class HealthMonitor {
    /// Tells workers of a cluster's endpoints.
    typealias Publish = (_ cluster: Int, [EndpointStanding]) -> Void

    private let loop: EventLoop
    /// How often endpoints were ejected, by the name of their cluster.
    private(set) var ejections: [String: Int] = [:]
    /// In the order of the configuration.
    private var watched: [WatchedCluster] = []
    /// The same by the clusters' numbers.
    private var table: [Int: WatchedCluster] = [:]
    private let publish: Publish
    private let notify: (ProxyNotice) -> Void
    private var deadline: Timer?
    /// When it is due, in nanoseconds.
    private var due = UInt64.max

    /// Creates a monitor; nothing is checked before ``start()``.
    init(
        loop: EventLoop, _ clusters: [Cluster], tls: [TLSClientContext?] = [], publish: @escaping Publish,
        notify: @escaping (ProxyNotice) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.publish = publish
        self.notify = notify
        deadline = try Timer(loop: loop, .once) { [unowned self] in elapsed() }
        for cluster in clusters { watched.append(try watch(cluster, tls)) }
        index()
    }

    private func index() { table = Dictionary(uniqueKeysWithValues: watched.map { ($0.cluster.id, $0) }) }

    private func watch(_ cluster: Cluster, _ tls: [TLSClientContext?]) throws(SystemError) -> WatchedCluster {
        let watched = WatchedCluster(cluster, now: MonotonicTime.now.nanoseconds)
        guard let check = cluster.health else { return watched }
        let context = tls.indices.contains(cluster.id) ? tls[cluster.id] : nil
        for (position, endpoint) in cluster.endpoints.enumerated() {
            let security = EndpointSecurity(endpoint, context)
            watched.checkers.append(
                try EndpointChecker(loop: loop, check, endpoint, security) { [unowned self] result in
                    checked(cluster.id, position, result)
                })
        }
        return watched
    }

    /// Begins to check, at once, and tells the workers where everything stands.
    func start() {
        for each in watched {
            publish(each.cluster.id, each.health.standings)
            for checker in each.checkers { checker.start() }
        }
    }

    /// Takes other clusters. Those that are still there go on as they were; those that have changed take over what is
    /// known of their endpoints. Nothing is published: see ``standings``.
    /// - Throws: before anything has changed.
    func replace(with clusters: [Cluster], tls: [TLSClientContext?]) throws(SystemError) {
        var next: [WatchedCluster] = []
        var fresh: [WatchedCluster] = []
        for cluster in clusters {
            if let same = table[cluster.id], same.cluster === cluster {
                next.append(same)
            } else {
                let made = try watch(cluster, tls)
                next.append(made)
                fresh.append(made)
            }
        }
        let now = MonotonicTime.now.nanoseconds
        let earlier = Dictionary(watched.map { ($0.cluster.key, $0) }, uniquingKeysWith: { first, _ in first })
        for made in fresh {
            guard let before = earlier[made.cluster.key] else { continue }
            for change in made.health.adopt(before.health, now: now) {
                notify(.healthChanged(cluster: made.cluster.name, change))
            }
        }
        let kept = Set(next.map { ObjectIdentifier($0) })
        for gone in watched where !kept.contains(ObjectIdentifier(gone)) {
            for checker in gone.checkers { checker.close() }
        }
        watched = next
        index()
        for each in watched {
            let context = tls.indices.contains(each.cluster.id) ? tls[each.cluster.id] : nil
            for checker in each.checkers { checker.security = EndpointSecurity(checker.endpoint, context) }
        }
        for made in fresh {
            for checker in made.checkers { checker.start() }
            if let next = made.health.nextDeadline { arm(next) }
        }
    }

    /// What workers may do with the endpoints, by the number of their cluster.
    var standings: [(cluster: Int, [EndpointStanding])] { watched.map { ($0.cluster.id, $0.health.standings) } }

    /// Takes the addresses that the names of endpoints have now, by the endpoint's number.
    func resolved(_ targets: [Int: [NameTarget]]) {
        for each in watched {
            for checker in each.checkers {
                if let found = targets[checker.endpoint.id] { checker.addresses = found.flatMap(\.addresses) }
            }
        }
    }

    /// Hears what a worker has seen.
    func served(_ reports: [OutcomeReport]) {
        for report in reports {
            change(report.cluster) { $0.served(report.position, report.tally, now: $1) }
        }
    }

    /// Does what an operator orders; false if there is no such endpoint.
    func ordered(_ order: EndpointOrder, endpoint: String, ofCluster name: String) -> Bool {
        var isFound = false
        for cluster in watched.map(\.cluster) where cluster.name == name {
            guard let position = cluster.endpoints.firstIndex(where: { $0.text == endpoint }) else { continue }
            isFound = true
            change(cluster.id) { $0.ordered(position, order, now: $1) }
        }
        return isFound
    }

    /// How all endpoints are; what they have in flight is known to the workers.
    var reports: [EndpointReport] {
        watched.flatMap { each in
            zip(each.cluster.endpoints, each.health.standings).map { endpoint, standing in
                EndpointReport(
                    id: endpoint.id, cluster: each.cluster.name, endpoint: endpoint.text, standing: standing,
                    active: 0)
            }
        }
    }

    /// The orders that hold.
    var orders: [HeldOrder] {
        watched.flatMap { each in
            zip(each.cluster.endpoints, each.health.orders).flatMap { endpoint, orders in
                orders.map { HeldOrder(cluster: each.cluster.name, endpoint: endpoint.text, order: $0) }
            }
        }
    }

    /// Stops checking.
    func close() {
        deadline?.close()
        deadline = nil
        for each in watched {
            for checker in each.checkers { checker.close() }
        }
        watched = []
        index()
    }

    private func checked(_ cluster: Int, _ position: Int, _ result: CheckResult) {
        change(cluster) { $0.checked(position, result, now: $1) }
    }

    private func elapsed() {
        due = .max
        let now = MonotonicTime.now.nanoseconds
        for each in watched where each.health.nextDeadline ?? .max <= now {
            change(each.cluster.id) { $0.elapsed(now: $1) }
        }
        if let next = watched.lazy.compactMap(\.health.nextDeadline).min() { arm(next) }
    }

    /// Lets one cluster's health change, and tells everybody if it did.
    private func change(_ id: Int, _ event: (inout ClusterHealth, UInt64) -> [HealthChange]) {
        guard let each = table[id] else { return }
        let before = each.health.standings
        let changes = event(&each.health, MonotonicTime.now.nanoseconds)
        let after = each.health.standings
        if before != after { publish(id, after) }
        for change in changes {
            if case .ejected = change.to { ejections[each.cluster.name, default: 0] += 1 }
            notify(.healthChanged(cluster: each.cluster.name, change))
        }
        if let next = each.health.nextDeadline { arm(next) }
    }

    /// Has ``elapsed()`` called at a time, if it would be later.
    private func arm(_ time: UInt64) {
        guard time < due else { return }
        due = time
        let now = MonotonicTime.now.nanoseconds
        deadline?.start(.nanoseconds(time > now ? Int64(clamping: time - now) : 1_000_000))
    }
}

@available(*, unavailable)
extension HealthMonitor: Sendable {}
