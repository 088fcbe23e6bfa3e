// The places of a simulated cluster, and the lines in which its requests wait for one.
// The order of questions is that of Exchange+Capacity and ClusterState; the answers are ClusterCapacity's.

extension Simulation {
    /// Takes a place of the cluster for the whole request; false if it waits for one, or has been refused.
    mutating func takePlace(_ place: Int) -> Bool {
        guard let capacity, !requests[place].hasPlace else { return true }
        guard mayPass(place), capacity.enter() else {
            waitInLine(place)
            return false
        }
        requests[place].hasPlace = true
        return true
    }

    /// Whether nobody waits in the same worker who came before.
    func mayPass(_ place: Int) -> Bool { requests[place].wasCalled || lines[requests[place].worker].isEmpty }

    /// Waits until there may be a place, or refuses the request if too many wait already.
    mutating func waitInLine(_ place: Int) {
        let request = requests[place]
        let since = request.queuedSince ?? now
        let deadline = since.addingSaturated(script.cluster.queue.timeout.inNanoseconds)
        let limit = request.wasCalled ? .max : script.cluster.queue.length
        guard now < deadline, capacity?.waiting.tryEnter(limit: limit) ?? false else {
            return end(place, .fault(.endpointOverloaded))
        }
        if request.queuedSince == nil { record.queued() }
        requests[place].queuedSince = since
        requests[place].wasCalled = false
        // Behind others, who wait for just that place, one with a place of the cluster would wait for ever.
        if request.wasCalled || request.hasPlace {
            _ = lines[request.worker].enterFirst(place, until: deadline)
        } else {
            _ = lines[request.worker].enter(place, until: deadline)
        }
    }

    /// A place is free: somebody of the same worker is called, or else of the others.
    mutating func placeIsFree(_ worker: Int) {
        guard let capacity, capacity.waiting.count > 0 else { return }
        if !lines[worker].isEmpty { return queue.add(.called(worker), at: now) }
        for other in lines.indices where !lines[other].isEmpty {
            queue.add(.called(other), at: now + Self.mailboxDelay)
        }
    }

    /// Lets up to `count` of those who wait in a worker try once more, until one finds no place.
    mutating func callNext(_ worker: Int, _ count: Int = 1) {
        for _ in 0..<min(count, lines[worker].count) {
            guard let place = lines[worker].next() else { return }
            capacity?.waiting.leave()
            requests[place].wasCalled = true
            let waited = lines[worker].count
            attempt(place)
            if lines[worker].count > waited { return }
        }
    }

    /// Refuses those who have waited too long, and lets the others look for themselves.
    mutating func tendLine(_ worker: Int) {
        while let place = lines[worker].expired(now: now) {
            capacity?.waiting.leave()
            end(place, .fault(.endpointOverloaded))
        }
        callNext(worker, lines[worker].count)
    }

    /// The attempt of a request is over: its place at the endpoint is free.
    mutating func leave(_ position: Int, of worker: Int) {
        guard let capacity else { return }
        capacity.leave(position)
        placeIsFree(worker)
    }

    /// A request is over: its place in the cluster is free.
    mutating func givePlaceBack(_ place: Int) {
        guard let capacity, requests[place].hasPlace else { return }
        requests[place].hasPlace = false
        capacity.leave(isUnanswered: capacity.isAdaptive)
        placeIsFree(requests[place].worker)
    }
}
