// How a worker ends: it accepts nobody any more, lets running exchanges finish, and cuts off what is left.
// Who asks it to is WorkerGroup.

import CLibevent

/// How a worker ends.
package enum DrainManner: Sendable {
    /// Soon: clients that wait between two requests are let go at once.
    case prompt
    /// Without anybody noticing: they may send one more request, whose answer tells them to come back on another
    /// connection. One that is closed while a request is on its way to it fails that request.
    case patient
}

extension Worker {
    /// Stops accepting, lets running exchanges finish, ends at the latest after `limit`. `done` is called once.
    ///
    /// While it ends another call can hasten it.
    package func drain(within limit: Duration, _ manner: DrainManner = .prompt, done: @escaping () -> Void) {
        guard !hasEnded else { return done() }
        if let earlier = onDrained {
            onDrained = {
                earlier()
                done()
            }
        }
        guard !isDraining else { return hasten(limit, manner) }
        isDraining = true
        drainManner = manner
        closeListeners()
        for connection in connections {
            connection.drain(manner)
            if manner == .patient { cutOffLater(connection, within: limit) { $0.cutOff() } }
        }
        pending?.drain()
        setDrainLimit(limit)
        // Not before: the first of those who still came may be gone when the next is accepted.
        onDrained = done
        finishDrainIfEmpty()
    }

    private func hasten(_ limit: Duration, _ manner: DrainManner) {
        if manner == .prompt {
            drainManner = .prompt
            for connection in connections { connection.drain(.prompt) }
        }
        if loop.now + limit < drainEnd { setDrainLimit(limit) }
    }

    private func setDrainLimit(_ limit: Duration) {
        drainEnd = loop.now + limit
        drainLimit?.close()
        drainLimit = try? Timer(loop: loop, .once) { [unowned self] in cutOffAll() }
        drainLimit?.start(limit)
        if drainLimit == nil { cutOffAll() }
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
        spans?.flush()
        endIdleUpstreams()
        while let spare = spareExchange {
            spareExchange = spare.nextSpare
            spare.nextSpare = nil
        }
        done()
    }
}
