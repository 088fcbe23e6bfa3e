// Listening sockets that this process was started with: socket activation, as sd_listen_fds(3) describes it.
// What they are good for is decided by whoever owns the process.

import CEvent2
import Glibc

/// Sockets of a service manager.
public enum ServiceSockets {
    /// Takes the descriptors over that `LISTEN_FDS` and `LISTEN_PID` speak of. Once in a process, before others are
    /// opened.
    /// - Returns: the listening sockets in their order, and how many others there were, which are closed; -1 if what is
    ///   said of them cannot be understood.
    public static func take(_ environment: [String: String]) -> (sockets: [ListeningSocket], others: Int) {
        guard environment["LISTEN_PID"] == "\(getpid())", let text = environment["LISTEN_FDS"] else { return ([], 0) }
        guard let count = Int32(text), (0...65536).contains(count) else { return ([], -1) }
        // What this process has opened itself does not survive exec.
        let found = (3..<3 + count).filter {
            let flags = fcntl($0, F_GETFD)
            return flags >= 0 && flags & FD_CLOEXEC == 0
        }
        let sockets = found.compactMap { ListeningSocket(inherited: $0) }
        return (sockets, Int(count) - sockets.count)
    }
}
