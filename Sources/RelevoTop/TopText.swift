// How `relevo top` writes figures, names and lines: for a terminal of any width, with or without colours.
// What stands where is TopScreen's matter.

/// A part of a line with how it looks. No look says anything that the text does not.
package struct TopSpan: Sendable, Hashable {
    /// How a part looks.
    package enum Look: String, Sendable, CaseIterable {
        /// The value is its parameter of SGR (ECMA-48 §8.3.117).
        case plain = "0"
        /// More than the rest.
        case bold = "1"
        /// Less than the rest.
        case quiet = "2"
        /// The other way round.
        case marked = "7"
        /// A colour, as the two that follow.
        case good = "32"
        /// What should be looked at.
        case warning = "33"
        /// What is wrong.
        case bad = "31"

        /// Whether it is a colour.
        var isColour: Bool { [.good, .warning, .bad].contains(self) }
    }

    /// Printable: each character takes one column.
    package var text: String
    /// How it looks.
    package var look: Look

    /// Makes a part.
    package init(_ text: String, _ look: Look = .plain) {
        self.text = text
        self.look = look
    }
}

/// One line of the screen.
package struct TopLine: Sendable, Hashable {
    /// From left to right.
    package var spans: [TopSpan]

    /// Makes a line of parts.
    package init(_ spans: [TopSpan] = []) { self.spans = spans }

    /// Makes a line that looks the same from end to end.
    package init(_ text: String, _ look: TopSpan.Look = .plain) { spans = [TopSpan(text, look)] }

    /// Without looks and without blanks at the end.
    package var text: String {
        let whole = spans.map(\.text).joined()
        return String(whole.reversed().drop { $0 == " " }.reversed())
    }

    /// Columns that it takes.
    var width: Int { spans.reduce(0) { $0 + $1.text.count } }

    /// The same, ended at a column.
    func cut(to columns: Int) -> TopLine {
        var room = max(0, columns)
        var result = TopLine()
        for span in spans where room > 0 {
            result.spans.append(TopSpan(String(span.text.prefix(room)), span.look))
            room -= span.text.count
        }
        return result
    }

    /// For a terminal (ECMA-48 §8.3.117).
    package func written(inColours: Bool) -> String {
        spans.map { span in
            let isPlain = span.look == .plain || span.look.isColour && !inColours
            return isPlain ? span.text : "\u{1B}[\(span.look.rawValue)m\(span.text)\u{1B}[0m"
        }.joined()
    }
}

/// Writes figures and names.
package enum TopText {
    /// A name from a configuration or a request: what would not take one column is shown as `?`, so that it can neither
    /// give the terminal orders nor shift what stands behind it.
    package static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
                .nonspacingMark, .enclosingMark, .spacingMark:
                result.append("?")
            default:
                // From right to left between 0590 and 08FF, two columns wide from 1100 on; dashes and dots are neither.
                let isNarrow = scalar.value < 0x590 || (0x2010...0x2027).contains(scalar.value)
                result.append(isNarrow ? Character(scalar) : "?")
            }
        }
        return result
    }

    /// A name in so many columns; of one that is too long, both ends tell more than its beginning.
    package static func fitted(_ name: String, _ columns: Int) -> String {
        guard name.count > columns else { return name + String(repeating: " ", count: columns - name.count) }
        guard columns > 3 else { return String(name.prefix(max(0, columns))) }
        let back = (columns - 1) / 2
        return name.prefix(columns - 1 - back) + "…" + name.suffix(back)
    }

    /// A number with as many digits as say something.
    package static func number(_ value: Double) -> String {
        switch value {
        case ..<0.0001: "0"
        case ..<0.05: "<0.1"
        case ..<9.95: decimal(value)
        case ..<9999.5: grouped(Int(value.rounded()))
        case ..<99_950: decimal(value / 1e3) + " k"
        case ..<999_500: "\(Int((value / 1e3).rounded())) k"
        default: decimal(value / 1e6) + " M"
        }
    }

    /// A time.
    package static func time(_ quantile: TrafficFigures.Quantile?) -> String {
        switch quantile {
        case nil: "–"
        case .beyond?: ">10 s"
        case .seconds(let seconds)? where seconds >= 0.9995: decimal(seconds) + " s"
        case .seconds(let seconds)? where seconds >= 0.00995: "\(Int((seconds * 1e3).rounded())) ms"
        case .seconds(let seconds)?: decimal(seconds * 1e3) + " ms"
        }
    }

    /// A part of a whole.
    package static func share(_ part: Double?, of whole: Double = 1) -> String {
        guard let part, whole > 0 else { return "–" }
        let percent = part / whole * 100
        return percent >= 9.95 ? "\(Int(percent.rounded())) %" : number(percent) + " %"
    }

    /// Bytes in a second.
    package static func bytes(_ value: Double) -> String {
        var (rest, unit) = (value, 0)
        while rest >= 1000, unit < 3 {
            rest /= 1024
            unit += 1
        }
        let figure = unit == 0 || rest >= 9.95 ? "\(Int(rest.rounded()))" : decimal(rest)
        return figure + " " + ["B", "KiB", "MiB", "GiB"][unit] + "/s"
    }

    /// How long something has lasted.
    package static func age(_ seconds: Double) -> String {
        let whole = Int(seconds)
        switch whole {
        case ..<120: return "\(whole) s"
        case ..<7200: return "\(whole / 60) min"
        case ..<172_800: return "\(whole / 3600) h"
        default: return "\(whole / 86_400) days"
        }
    }

    /// The last values as a row of blocks, the highest as a full one.
    package static func blocks(_ values: [Double], _ columns: Int) -> String {
        let shown = values.suffix(columns)
        let full = shown.max() ?? 0
        let levels = Array("▁▂▃▄▅▆▇█")
        return String(
            shown.map { value in
                guard value > 0, full > 0 else { return "·" as Character }
                return levels[min(levels.count - 1, Int(value / full * Double(levels.count)))]
            })
    }

    private static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func grouped(_ value: Int) -> String {
        let last = value % 1000
        return value < 1000 ? "\(value)" : "\(value / 1000),\(last < 100 ? "0" : "")\(last < 10 ? "0" : "")\(last)"
    }
}
