// `relevo diff`: what another configuration changes, and which requests of an access log it would decide differently.
// The differences are found in RelevoPolicy; how they look is in DiffReport.

import ArgumentParser
import Foundation
import RelevoConfig
import RelevoPolicy

/// Compares two configurations.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what another configuration changes, and for which logged requests.",
        discussion: """
            The first part is what a reload from OLD to NEW would change. With --traffic each request of an access log \
            is decided by both, and those that NEW decides differently are shown in groups. Nothing is opened or sent, \
            and the log may be of any size. What a log does not tell is in docs/testing-configurations.md.

            Example: relevo diff /etc/relevo/relevo.yaml new.yaml --traffic access.log

            Exit code 0 if no logged request is decided differently, 1 if one is, 2 if nothing could be compared: \
            wrong usage, a wrong configuration, a log that cannot be read or has no line of an access log. Differences \
            between the files alone are no failure.
            """)

    @Argument(help: "The configuration file that is served now.")
    var old: String

    @Argument(help: "The one that is to be served.")
    var new: String

    @Option(help: "An access log as `relevo run` writes it; - for standard input.")
    var traffic: String?

    @Flag(help: "Print the differences as JSON.")
    var json = false

    func run() throws {
        let (before, after) = (try Self.read(old), try Self.read(new))
        let plan = ReloadPlan(from: before.configuration, to: after.configuration)
        let log = try traffic.map { path in
            var log = LoggedTraffic(name: path == "-" ? "standard input" : path, from: before, to: after)
            try log.read(path)
            return log
        }
        Terminal.say(
            json ? try DiffReportJSON(plan, log).text() : DiffReport(plan, log).lines.joined(separator: "\n"))
        guard let log else { return }
        if log.comparison.compared + log.comparison.unreadable == 0 {
            throw CommandFailure(status: .usage, message: "relevo: \(log.name) has no line of an access log")
        }
        if log.comparison.changed > 0 { throw CommandFailure(status: .configuration, message: "") }
    }

    /// What is wrong is printed as by `check`, but with a code of its own: 1 says that requests go elsewhere.
    private static func read(_ path: String) throws -> ProxySnapshot {
        do {
            return try LoadedConfiguration.read(path).snapshot()
        } catch let failure as CommandFailure {
            throw CommandFailure(status: .usage, message: failure.message)
        }
    }
}

/// An access log on its way through a comparison.
struct LoggedTraffic {
    /// What it is called.
    let name: String
    /// What was found.
    private(set) var comparison: TrafficComparison
    /// Lines that are none of an access log.
    private(set) var badLines = 0
    /// The first of them: their numbers and what is wrong with them.
    private(set) var firstBad: [(line: Int, reason: String)] = []

    /// Bad lines that are named at most.
    private static let maxNamed = 5

    init(name: String, from old: ProxySnapshot, to new: ProxySnapshot) {
        self.name = name
        comparison = TrafficComparison(from: old, to: new)
    }

    /// Reads a file to its end; `-` is standard input.
    mutating func read(_ path: String) throws {
        let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let handle else {
            throw CommandFailure(status: .usage, message: "relevo: `\(path)` cannot be read")
        }
        var lines = LineReader()
        do {
            while let piece = try handle.read(upToCount: LineReader.pieceBytes), !piece.isEmpty {
                lines.add(piece) { add($0, $1) }
            }
        } catch {
            throw CommandFailure(status: .usage, message: "relevo: `\(path)` cannot be read")
        }
        lines.finish { add($0, $1) }
    }

    private mutating func add(_ number: Int, _ line: ArraySlice<UInt8>?) {
        guard let line else { return refuse(number, "longer than 1 MiB") }
        // An empty line at the end, or between two logs that were put together.
        guard !line.isEmpty else { return }
        do throws(LoggedRequest.Failure) {
            comparison.add(try LoggedRequest(line: line))
        } catch {
            refuse(number, error.rawValue)
        }
    }

    private mutating func refuse(_ number: Int, _ reason: String) {
        badLines += 1
        if firstBad.count < Self.maxNamed { firstBad.append((number, reason)) }
    }
}

/// Cuts what is read into lines. A line that is too long is passed over, not kept.
struct LineReader {
    /// Bytes that are read at once.
    static let pieceBytes = 1 << 18
    /// Bytes of a line at most.
    static let maxLineBytes = 1 << 20

    private var rest: [UInt8] = []
    private var number = 1
    private var isTooLong = false

    /// Adds what was read; calls `take` for each line that is complete, with nil for one that was too long.
    mutating func add(_ piece: Data, _ take: (Int, ArraySlice<UInt8>?) -> Void) {
        rest.append(contentsOf: piece)
        var start = 0
        while let end = rest[start...].firstIndex(of: 0x0A) {
            take(number, isTooLong ? nil : rest[start..<end])
            isTooLong = false
            number += 1
            start = end + 1
        }
        rest.removeSubrange(..<start)
        guard rest.count > Self.maxLineBytes else { return }
        isTooLong = true
        rest.removeAll(keepingCapacity: true)
    }

    /// Takes a last line without an end.
    mutating func finish(_ take: (Int, ArraySlice<UInt8>?) -> Void) {
        if isTooLong || !rest.isEmpty { take(number, isTooLong ? nil : rest[...]) }
    }
}
