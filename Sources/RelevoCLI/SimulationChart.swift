// The chart of a simulation: one row for each endpoint, one column for each slice of the time.
// Figures are in SimulationText.

import Foundation
import RelevoPolicy

/// The characters that a chart is drawn with.
enum ChartDrawing {
    case blocks, ascii

    /// From the smallest share to the largest.
    var levels: [Character] { self == .blocks ? Array("▁▂▃▄▅▆▇█") : Array("12345678") }
    /// Nothing at all.
    var none: Character { self == .blocks ? "·" : "." }
    /// Out of service because of how it served.
    var ejected: Character { self == .blocks ? "×" : "x" }
    /// Out of service because of checks.
    var down: Character { self == .blocks ? "↓" : "v" }
    /// Stands for the beginning of a text that is too long.
    var ellipsis: String { self == .blocks ? "…" : "~" }

    /// The level of a share, of which `full` is the largest; what is above nothing is shown.
    func level(_ share: Double, of full: Double) -> Character {
        guard share > 0, full > 0 else { return none }
        let step = Int((share / full * Double(levels.count)).rounded())
        return levels[min(max(step, 1), levels.count) - 1]
    }
}

/// Draws the shares of endpoints over time.
struct SimulationChart {
    /// Columns of the names of endpoints.
    static let labelWidth = 20

    private let report: SimulationReport
    private let drawing: ChartDrawing
    private let duration: UInt64

    init(_ report: SimulationReport, _ drawing: ChartDrawing, duration: UInt64) {
        self.report = report
        self.drawing = drawing
        self.duration = duration
    }

    /// A name in its columns; of one that is too long, the end tells more.
    static func label(_ text: String, _ drawing: ChartDrawing) -> String {
        let room = labelWidth - 1
        let shown = text.count > room ? drawing.ellipsis + text.suffix(room - 1) : text
        return shown + String(repeating: " ", count: labelWidth - shown.count)
    }

    /// All lines.
    var lines: [String] {
        let totals = report.arrivals.indices.map { slice in
            report.endpoints.reduce(0) { $0 + $1.slices[slice].attempts }
        }
        func share(_ endpoint: SimulationReport.Endpoint, _ slice: Int) -> Double {
            totals[slice] > 0 ? Double(endpoint.slices[slice].attempts) / Double(totals[slice]) : 0
        }
        let full = report.endpoints.flatMap { endpoint in totals.indices.map { share(endpoint, $0) } }.max() ?? 0
        let rows = report.endpoints.map { endpoint in
            Self.label(endpoint.text, drawing)
                + totals.indices.map { String(cell(endpoint.slices[$0], share(endpoint, $0), full)) }.joined()
        }
        let losses = report.arrivals.indices.map { slice in
            let share = Double(report.losses[slice]) / Double(max(1, report.arrivals[slice]))
            return String(drawing.level(share, of: 1))
        }
        let highest = drawing.levels.last.map(String.init) ?? ""
        let percent = Int((full * 100).rounded())
        return [
            "attempts over time: a column is \(sliceText), \(highest) is \(percent) % of them, "
                + "\(drawing.ejected) ejected, \(drawing.down) down"
        ] + rows + [
            Self.label("failed requests", drawing) + losses.joined(),
            Self.label("", drawing) + ruler,
        ]
    }

    /// The mark of who is out of service for most of a slice, else the share.
    private func cell(_ slice: SimulationReport.Slice, _ share: Double, _ full: Double) -> Character {
        let absence = slice.ejected + slice.down
        guard absence > 0, 2 * absence >= report.sliceLength else { return drawing.level(share, of: full) }
        return slice.ejected > slice.down ? drawing.ejected : drawing.down
    }

    private var sliceText: String { DurationText.write(.nanoseconds(Int64(clamping: report.sliceLength))) }

    /// The time at each tenth column.
    private var ruler: String {
        stride(from: 0, to: report.arrivals.count, by: 10).map { column in
            let time = report.sliceLength * UInt64(column)
            let text = time == 0 ? "0s" : DurationText.write(.nanoseconds(Int64(clamping: time)))
            return text.padding(toLength: 10, withPad: " ", startingAt: 0)
        }.joined().trimmingCharacters(in: .whitespaces)
    }
}
