// The control thread's part of a reload: names of the new snapshot get addresses first, then everything changes in one
// event, and the workers are told in the order in which they are told of everything else.

import CLibevent
import CLibeventTLS
import RelevoPolicy

extension ControlPlane {
    /// Asks for names that are new; `done` is called once, when each has had an answer or a failure, or with the
    /// system's reason at once.
    func prepare(_ snapshot: ProxySnapshot, done: @escaping (SystemError?) -> Void) {
        do throws(SystemError) {
            try resolver.prepare(snapshot) { done(nil) }
        } catch {
            done(error)
        }
    }

    /// Goes over to a snapshot, and completes what workers are to be told of it.
    /// - Throws: before anything has changed.
    func commit(_ generation: Generation) throws(SystemError) -> Generation {
        var complete = generation
        try monitor.replace(with: generation.snapshot.clusters, tls: generation.clusterTLS)
        resolver.replace(with: generation.snapshot)
        complete.targets = resolver.targets
        monitor.resolved(complete.targets)
        complete.standings = monitor.standings
        return complete
    }
}
