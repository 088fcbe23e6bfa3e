// How a running proxy is, for people.
// For programs there is `relevo status --json`.

import Foundation
import RelevoAdmin

/// Writes what `relevo status` and `relevo endpoint` print.
enum StatusText {
    /// A whole proxy.
    static func all(_ status: StatusDocument) -> String {
        let counters = status.counters
        var lines = [
            "relevo \(status.version), process \(status.process), up \(time(status.uptime))"
                + (status.state == "stopping" ? ", stopping: running exchanges may finish" : ""),
            "listeners    " + (status.listeners.isEmpty ? "none" : status.listeners.joined(separator: ", ")),
            "connections  \(counters.connectionsOpen) open, \(counters.connectionsAccepted) accepted",
            "requests     \(counters.requestsActive) running, \(counters.requests) received" + list(counters.answers),
        ]
        if !counters.failures.isEmpty {
            let failures = counters.failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(5)
            lines.append("failures     " + failures.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
        for certificate in status.certificates {
            lines.append("certificate  \(certificate.file), valid until \(certificate.notAfter)")
        }
        let endpoints = status.endpoints.isEmpty ? [] : [""] + table(status.endpoints)
        return (lines + endpoints).joined(separator: "\n")
    }

    /// One endpoint.
    static func endpoint(_ endpoint: EndpointDocument) -> String {
        let requests = endpoint.requestsActive == 1 ? "1 request" : "\(endpoint.requestsActive) requests"
        return "\(endpoint.cluster) \(endpoint.endpoint): \(endpoint.condition), weight \(endpoint.weight), \(requests)"
    }

    private static func list(_ answers: [String: Int]) -> String {
        guard !answers.isEmpty else { return "" }
        return " (" + answers.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") + ")"
    }

    private static func table(_ endpoints: [EndpointDocument]) -> [String] {
        let head = [["CLUSTER", "ENDPOINT", "CONDITION", "WEIGHT", "REQUESTS"]]
        let rows =
            head
            + endpoints.map {
                let isOrdered = ["draining", "disabled"].contains($0.condition)
                let condition = $0.condition + ($0.isAvailable || isOrdered ? "" : ", gets nothing")
                return [$0.cluster, $0.endpoint, condition, "\($0.weight)", "\($0.requestsActive)"]
            }
        let widths = head[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < 3 ? cell.0 + blanks : blanks + cell.0
            }
            return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
    }

    private static func time(_ seconds: Int) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) days"
        }
    }
}
