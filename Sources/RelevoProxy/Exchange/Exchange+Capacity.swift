// Places for a request, of its cluster and of the endpoint that it goes to, and the line in which it waits for one.
// How many there are is configured; who is next is known to ClusterState.

import CLibevent
import RelevoPolicy

extension Exchange {
    /// Takes a place of the cluster for the whole exchange; false if the request has to wait for one, or has been
    /// refused.
    func takePlace() -> Bool {
        guard let cluster, let capacity = cluster.capacity, !hasPlace else { return true }
        guard mayPass(cluster), capacity.enter() else {
            waitInLine()
            return false
        }
        hasPlace = true
        return true
    }

    /// Whether nobody waits who came before: who was not called does not overtake the line.
    func mayPass(_ cluster: ClusterState) -> Bool { wasCalled || !cluster.isAnyWaitingHere }

    /// Gives the place of the cluster back.
    func givePlaceBack() {
        leaveLine()
        guard hasPlace, let cluster else { return }
        hasPlace = false
        cluster.capacity?.leave()
        worker.caller.placeIsFree(in: cluster)
    }

    /// Waits until there may be a place, or refuses the request if too many wait already.
    func waitInLine() {
        guard let cluster else { return }
        let since = record.queuedSince ?? now
        record.queuedSince = since
        guard now < since + cluster.cluster.queue.timeout,
            let ticket = cluster.wait(self, since: since, isFirst: wasCalled)
        else {
            fail(.endpointOverloaded)
            return
        }
        lineTicket = ticket
        wasCalled = false
        perform(machine.triesAgain(later: true))
    }

    /// There may be a place now.
    /// - Returns: whether there was none after all: then it is the first in line again.
    func isNext() -> Bool {
        lineTicket = nil
        wasCalled = true
        perform(machine.waitEnded())
        return lineTicket != nil
    }

    /// There was none in time.
    func hasWaitedInVain() {
        lineTicket = nil
        fail(.endpointOverloaded)
    }

    private func leaveLine() {
        guard let ticket = lineTicket else { return }
        lineTicket = nil
        cluster?.leaveLine(ticket)
    }
}
