// Tells the control loop of endpoints that fail: soon, but not for each request.
// What follows from it is decided in ClusterHealth.

import CLibevent
import RelevoPolicy

/// The endpoints of one worker of which the control loop has to hear. Confined to the worker's thread.
final class OutcomeReporter {
    /// The shortest time between two reports.
    private static let interval: Duration = .milliseconds(10)

    private let loop: EventLoop
    private let control: LoopMailbox<ControlPlane>
    private var waiting: [(cluster: ClusterState, position: Int)] = []
    private var silence = MonotonicTime(nanoseconds: 0)

    /// Creates a reporter that has nothing to tell.
    init(_ loop: EventLoop, to control: LoopMailbox<ControlPlane>) {
        self.loop = loop
        self.control = control
    }

    /// Puts an endpoint on the list, and tells of it unless that was done a moment ago.
    func add(_ cluster: ClusterState, _ position: Int) {
        waiting.append((cluster, position))
        if loop.now >= silence { report() }
    }

    /// Tells of all that are on the list. Called at each tick.
    func report() {
        guard !waiting.isEmpty else { return }
        silence = loop.now + Self.interval
        let reports = waiting.map { cluster, position in
            OutcomeReport(
                cluster: cluster.cluster.id, position: position, tally: cluster.endpoints[position].takeTally())
        }
        waiting.removeAll(keepingCapacity: true)
        control.post { $0.monitor.served(reports) }
    }
}

@available(*, unavailable)
extension OutcomeReporter: Sendable {}
