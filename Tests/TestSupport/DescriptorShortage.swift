// Takes the last descriptor of this process away, and gives all of them back.
// For one test at a time: whoever else opens something meanwhile fails as well.

import Glibc

/// A time without a free descriptor.
package final class DescriptorShortage: Sendable {
    private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    private let before: rlimit
    private let hoard = Watched<[Int32]>([])

    /// Lowers the process' bound on descriptors to what is open now and fills every gap.
    package init() throws {
        var limit = rlimit()
        guard getrlimit(Self.descriptors, &limit) == 0 else { throw WireError.system("getrlimit", errno) }
        before = limit
        let probe = dup(0)
        Glibc.close(probe)
        limit.rlim_cur = min(limit.rlim_cur, rlim_t(probe) + 64)
        guard probe >= 0, setrlimit(Self.descriptors, &limit) == 0 else { throw WireError.system("setrlimit", errno) }
        while true {
            let copy = dup(0)
            guard copy >= 0 else { break }
            hoard.change { $0.append(copy) }
        }
    }

    deinit { end() }

    /// Gives everything back. Idempotent.
    package func end() {
        let held = hoard.change { hoard in
            defer { hoard = [] }
            return hoard
        }
        guard !held.isEmpty else { return }
        var limit = before
        setrlimit(Self.descriptors, &limit)
        for descriptor in held { Glibc.close(descriptor) }
    }
}
