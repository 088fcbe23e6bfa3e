// What files need that are read again by a reload: the keys of tickets stay, and nothing is waited for.
// Reading itself is the matter of ListenerCertificates and ClusterCertificates.

package import CLibevent
import CLibeventTLS
package import RelevoPolicy

/// The keys of tickets, for whoever only passes them on. Any thread.
package struct SharedTicketKeys: Sendable {
    let keys: TicketKeys

    /// Makes new keys.
    package init() { keys = TicketKeys() }

    /// Takes the keys of another process over, the current one first; nil if they are none.
    package init?(_ shared: [[UInt8]]) {
        guard let keys = TicketKeys(shared) else { return nil }
        self.keys = keys
    }

    /// All keys, the current one first. Secret.
    package var shared: [[UInt8]] { keys.shared }
}

extension ProxySnapshot {
    /// Files beside the certificates of listeners on which something depends, and that can be read again.
    var othersToFollow: Set<String> {
        let clients = listeners.flatMap { [$0.tls?.client?.ca, $0.tls?.client?.crl].compactMap(\.self) }
        let endpoints = clusters.flatMap { $0.tls?.files ?? [] }
        return Set(clients + endpoints).filter { !PEMFile.mayWait($0) }
    }

    /// Those files as they are now. Taken before they are read, it tells later whether something else was there since.
    package var marksOfOthers: [String: FileMark] {
        var marks: [String: FileMark] = [:]
        for path in othersToFollow { marks[path] = FileMark(path) }
        return marks
    }

    /// Refuses files, as pipes are, whose reading would keep a proxy that serves waiting.
    package func refuseFilesThatWait() throws(ConfigurationError) {
        let problems = files.filter { PEMFile.mayWait($0.path) }.map {
            ConfigurationProblem("`\($0.path)` is no regular file: only a start can read it", location: $0.location)
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
    }
}
