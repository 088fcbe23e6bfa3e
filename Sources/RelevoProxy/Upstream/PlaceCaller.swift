// Calls whoever waits for a place in a cluster when one is free.
// Who is next is known to ClusterState, how many places there are to ClusterCapacity.

import CLibevent
import RelevoPolicy

/// The caller of one worker. Confined to its thread.
final class PlaceCaller {
    private let callOthers: @Sendable (Int) -> Void
    /// Clusters with a place for which somebody waits here, one entry for each place.
    private var freed: [ClusterState] = []
    private var soon: Timer?

    /// Creates a caller. `callOthers` tells the other workers of a free place in the cluster of a number.
    init(_ loop: EventLoop, callOthers: @escaping @Sendable (Int) -> Void) throws(SystemError) {
        self.callOthers = callOthers
        soon = try Timer(loop: loop, .once) { [unowned self] in call() }
    }

    /// A place of a cluster is free: whoever waits gets it, but not before the current event is dealt with.
    func placeIsFree(in cluster: ClusterState) {
        guard cluster.isAnyWaiting else { return }
        guard cluster.isAnyWaitingHere else { return callOthers(cluster.cluster.id) }
        freed.append(cluster)
        if freed.count == 1 { soon?.start(.zero) }
    }

    /// Calls nobody any more.
    func close() {
        soon?.close()
        soon = nil
        freed = []
    }

    private func call() {
        let all = freed
        freed = []
        for cluster in all { cluster.callNext(1) }
    }
}

@available(*, unavailable)
extension PlaceCaller: Sendable {}
