// What the control thread works on: the resolver of names and the monitor of health.
// The thread itself is ControlLoop's matter.

import CLibevent
import RelevoPolicy

/// Everything that happens once for a process. Confined to the control loop.
package final class ControlPlane {
    let loop: EventLoop
    let resolver: NameResolver
    let monitor: HealthMonitor

    /// Creates the parts; nothing is looked up or checked yet.
    init(
        _ loop: EventLoop, _ snapshot: ProxySnapshot, _ settings: GroupSettings, workers: [LoopMailbox<Worker>],
        mailbox: LoopMailbox<ControlPlane>
    ) throws(SystemError) {
        self.loop = loop
        let monitor = try HealthMonitor(
            loop: loop, snapshot.clusters,
            publish: { cluster, standings in
                for worker in workers { worker.post { $0.standingsChanged(cluster: cluster, standings) } }
            }, notify: settings.notify)
        self.monitor = monitor
        resolver = try NameResolver(
            loop: loop, post: { job in mailbox.post { job($0.resolver) } }, lookup: settings.lookup,
            onResult: { endpoint, result in
                switch result {
                case .success(let addresses):
                    settings.notify(.nameResolved(endpoint.text, addresses))
                    let id = endpoint.id
                    monitor.resolved(endpoint: id, to: addresses)
                    for worker in workers { worker.post { $0.resolved(endpoint: id, to: addresses) } }
                case .failure(let failure):
                    settings.notify(.nameUnresolved(endpoint.text, reason: failure.description))
                }
            })
    }

    /// Stops everything.
    func close() {
        resolver.close()
        monitor.close()
    }
}

@available(*, unavailable)
extension ControlPlane: Sendable {}
