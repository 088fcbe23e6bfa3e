// A pipe whose ends the test opens and closes by hand.
// Not for reading lines: LogReader does that.

import Glibc

/// Two descriptors; what is still open is closed with this object.
package final class RawPipe: Sendable {
    /// Where bytes come out.
    package let readEnd: Int32
    /// Where bytes go in.
    package let writeEnd: Int32
    private let open = Watched<Set<Int32>>([])

    /// Opens a pipe.
    package init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw WireError.system("pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
        open.change { [readEnd, writeEnd] in $0 = [readEnd, writeEnd] }
    }

    deinit { for end in open.current { Glibc.close(end) } }

    /// Closes one end. Idempotent.
    package func close(_ end: Int32) {
        let wasOpen = open.change { $0.remove(end) != nil }
        if wasOpen { Glibc.close(end) }
    }
}
