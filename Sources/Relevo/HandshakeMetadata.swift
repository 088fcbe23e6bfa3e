// What a logger is told of failed TLS handshakes.
// When it is told is decided by the workers.

import CLibevent
import Logging
import RelevoProxy

extension ReverseProxy {
    /// The parts of a report.
    static func metadata(of report: HandshakeReport) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "count": .stringConvertible(report.count), "reason": .string(report.text),
            "last_peer": .string(report.peer.description), "listener": .string(report.listener.description),
        ]
        if let name = report.name { metadata["last_sni"] = .string(name) }
        return metadata
    }
}
