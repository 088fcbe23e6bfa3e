// Places for a request, of its cluster and of the endpoint that it goes to, and the line in which it waits for one.
// How many there are is configured; who is next is known to ClusterState.

import CLibevent
import RelevoPolicy

/// What an exchange has of a cluster that has limits.
struct PlaceInLine {
    /// Whether it has one of the cluster's places.
    var hasPlace = false
    /// Whether its endpoint is waited for, as far as that is counted.
    var isUnanswered = false
    /// Whether it was called out of the line and has not begun an attempt since.
    var wasCalled = false
    /// What it leaves the line with, while it waits for a place.
    var ticket: WaitingLine<Exchange>.Token?

    /// Whether there is anything to give back.
    var isUsed: Bool { hasPlace || ticket != nil }
}

extension Exchange {
    /// Takes a place of the cluster for the whole exchange; false if the request has to wait for one, or has been
    /// refused.
    func takePlace() -> Bool {
        guard let cluster, let capacity = cluster.capacity, !line.hasPlace else { return true }
        guard mayPass(cluster), capacity.enter() else {
            waitInLine()
            return false
        }
        line.hasPlace = true
        line.isUnanswered = capacity.isAdaptive
        return true
    }

    /// The request is complete: now it is the endpoint that is waited for.
    func endpointIsDue() {
        guard line.hasPlace, !line.isUnanswered, let capacity = cluster?.capacity, capacity.isAdaptive else { return }
        line.isUnanswered = true
        capacity.endpointIsDue()
    }

    /// The endpoint is not waited for any more: it has begun to answer, or the client still owes a part of the request.
    func endpointIsDone() {
        guard line.isUnanswered, let cluster else { return }
        line.isUnanswered = false
        cluster.capacity?.endpointIsDone()
        worker.caller.placeIsFree(in: cluster)
    }

    /// How long, in nanoseconds, a request that is not complete yet is still taken to be on its way: many clients send
    /// the head by itself.
    static let sendingGrace: UInt64 = 100_000_000

    /// How much of that is left; nil if it does not matter.
    var graceLeft: UInt64? {
        guard line.isUnanswered, machine.isReceivingRequest, machine.awaitsResponseHead else { return nil }
        let age = now.nanoseconds(since: record.sent)
        return Self.sendingGrace > age ? Self.sendingGrace - age : 0
    }

    /// The endpoint has not answered in time: a limit that follows latency would else hear of quick answers only.
    func endpointWasSilent() {
        guard line.isUnanswered else { return }
        cluster?.capacity?.answered(after: now.nanoseconds(since: record.sent), now: now.nanoseconds)
    }

    /// Whether nobody waits who came before: who was not called does not overtake the line.
    func mayPass(_ cluster: ClusterState) -> Bool { line.wasCalled || !cluster.isAnyWaitingHere }

    /// Gives the place of the cluster back.
    func givePlaceBack() {
        leaveLine()
        guard line.hasPlace, let cluster else { return }
        cluster.capacity?.leave(isUnanswered: line.isUnanswered)
        line.hasPlace = false
        line.isUnanswered = false
        worker.caller.placeIsFree(in: cluster)
    }

    /// Waits until there may be a place, or refuses the request if too many wait already.
    func waitInLine() {
        guard let cluster else { return }
        let since = record.queuedSince ?? now
        record.queuedSince = since
        guard now < since + cluster.cluster.queue.timeout,
            let ticket = cluster.wait(self, since: since, line)
        else {
            detail = nil
            fail(.endpointOverloaded)
            return
        }
        line.ticket = ticket
        line.wasCalled = false
        perform(machine.triesAgain(later: true))
    }

    /// There may be a place now.
    /// - Returns: whether there was none after all: then it is the first in line again.
    func isNext() -> Bool {
        line.ticket = nil
        line.wasCalled = true
        perform(machine.waitEnded())
        return line.ticket != nil
    }

    /// There was none in time.
    func hasWaitedInVain() {
        line.ticket = nil
        detail = nil
        fail(.endpointOverloaded)
    }

    private func leaveLine() {
        guard let ticket = line.ticket else { return }
        line.ticket = nil
        cluster?.leaveLine(ticket)
    }
}
