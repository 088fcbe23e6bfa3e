// The steps of a reload over all threads. What can fail comes first; from the commit on nothing can.
// What one worker does is in Worker+Reload.

import CLibevent
package import RelevoPolicy
import Synchronization

/// What a reload has come to.
package struct ReloadOutcome: Sendable, Hashable {
    /// Exchanges that run on with routes or endpoints that are gone, until the time for that is over.
    package var leaving = 0
}

extension WorkerGroup {
    /// Serves another snapshot, which was built after the one that is served.
    ///
    /// New names are looked up first, for a bounded time. Returns when every worker serves the new snapshot.
    /// - Throws: before anything has changed.
    package func reload(
        _ snapshot: ProxySnapshot, _ settings: GroupSettings
    ) async throws(StartError) -> ReloadOutcome {
        let before = capacities.withLock(\.self)
        let generation = Generation(
            snapshot: snapshot, capacities: Self.capacities(of: snapshot, after: served.withLock(\.self), before),
            clusterTLS: settings.clusterCertificates?.contexts ?? [], targets: [:], standings: [],
            maxConnections: max(1, Self.connectionBound(snapshot, settings, 1) / workers.count))
        try await prepare(snapshot, settings.lookupPatience)
        let files: FilesLoop?
        do throws(SystemError) {
            files = try filesLoop(settings)
        } catch {
            throw StartError(listener: nil, reason: error)
        }
        census.allow(snapshot.limits.clientConnections)
        capacities.withLock { $0 = generation.capacities }
        served.withLock { $0 = snapshot }
        do throws(StartError) {
            let leaving = try await commit(generation)
            // The former thread ends first: what it still publishes is older.
            await follow(by: files)
            if let certificates = settings.certificates { serve(certificates) }
            return ReloadOutcome(leaving: leaving)
        } catch {
            await files?.end()
            throw error
        }
    }

    private func prepare(_ snapshot: ProxySnapshot, _ patience: Duration) async throws(StartError) {
        let answered = Promise<SystemError?>()
        let isPosted = control.mailbox.post { $0.prepare(snapshot) { answered.fulfil($0) } }
        guard isPosted else { return }
        if let reason = await answered.value(within: patience, otherwise: nil) {
            throw StartError(listener: nil, reason: reason)
        }
    }

    /// Changes the control thread and, from there, the workers: whatever it tells them later is about the new snapshot.
    private func commit(_ generation: Generation) async throws(StartError) -> Int {
        let promises = workers.map { _ in Promise<Int>() }
        let failure = Promise<SystemError?>()
        let workers = workers
        let isPosted = control.mailbox.postAlways { plane in
            do throws(SystemError) {
                let complete = try plane.commit(generation)
                for (worker, promise) in zip(workers, promises) {
                    let isTaken = worker.postAlways { promise.fulfil($0.take(complete)) }
                    if !isTaken { promise.fulfil(0) }
                }
                failure.fulfil(nil)
            } catch {
                failure.fulfil(error)
            }
        }
        guard isPosted else { return 0 }
        if let reason = await failure.value { throw StartError(listener: nil, reason: reason) }
        var leaving = 0
        for promise in promises { leaving += await promise.value }
        return leaving
    }

    /// The places of clusters: those of a cluster that has not changed go on to be counted as they are.
    private static func capacities(
        of snapshot: ProxySnapshot, after served: ProxySnapshot, _ before: [ClusterCapacity?]
    ) -> [ClusterCapacity?] {
        snapshot.byCluster { cluster in
            let isKept = served.clusters.contains { $0 === cluster }
            return isKept && before.indices.contains(cluster.id) ? before[cluster.id] : ClusterCapacity(cluster)
        }
    }
}
