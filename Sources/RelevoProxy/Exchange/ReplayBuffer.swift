// What has been taken of a request's body, kept for as long as the request may have to be sent again.
// Whether it may is RetryPolicy's decision.

import CLibevent

/// A copy of the bytes of a body as the client sent them, up to a bound.
struct ReplayBuffer {
    private var bytes: [UInt8] = []
    private var limit = 0
    private var isLost = true

    /// Whether all that is taken is copied.
    var isKept: Bool { !isLost }

    /// Whether so many bytes from the beginning of the body are here, and no more.
    func holds(_ count: Int) -> Bool { !isLost && bytes.count == count }

    /// Begins to keep a body of at most `limit` bytes; of a longer one nothing is kept.
    mutating func start(limit: Int, expecting count: Int?) {
        forget()
        self.limit = limit
        isLost = limit <= 0 || count.map { $0 > limit } ?? false
    }

    /// Lets go of everything.
    mutating func forget() {
        if !bytes.isEmpty { bytes = [] }
        limit = 0
        isLost = true
    }

    /// Copies what is about to be taken, which may be less than what is there.
    /// - Returns: how much was kept before, for ``keep(_:after:)``.
    mutating func copyAhead(of input: Evbuffer) -> Int {
        let before = bytes.count
        if !isLost { input.appendPrefix(limit - before, to: &bytes) }
        return before
    }

    /// So many bytes were taken.
    mutating func keep(_ count: Int, after before: Int) {
        guard !isLost else { return }
        if bytes.count - before < count {
            forget()
        } else {
            bytes.removeLast(bytes.count - before - count)
        }
    }

    /// Gives everything back to the input from which it was taken.
    /// - Returns: the bytes given back.
    mutating func rewind(into input: Evbuffer) -> Int {
        let count = bytes.count
        input.prepend(bytes)
        bytes = []
        return count
    }
}
