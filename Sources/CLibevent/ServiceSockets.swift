// Listening sockets that this process was started with: socket activation, as sd_listen_fds(3) describes it.
// What they are good for is decided by whoever owns the process.

import CEvent2
import Glibc

/// Sockets of a service manager.
public enum ServiceSockets {
    /// Takes the descriptors over that `LISTEN_FDS` and `LISTEN_PID` speak of. Once in a process, before others are
    /// opened.
    /// - Returns: the listening sockets, and how many others there were, which are closed.
    public static func take(_ environment: [String: String]) -> (sockets: [ListeningSocket], others: Int) {
        guard environment["LISTEN_PID"] == "\(getpid())",
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...65536).contains(count)
        else { return ([], 0) }
        let found = (3..<3 + count).filter { fcntl($0, F_GETFD) >= 0 }
        let sockets = found.compactMap { ListeningSocket(inherited: $0) }
        return (sockets, Int(count) - sockets.count)
    }
}
