// What another configuration changes, for people and for programs. The keys of the JSON are part of what users may rely
// on: see docs/testing-configurations.md.

import Foundation
import RelevoConfig
import RelevoPolicy

/// The lines for people.
struct DiffReport {
    /// Groups that are shown at most; the JSON has all.
    private static let maxGroups = 100

    private(set) var lines: [String]

    init(_ plan: ReloadPlan, _ log: LoggedTraffic?) {
        lines = [plan.description] + plan.lines
        guard let log else { return }
        lines.append("")
        let groups = log.comparison.changes
        for group in groups.prefix(Self.maxGroups) {
            lines.append(Self.line(group))
            lines += group.samples.map { "    " + $0 }
        }
        if groups.count > Self.maxGroups {
            lines.append("and \(Self.count(groups.count - Self.maxGroups, "group")) more, which --json has")
        }
        if !groups.isEmpty { lines.append("") }
        lines += Self.summary(log)
        lines = lines.map(ConfigurationDiagnostics.oneLine)
    }

    private static func line(_ group: TrafficComparison.Group) -> String {
        let changes = group.differences.map(\.text).joined(separator: "; ")
        let place = group.location.map { " (\($0))" } ?? ""
        return "\(count(group.count, "request")): \(group.subject): \(changes)\(place)"
    }

    private static func summary(_ log: LoggedTraffic) -> [String] {
        let comparison = log.comparison
        let same = comparison.compared - comparison.changed
        let verdict =
            switch (comparison.compared, comparison.changed) {
            case (0, _): "nothing to compare"
            case (_, 0): "none is decided differently"
            default: "\(number(comparison.changed)) decided differently, \(number(same)) as before"
            }
        var lines = ["\(count(comparison.compared, "request")) in \(log.name): \(verdict)"]
        if comparison.ungrouped > 0 {
            let most = number(TrafficComparison.maxGroups)
            lines.append("\(number(comparison.ungrouped)) of them are in no group: there are \(most) groups at most")
        }
        if comparison.unreadable > 0 {
            lines.append("left out: \(count(comparison.unreadable, "request")) without a valid request line and host")
        }
        if log.badLines > 0 {
            let named = log.firstBad.map { "line \($0.line) (\($0.reason))" }.joined(separator: ", ")
            let more = log.badLines - log.firstBad.count
            lines.append(
                "left out: \(count(log.badLines, "line")) of no access log: \(named)"
                    + (more > 0 ? " and \(number(more)) more" : ""))
        }
        return lines
    }

    /// `1,204 requests`, `1 request`.
    private static func count(_ count: Int, _ noun: String) -> String {
        "\(number(count)) \(noun)\(count == 1 ? "" : "s")"
    }

    /// `1,204`.
    private static func number(_ number: Int) -> String {
        var digits = Array(String(number))
        for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
        return String(digits)
    }
}

/// The JSON for programs.
struct DiffReportJSON: Encodable {
    private struct Change: Encodable {
        let kind, name, change: String
        let keys: [String]
        let file: String?
        let line: Int?
    }

    private struct Difference: Encodable {
        let aspect, old, new: String
    }

    private struct Group: Encodable {
        let requests: Int
        let subject: String
        let differences: [Difference]
        let file: String?
        let line: Int?
        let samples: [String]
    }

    private struct BadLine: Encodable {
        let line: Int
        let reason: String
    }

    private struct Traffic: Encodable {
        let compared, changed, ungrouped, unreadable, badLines: Int
        let firstBadLines: [BadLine]
        let groups: [Group]
    }

    private let changes: [Change]
    private let traffic: Traffic?

    init(_ plan: ReloadPlan, _ log: LoggedTraffic?) {
        changes = plan.items.map {
            Change(
                kind: $0.kind.rawValue, name: $0.name, change: $0.change.rawValue, keys: $0.keys,
                file: $0.location?.file, line: $0.location?.line)
        }
        traffic = log.map { log in
            let comparison = log.comparison
            return Traffic(
                compared: comparison.compared, changed: comparison.changed, ungrouped: comparison.ungrouped,
                unreadable: comparison.unreadable, badLines: log.badLines,
                firstBadLines: log.firstBad.map { BadLine(line: $0.line, reason: $0.reason) },
                groups: comparison.changes.map(Self.group))
        }
    }

    private static func group(_ group: TrafficComparison.Group) -> Group {
        Group(
            requests: group.count, subject: group.subject,
            differences: group.differences.map {
                Difference(aspect: $0.aspect.rawValue, old: $0.old, new: $0.new)
            },
            file: group.location?.file, line: group.location?.line, samples: group.samples)
    }

    /// The text, with keys in the order of the alphabet.
    func text() throws -> String { try JSONOutput.text(of: self) }
}
