// How a worker ends: it accepts nobody any more, lets running exchanges finish, and cuts off what is left.
// Who asks it to is WorkerGroup.

import CLibevent

extension Worker {
    /// Stops accepting, lets running exchanges finish, ends at the latest after `limit`. `done` is called once.
    package func drain(within limit: Duration, done: @escaping () -> Void) {
        guard !hasEnded else { return done() }
        if let earlier = onDrained {
            onDrained = {
                earlier()
                done()
            }
        }
        guard !isDraining else { return }
        isDraining = true
        closeListeners()
        for connection in connections { connection.drain() }
        pending?.drain()
        drainLimit = try? Timer(loop: loop, .once) { [unowned self] in cutOffAll() }
        drainLimit?.start(limit)
        if drainLimit == nil { cutOffAll() }
        // Not before: the first of those who still came may be gone when the next is accepted.
        onDrained = done
        finishDrainIfEmpty()
    }

    /// Ends every connection at once.
    private func cutOffAll() {
        pending?.cutOff()
        for connection in connections { connection.cutOff() }
    }

    func finishDrainIfEmpty() {
        guard isDraining, connectionCount == 0, let done = onDrained else { return }
        onDrained = nil
        hasEnded = true
        drainLimit?.close()
        tick?.close()
        caller.close()
        tellFailedHandshakes()
        accessLog?.flush()
        endIdleUpstreams()
        while let spare = spareExchange {
            spareExchange = spare.nextSpare
            spare.nextSpare = nil
        }
        done()
    }
}
