// What the control thread works on: the resolver of names and the monitor of health.
// The thread itself is ControlLoop's matter.

import CLibevent
import CLibeventDNS
import CLibeventTLS
import RelevoPolicy

/// Everything that happens once for a process. Confined to the control loop.
package final class ControlPlane {
    let loop: EventLoop
    let resolver: NameResolver
    let monitor: HealthMonitor
    private var rotation: Timer?
    /// How often the keys of tickets are replaced; those before stay good for two more of these times.
    private static let ticketTime = Duration.seconds(8 * 3600)

    /// Creates the parts; nothing is looked up or checked yet.
    init(
        _ loop: EventLoop, _ snapshot: ProxySnapshot, _ settings: GroupSettings, workers: [LoopMailbox<Worker>]
    ) throws(SystemError) {
        self.loop = loop
        let monitor = try HealthMonitor(
            loop: loop, snapshot.clusters, tls: settings.clusterCertificates?.contexts ?? [],
            publish: { cluster, standings in
                for worker in workers { worker.postAlways { $0.standingsChanged(cluster: cluster, standings) } }
            }, notify: settings.notify)
        self.monitor = monitor
        resolver = try NameResolver(
            loop: loop, snapshot, makeSource: settings.names, seed: settings.seed,
            onNews: { endpoints, news in
                Self.tell(news, of: endpoints[0].text, settings.notify)
                guard let targets = news.targets else { return }
                let found = Dictionary(uniqueKeysWithValues: endpoints.map { ($0.id, targets) })
                monitor.resolved(found)
                for worker in workers { worker.postAlways { $0.resolved(found) } }
            })
    }

    /// Has the keys of tickets replaced now and then.
    func rotate(_ keys: TicketKeys) throws(SystemError) {
        rotation = try Timer(loop: loop, .forever) { keys.rotate() }
        rotation?.start(Self.ticketTime)
    }

    private static func tell(_ news: NameNews, of name: String, _ notify: (ProxyNotice) -> Void) {
        if let failure = news.failure {
            let isLost = news.targets.map(\.isEmpty) ?? false
            notify(isLost ? .nameGone(name) : .nameUnresolved(name, reason: failure.description))
        } else if let targets = news.targets {
            notify(.nameResolved(name, targets.flatMap(\.addresses)))
        } else if news.isBack {
            notify(.nameAnswers(name))
        }
    }

    /// Stops everything.
    func close() {
        rotation?.close()
        rotation = nil
        resolver.close()
        monitor.close()
    }
}

@available(*, unavailable)
extension ControlPlane: Sendable {}
