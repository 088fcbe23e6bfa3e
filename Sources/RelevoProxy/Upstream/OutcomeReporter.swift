// Tells the control loop of endpoints that fail: soon, but not for each request.
// What follows from it is decided in ClusterHealth.

import CLibevent
import RelevoPolicy

/// The endpoints of one worker of which the control loop has to hear. Confined to the worker's thread.
final class OutcomeReporter {
    private let loop: EventLoop
    private let control: LoopMailbox<ControlPlane>
    private var waiting: [(cluster: ClusterState, position: Int)] = []
    private var pacing = ReportPacing()

    /// Creates a reporter that has nothing to tell.
    init(_ loop: EventLoop, to control: LoopMailbox<ControlPlane>) {
        self.loop = loop
        self.control = control
    }

    /// There is something about an endpoint: puts it on the list, and tells of a failure unless that was done a moment
    /// ago.
    func add(_ cluster: ClusterState, _ position: Int, _ news: OutcomeNews) {
        guard !cluster.isRetired else { return }
        if news.isNew { waiting.append((cluster, position)) }
        if news.isUrgent, pacing.allows(now: loop.now.nanoseconds) { report() }
    }

    /// Tells of all that are on the list. Called at each tick.
    func report() {
        guard !waiting.isEmpty else { return }
        pacing.reported(now: loop.now.nanoseconds)
        let reports = waiting.filter { !$0.cluster.isRetired }.map { cluster, position in
            OutcomeReport(
                cluster: cluster.cluster.id, position: position, tally: cluster.takeTally(position))
        }
        waiting.removeAll(keepingCapacity: true)
        control.post { $0.monitor.served(reports) }
    }
}

@available(*, unavailable)
extension OutcomeReporter: Sendable {}
