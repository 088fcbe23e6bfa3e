// What a configuration file has against being loaded.
// Holds problems; finding them is the readers' work.

public import RelevoPolicy

/// Everything that is wrong with a configuration file, at once.
public struct ConfigurationFileError: Error, Sendable, CustomStringConvertible {
    /// The problems, never empty, in the order of the file.
    public let problems: [ConfigurationProblem]
    /// The file as the user named it.
    public let file: String
    /// What the file says; `nil` if it could not be read.
    public let text: String?

    /// Creates an error; the problems are put into the order of the file.
    package init(_ problems: [ConfigurationProblem], file: String, text: String?) {
        self.problems = problems.inFileOrder
        self.file = file
        self.text = text
    }

    /// The problems for people, each with its line and a caret. See ``ConfigurationDiagnostics``.
    public func rendered() -> String { ConfigurationDiagnostics.render(problems, text: text) }

    /// The same as ``rendered()``.
    public var description: String { rendered() }
}

extension [ConfigurationProblem] {
    /// These problems by line and column, those without a place first, each problem once.
    var inFileOrder: [ConfigurationProblem] {
        var seen: Set<ConfigurationProblem> = []
        let distinct = filter { seen.insert($0).inserted }
        let ordered = distinct.enumerated().sorted { left, right in
            let (first, second) = (left.element.location, right.element.location)
            return (first?.line ?? 0, first?.column ?? 0, left.offset)
                < (second?.line ?? 0, second?.column ?? 0, right.offset)
        }
        return ordered.map(\.element)
    }
}
