// Shows problems the way compilers do: place, message, the offending line, a caret, the cure. Serves the problems
// of files and of `SnapshotBuilder` alike; it finds none itself.

public import RelevoPolicy

/// The presentation of configuration problems for people.
public enum ConfigurationDiagnostics {
    /// The characters of a long line that are shown around the caret.
    private static let window = 100

    /// One block of lines for each problem, without a line break at the end.
    ///
    /// ```
    /// relevo.yaml:7:3: error: unknown key `timeout`
    ///   7 |   timeout: 5s
    ///     |   ^~~~~~~
    ///     = did you mean `timeouts`?
    /// ```
    ///
    /// Characters that would command a terminal are replaced. Any thread.
    /// - Parameters:
    ///   - problems: What is wrong; one without a location is shown as `error: message`.
    ///   - text: The file that the locations are of; without it no lines are quoted.
    public static func render(_ problems: [ConfigurationProblem], text: String?) -> String {
        let source = text.map(SourceText.init)
        return problems.map { block($0, source: source) }.joined(separator: "\n")
    }

    private static func block(_ problem: ConfigurationProblem, source: SourceText?) -> String {
        guard let location = problem.location else {
            return lines("error: " + oneLine(problem.message), cure: problem.suggestion, margin: 0)
        }
        let head = "\(location.file):\(location.line):\(location.column): error: \(oneLine(problem.message))"
        let margin = String(location.line).count + 3
        guard let line = source?.line(location.line) else {
            return lines(head, cure: problem.suggestion, margin: margin)
        }
        let column = min(max(location.column, 1), line.count + 1)
        let (shown, caret) = excerpt(of: line, column: column)
        let length = min(SourceText.wordLength(in: line, column: column), max(1, shown.unicodeScalars.count - caret))
        let underline = String(repeating: " ", count: caret) + "^" + String(repeating: "~", count: length - 1)
        let quote = [
            head, "  \(location.line) | \(shown)", String(repeating: " ", count: margin) + "| " + underline,
        ]
        return lines(quote.joined(separator: "\n"), cure: problem.suggestion, margin: margin)
    }

    private static func lines(_ body: String, cure: String?, margin: Int) -> String {
        guard let cure else { return body }
        return body + "\n" + String(repeating: " ", count: max(margin, 2)) + "= " + oneLine(cure)
    }

    /// A text without what would command a terminal.
    package static func oneLine(_ text: String) -> String { String(scalars: text.unicodeScalars.map(\.shown)) }

    /// The part of a line around a column, and the offset of the column in it.
    private static func excerpt(of line: ArraySlice<Unicode.Scalar>, column: Int) -> (String, Int) {
        guard line.count > window else { return (String(scalars: line.map(\.shown)), column - 1) }
        let start = max(0, min(column - 1 - window / 2, line.count - window))
        let part = line.dropFirst(start).prefix(window)
        let lead = start > 0 ? "…" : ""
        let tail = start + part.count < line.count ? "…" : ""
        return (lead + String(scalars: part.map(\.shown)) + tail, column - 1 - start + lead.count)
    }
}
