// How this process was started, so that it can be started again: with the program that is at the same place by then.
// Starting it is the matter of CLibevent.

import CLibevent
import Foundation
import RelevoAdmin

/// This program, with its arguments.
struct OwnProgram: Sendable {
    /// The path to execute. A program that was found by a path is looked for there again: what is there may be another
    /// version, and that is the point.
    let path: String
    let arguments: [String]

    /// As this process was started; to be asked for before anything changes the working directory.
    static let current = OwnProgram(
        CommandLine.arguments, ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")

    private init(_ arguments: [String], _ searchPath: String) {
        self.arguments = arguments
        path = Self.find(arguments.first ?? "", searchPath)
    }

    private static func find(_ name: String, _ searchPath: String) -> String {
        let files = FileManager.default
        let candidates =
            name.contains("/")
            ? [URL(fileURLWithPath: name).path] : searchPath.split(separator: ":").map { "\($0)/\(name)" }
        let found = candidates.first { !name.isEmpty && files.isExecutableFile(atPath: $0) }
        return found ?? (try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? name
    }

    /// The environment of a process that comes after this one: what was said to this one alone is left out.
    func environment(adding lines: [String] = []) -> [String] {
        let own = [
            "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", HandOver.variable, Arrival.ownVariable,
        ]
        let kept = ProcessInfo.processInfo.environment.filter { !own.contains($0.key) }
        return kept.map { "\($0.key)=\($0.value)" } + lines
    }
}
