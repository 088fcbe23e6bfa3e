// A large body of known length on its way past this process' memory. The lane counts; the bytes are never seen.
// Not for bodies whose framing has to be read or written.

import CLibevent

extension ForwardLane {
    /// What a turn of a spliced body came to.
    enum SpliceProgress {
        /// Everything that was there has gone on.
        case flowing
        /// Nothing could be taken and nothing was left to give. If there are bytes none the less, only a read gets past
        /// them, as past urgent data.
        case idle
        /// The target takes no more at the moment.
        case full
        /// The body is complete.
        case ended
        /// The source has ended before the body.
        case sourceEnded
        /// The source (`read`) or the target (`write`) has failed.
        case failed(SystemError)
    }

    /// Bytes still to come from which on two system calls for each pipeful cost less than copies.
    static let bulk = 128 * 1024

    /// Pipefuls in one turn: nobody else is served meanwhile.
    private static let fillsPerTurn = 4

    /// Whether enough is still to come, of which nothing has to be looked at.
    var isBulk: Bool {
        guard case .counted = framing else { return false }
        return paused.isEmpty && remaining >= Self.bulk
    }

    /// Moves what is there; `sent` is increased by the bytes that have gone on.
    func splice(
        from source: Bufferevent, to target: Bufferevent, through pipe: SplicePipe, sent: inout Int
    ) -> SpliceProgress {
        if let stop = giveAll(from: pipe, to: target, sent: &sent) { return stop }
        var hasMoved = sent > 0
        for _ in 0..<Self.fillsPerTurn {
            switch pipe.fill(from: source, upTo: remaining) {
            case .moved(let count):
                remaining -= count
                bytesTaken += count
                hasMoved = true
            case .blocked: return hasMoved ? .flowing : .idle
            case .ended: return .sourceEnded
            case .failed(let error): return .failed(error)
            }
            if let stop = giveAll(from: pipe, to: target, sent: &sent) { return stop }
        }
        return .flowing
    }

    /// Empties the pipe; nil if that leaves something to be done.
    private func giveAll(from pipe: SplicePipe, to target: Bufferevent, sent: inout Int) -> SpliceProgress? {
        while pipe.held > 0 {
            switch pipe.empty(into: target) {
            case .moved(let count): sent += count
            case .blocked, .ended: return .full
            case .failed(let error): return .failed(error)
            }
        }
        guard remaining == 0 else { return nil }
        hasEnded = true
        return .ended
    }
}
