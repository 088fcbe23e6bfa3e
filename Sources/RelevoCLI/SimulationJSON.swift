// The outcome of a simulation for programs. Times are seconds since the beginning; the keys are part of what users may
// rely on: see docs/simulate.md.

import Foundation
import RelevoPolicy

/// The JSON of an outcome.
struct SimulationJSON: Encodable {
    private struct Latency: Encodable {
        let median, percentile99, longest: Double
    }

    private struct Endpoint: Encodable {
        let endpoint: String
        let share: Double
        let attempts, mostAtOnce, failures, ejections, downs: Int
        let absence: Double
        let attemptsBySlice: [Int]
        let absenceBySlice: [Double]
    }

    private struct Change: Encodable {
        let at: Double
        let endpoint, from, to, text: String
    }

    private let cluster, balance: String
    private let duration: Double
    private let workers: Int
    private let seed: UInt64
    private let requests, answered: Int
    private let failures: [String: Int]
    private let sentAgain, refusedByBudget, sentElsewhere, held, queued: Int
    private let latency: Latency
    private let endpoints: [Endpoint]
    private let changes: [Change]
    private let slice: Double
    private let requestsBySlice, failuresBySlice: [Int]

    init(_ script: SimulationScript, _ report: SimulationReport) {
        func seconds(_ time: UInt64) -> Double { Double(time) / 1e9 }
        let total = Double(max(1, report.endpoints.reduce(0) { $0 + $1.attempts }))
        cluster = script.cluster.name
        balance = script.cluster.balance.name
        duration = script.duration / .seconds(1)
        (workers, seed) = (script.workers, script.seed)
        (requests, answered) = (report.requests, report.answered)
        failures = Dictionary(uniqueKeysWithValues: report.failures.map { ($0.reason.description, $0.count) })
        (sentAgain, refusedByBudget) = (report.resent, report.budgetRefusals)
        (sentElsewhere, held, queued) = (report.redirected, report.held, report.queued)
        latency = Latency(
            median: seconds(report.median), percentile99: seconds(report.percentile99),
            longest: seconds(report.longest))
        endpoints = report.endpoints.map { endpoint in
            Endpoint(
                endpoint: endpoint.text, share: Double(endpoint.attempts) / total, attempts: endpoint.attempts,
                mostAtOnce: endpoint.mostAtOnce, failures: endpoint.failures, ejections: endpoint.ejections,
                downs: endpoint.downs,
                absence: seconds(endpoint.absence), attemptsBySlice: endpoint.slices.map(\.attempts),
                absenceBySlice: endpoint.slices.map { seconds($0.ejected + $0.down) })
        }
        changes = report.changes.map { news in
            Change(
                at: seconds(news.time), endpoint: report.endpoints[news.change.position].text,
                from: news.change.from.name, to: news.change.to.name, text: news.change.text)
        }
        slice = seconds(report.sliceLength)
        (requestsBySlice, failuresBySlice) = (report.arrivals, report.losses)
    }

    /// The text, with keys in the order of the alphabet.
    func text() throws -> String { try JSONOutput.text(of: self) }
}

/// JSON for programs, as all commands print it.
enum JSONOutput {
    /// The text of a value: indented, keys in the order of the alphabet and with underscores.
    static func text(of value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
