// `relevo simulate`: what the settings of a cluster do while its endpoints fail and recover, without traffic.
// What happens is decided in RelevoPolicy; how it looks is in SimulationText and SimulationJSON.

import ArgumentParser
import Foundation
import RelevoConfig
import RelevoPolicy

/// Plays a script for a cluster.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the settings of a cluster do while its endpoints fail and recover.",
        discussion: """
            Plays requests, failures and checks with the code that serves, a virtual clock and endpoints that exist on \
            paper only: nothing is sent, and the same files and seed give the same output. Without SCRIPT the first \
            endpoint refuses connections from 15s to 30s of a minute with 1000 requests a second.

            Example of a script (docs/simulate.md has every key):

              cluster: api
              duration: 60s
              rate: 5000/s
              posts: 10%
              endpoints:
                10.0.0.1:80:
                  - { at: 0s, latency: 5ms }
                  - { at: 10s, refuses: true }
                  - { at: 20s, recovers: true }
                10.0.0.2:80: { at: 12s, errors: 30% }
            """)

    @Argument(help: "The configuration file.")
    var file: String

    @Argument(help: "The file that says which requests come and how endpoints fare.")
    var script: String?

    @Option(help: "The cluster, if there is no script and the configuration has several.")
    var cluster: String?

    @Option(help: "Of all dice: another seed gives another outcome of the same script.")
    var seed: UInt64 = 1

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    @Flag(help: "Draw without characters beyond ASCII, as in locales that are not UTF-8.")
    var ascii = false

    func validate() throws {
        if script != nil, cluster != nil { throw ValidationError("With a script, the script names the cluster.") }
    }

    func run() throws {
        let snapshot = try LoadedConfiguration.read(file).snapshot()
        var script = try self.script.map { try Self.read($0, for: snapshot) } ?? usual(snapshot)
        script.seed = seed
        let report = Simulation.run(script)
        if json { return Terminal.say(try SimulationJSON(script, report).text()) }
        let environment = ProcessInfo.processInfo.environment
        let drawing: ChartDrawing = ascii || !Self.isUTF8(environment) ? .ascii : .blocks
        Terminal.say(SimulationText(script, report, drawing).lines.joined(separator: "\n"))
    }

    private static func read(_ path: String, for snapshot: ProxySnapshot) throws -> SimulationScript {
        do {
            return try ConfigurationLoader(environment: ProcessInfo.processInfo.environment)
                .loadScript(path: path, for: snapshot)
        } catch {
            throw CommandFailure(status: .configuration, message: error.rendered())
        }
    }

    /// The script of those who have written none.
    private func usual(_ snapshot: ProxySnapshot) throws -> SimulationScript {
        let names = snapshot.clusters.map(\.name)
        let found = snapshot.clusters.first { $0.name == cluster ?? (names.count == 1 ? $0.name : nil) }
        guard let found else {
            let list = Set(names).sorted().joined(separator: ", ")
            let problem =
                if let cluster {
                    "the configuration has no cluster `\(cluster)`"
                        + (Spelling.suggestion(for: cluster, among: names).map { ": \($0)" } ?? "; it has \(list)")
                } else if names.isEmpty {
                    "the configuration has no cluster"
                } else {
                    "which cluster? write --cluster and one of \(list)"
                }
            throw CommandFailure(status: .usage, message: "relevo: \(problem)")
        }
        return .outage(of: found, timeouts: snapshot.timeouts)
    }

    /// Whether the locale's characters are those of Unicode (POSIX: the first of these variables that says anything).
    private static func isUTF8(_ environment: [String: String]) -> Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"]
        let locale = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let lower = locale.lowercased()
        return lower.contains("utf-8") || lower.contains("utf8")
    }
}
