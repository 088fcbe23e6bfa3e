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
    /// New listeners are opened and new names are looked up first, for a bounded time. Returns when every worker serves
    /// the new snapshot.
    /// - Throws: before anything has changed.
    package func reload(
        _ snapshot: ProxySnapshot, _ settings: GroupSettings
    ) async throws(StartError) -> ReloadOutcome {
        let generation = try await openListeners(of: generation(snapshot, settings), snapshot)
        let files: FilesLoop?
        do throws(StartError) {
            try await prepare(snapshot, settings.lookupPatience)
            files = try filesLoop(snapshot, settings, epoch: generation.epoch)
        } catch {
            await abandonListeners(of: generation)
            throw error
        }
        do throws(StartError) {
            let leaving = try await commit(generation)
            census.allow(snapshot.limits.clientConnections)
            if let certificates = settings.certificates { serve(certificates, of: generation.epoch) }
            // The former thread ends first: what it still publishes is older.
            await follow(by: files)
            return ReloadOutcome(leaving: leaving)
        } catch {
            await files?.end()
            await abandonListeners(of: generation)
            throw error
        }
    }

    private func generation(_ snapshot: ProxySnapshot, _ settings: GroupSettings) -> Generation {
        let open = listeners
        let places = open.places(of: snapshot.listeners)
        let before = capacities.withLock(\.self)
        return Generation(
            snapshot: snapshot, capacities: Self.capacities(of: snapshot, after: served.withLock(\.self), before),
            clusterTLS: settings.clusterCertificates?.contexts ?? [], targets: [:], standings: [],
            entrances: EntrancePlan(contexts: settings.certificates?.contexts ?? [], places: places),
            epoch: nextEpoch(), maxConnections: max(1, Self.connectionBound(snapshot, settings, 1) / workers.count))
    }

    /// Opens the sockets of new listeners and has each worker make its own ready.
    private func openListeners(
        of generation: Generation, _ snapshot: ProxySnapshot
    ) async throws(StartError) -> Generation {
        let open = listeners
        let specs = zip(snapshot.listeners, generation.entrances.places)
        let fresh = specs.filter { $0.1 == .new }.map(\.0)
        let sockets = try open.open(fresh, workers: workers.count)
        var complete = generation
        complete.listeners = open.replaced(
            by: snapshot.listeners, generation.entrances.places, opened: sockets)
        complete.entrances.meet(complete.listeners)
        for (index, worker) in workers.enumerated() where !fresh.isEmpty {
            let handover = Handover(sockets.share(of: index, among: workers.count))
            let failure = Promise<SystemError?>()
            let isPosted = worker.postAlways { worker in
                do throws(SystemError) {
                    try worker.prepare(handover.take())
                    failure.fulfil(nil)
                } catch {
                    failure.fulfil(error)
                }
            }
            guard isPosted, let reason = await failure.value else { continue }
            await abandonListeners(of: complete)
            throw StartError(listener: fresh.first, reason: reason)
        }
        return complete
    }

    /// Closes what was opened for a reload that fails.
    private func abandonListeners(of generation: Generation) async {
        for path in generation.listeners.paths(notIn: listeners) { FileOutput.removeSocket(path) }
        for worker in workers {
            let done = Promise<Void>()
            let isPosted = worker.postAlways { worker in
                worker.abandonPrepared()
                done.fulfil(())
            }
            if isPosted { await done.value }
        }
    }

    private static let ended = "the proxy is ending"

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
        guard isPosted else { throw StartError(listener: nil, reason: SystemError(protocol: Self.ended, in: .thread)) }
        if let reason = await failure.value { throw StartError(listener: nil, reason: reason) }
        capacities.withLock { $0 = generation.capacities }
        served.withLock { $0 = generation.snapshot }
        let gone = replaceListeners(by: generation.listeners)
        var leaving = 0
        for promise in promises { leaving += await promise.value }
        // Only now has everybody closed them.
        for path in gone { FileOutput.removeSocket(path) }
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
