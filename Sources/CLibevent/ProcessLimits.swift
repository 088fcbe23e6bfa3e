// What the system grants this process: processors and descriptors.
// What to do about a shortage is the matter of whoever runs into it.

import CEvent2
import Glibc

/// The processors of this machine.
public enum Processors {
    /// Those that this process may run on (`sched_getaffinity`), at least 1.
    public static var count: Int { max(1, Int(relevo_processor_count())) }
}

/// Descriptors of this process.
public enum Descriptors {
    /// Throws unless so many descriptors can be opened right now. Somebody else may take them the moment after.
    static func ensureAvailable(_ count: Int) throws(SystemError) {
        var probes: [Int32] = []
        defer { for probe in probes { close(probe) } }
        for _ in 0..<count {
            let probe = relevo_eventfd()
            guard probe >= 0 else { throw SystemError.last(in: .eventBase) }
            probes.append(probe)
        }
    }

    /// Opens `/dev/null` in the place of standard input, output and error if they are closed.
    public static func ensureStandard() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free descriptor is taken, which is this one.
            _ = open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
        }
    }

    /// The soft bound on open descriptors; a large number if the system does not tell.
    public static var limit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the soft bound on open descriptors to the hard one, as servers do; for programs that own the process.
    /// - Returns: the bound that holds now.
    @discardableResult
    public static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        if limit.rlim_cur < limit.rlim_max {
            var wanted = limit
            wanted.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &wanted) == 0 { limit = wanted }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
