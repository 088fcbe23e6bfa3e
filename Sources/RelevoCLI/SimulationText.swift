// The outcome of a simulation for a person with a terminal of 80 columns: figures, endpoints, news.
// The chart is in SimulationChart.

import Foundation
import RelevoPolicy

/// Writes an outcome line by line.
struct SimulationText {
    /// Columns of a line.
    static let width = 80
    /// News that are shown; all are in the JSON.
    private static let maxChanges = 40

    private let script: SimulationScript
    private let report: SimulationReport
    private let drawing: ChartDrawing

    init(_ script: SimulationScript, _ report: SimulationReport, _ drawing: ChartDrawing) {
        self.script = script
        self.report = report
        self.drawing = drawing
    }

    /// All lines.
    var lines: [String] {
        var lines = headline + [""] + table + [""]
        if !report.changes.isEmpty { lines += changes + [""] }
        lines += SimulationChart(report, drawing, duration: Self.nanoseconds(script.duration)).lines
        return lines
    }

    // MARK: Figures

    private var headline: [String] {
        let duration = DurationText.write(script.duration)
        let workers = script.workers == 1 ? "1 worker" : "\(script.workers) workers"
        var lines = [
            "\(script.cluster.name), balance \(script.cluster.balance.name): \(Self.count(report.requests)) requests"
                + " in \(duration), \(workers), seed \(script.seed)",
            row("answered", report.answered, of: report.requests),
            row("failed", report.requests - report.answered, of: report.requests),
        ]
        for failure in report.failures { lines.append(row("  \(failure.reason)", failure.count, of: report.requests)) }
        lines.append(
            row("sent again", report.resent) + "   \(Self.count(report.budgetRefusals)) more refused by the budget")
        lines.append(row("sent elsewhere", report.redirected) + "   a connection could not be opened")
        if report.held > 0 { lines.append(row("held", report.held) + "   no endpoint could be reached") }
        if report.queued > 0 { lines.append(row("queued", report.queued) + "   the endpoints were at their limits") }
        let times = [("median", report.median), ("99 %", report.percentile99), ("longest", report.longest)]
        lines.append("  latency: " + times.map { "\($0) \(Self.time($1))" }.joined(separator: ", "))
        return lines
    }

    private func row(_ label: String, _ count: Int, of total: Int? = nil) -> String {
        let part = total.map { "   " + Self.padded(Self.part(count, of: $0), to: 9) } ?? ""
        return "  " + label.padding(toLength: 26, withPad: " ", startingAt: 0) + Self.padded(Self.count(count), to: 12)
            + part
    }

    private var table: [String] {
        let label = SimulationChart.labelWidth
        let heads = ["share", "attempts", "failed", "ejected", "down", "out for"]
        let widths = [9, 12, 11, 9, 7, 11]
        func line(_ first: String, _ cells: [String]) -> String {
            SimulationChart.label(first, drawing) + zip(cells, widths).map { Self.padded($0, to: $1) }.joined()
        }
        let total = report.endpoints.reduce(0) { $0 + $1.attempts }
        precondition(label + widths.reduce(0, +) <= Self.width, "a table of \(label) and \(widths) columns")
        return [line("endpoint", heads)]
            + report.endpoints.map { endpoint in
                line(
                    endpoint.text,
                    [
                        Self.part(endpoint.attempts, of: total), Self.count(endpoint.attempts),
                        Self.count(endpoint.failures), Self.count(endpoint.ejections), Self.count(endpoint.downs),
                        endpoint.absence == 0 ? "-" : Self.time(endpoint.absence),
                    ])
            }
    }

    // MARK: News

    private var changes: [String] {
        var lines: [String] = []
        for change in report.changes.prefix(Self.maxChanges) {
            let time = Self.padded(Self.moment(change.time), to: 10)
            lines += Self.wrapped(change.change.text, after: time + "  ")
        }
        let rest = report.changes.count - Self.maxChanges
        if rest > 0 { lines.append("  and \(Self.count(rest)) more; --json has all of them") }
        return lines
    }

    /// A text that begins behind another and goes on below its own beginning.
    private static func wrapped(_ text: String, after lead: String) -> [String] {
        var lines: [String] = []
        var line = lead
        for word in text.split(separator: " ") {
            if line.count > lead.count, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: lead.count)
            }
            line += (line.count > lead.count ? " " : "") + word
        }
        return lines + [line]
    }
}

// MARK: - Numbers

extension SimulationText {
    static func padded(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// `1,234,567`.
    static func count(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.map { ($0 > 0 && (digits.count - $0) % 3 == 0 ? "," : "") + String(digits[$0]) }.joined()
    }

    /// `12.34 %`: rounded, but neither to none nor to all.
    static func part(_ count: Int, of total: Int) -> String {
        guard total > 0 else { return "-" }
        var hundredths = Int((Double(count) * 10_000 / Double(total)).rounded())
        if count > 0 { hundredths = max(hundredths, 1) }
        if count < total { hundredths = min(hundredths, 9999) }
        return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100) %"
    }

    /// A length of time in nanoseconds with two or three digits: `5.0ms`, `12ms`, `1.25s`, `90s`.
    static func time(_ nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case ..<10_000_000: tenths(nanoseconds / 100_000, "ms")
        case ..<1_000_000_000: "\(nanoseconds / 1_000_000)ms"
        case ..<100_000_000_000: tenths(nanoseconds / 100_000_000, "s")
        default: "\(nanoseconds / 1_000_000_000)s"
        }
    }

    /// A time since the beginning: `12.345s`.
    static func moment(_ nanoseconds: UInt64) -> String {
        let milliseconds = String(nanoseconds / 1_000_000 % 1000)
        return "\(nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds
            + "s"
    }

    private static func tenths(_ number: UInt64, _ unit: String) -> String { "\(number / 10).\(number % 10)\(unit)" }

    static func nanoseconds(_ duration: Duration) -> UInt64 { UInt64(max(0, duration / .nanoseconds(1))) }
}
