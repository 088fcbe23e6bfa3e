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

/// The health of all endpoints of a snapshot. Confined to the control loop.
final class HealthMonitor {
    /// Tells workers of a cluster's endpoints.
    typealias Publish = (_ cluster: Int, [EndpointStanding]) -> Void

    private let loop: EventLoop
    private let clusters: [Cluster]
    private var health: [ClusterHealth]
    private var checkers: [EndpointChecker] = []
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
        self.clusters = clusters
        self.publish = publish
        self.notify = notify
        let now = MonotonicTime.now.nanoseconds
        health = clusters.map { ClusterHealth($0, now: now) }
        deadline = try Timer(loop: loop, .once) { [unowned self] in elapsed() }
        for cluster in clusters {
            guard let check = cluster.health else { continue }
            let context = tls.indices.contains(cluster.id) ? tls[cluster.id] : nil
            for (position, endpoint) in cluster.endpoints.enumerated() {
                let security = EndpointSecurity(endpoint, context)
                checkers.append(
                    try EndpointChecker(loop: loop, check, endpoint, security) { [unowned self] result in
                        checked(cluster.id, position, result)
                    })
            }
        }
    }

    /// Begins to check, at once, and tells the workers where everything stands.
    func start() {
        for cluster in clusters { publish(cluster.id, health[cluster.id].standings) }
        for checker in checkers { checker.start() }
    }

    /// Takes the addresses that an endpoint's name has now.
    func resolved(endpoint id: Int, to targets: [NameTarget]) {
        let addresses = targets.flatMap(\.addresses)
        for checker in checkers where checker.endpoint.id == id { checker.addresses = addresses }
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
        for cluster in clusters where cluster.name == name {
            guard let position = cluster.endpoints.firstIndex(where: { $0.text == endpoint }) else { continue }
            isFound = true
            change(cluster.id) { $0.ordered(position, order, now: $1) }
        }
        return isFound
    }

    /// How all endpoints are; what they have in flight is known to the workers.
    var reports: [EndpointReport] {
        clusters.flatMap { cluster in
            zip(cluster.endpoints, health[cluster.id].standings).map { endpoint, standing in
                EndpointReport(cluster: cluster.name, endpoint: endpoint.text, standing: standing, active: 0)
            }
        }
    }

    /// Stops checking.
    func close() {
        deadline?.close()
        deadline = nil
        for checker in checkers { checker.close() }
        checkers = []
    }

    private func checked(_ cluster: Int, _ position: Int, _ result: CheckResult) {
        change(cluster) { $0.checked(position, result, now: $1) }
    }

    private func elapsed() {
        due = .max
        let now = MonotonicTime.now.nanoseconds
        for cluster in clusters where health[cluster.id].nextDeadline ?? .max <= now {
            change(cluster.id) { $0.elapsed(now: $1) }
        }
        if let next = health.lazy.compactMap(\.nextDeadline).min() { arm(next) }
    }

    /// Lets one cluster's health change, and tells everybody if it did.
    private func change(_ id: Int, _ event: (inout ClusterHealth, UInt64) -> [HealthChange]) {
        guard health.indices.contains(id) else { return }
        let before = health[id].standings
        let changes = event(&health[id], MonotonicTime.now.nanoseconds)
        let after = health[id].standings
        if before != after { publish(id, after) }
        for change in changes { notify(.healthChanged(cluster: clusters[id].name, change)) }
        if let next = health[id].nextDeadline { arm(next) }
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
