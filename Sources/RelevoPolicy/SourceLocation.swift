// Where a piece of configuration was written, and what is wrong with it. Filled in by the reader of
// configuration files; configurations built in Swift code have no locations.

/// A place in a configuration file. Line and column count from one, columns in Unicode scalars.
public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// The file as the user named it.
    public var file: String
    /// Line, from 1.
    public var line: Int
    /// Column, from 1.
    public var column: Int

    /// Creates a location; `line` and `column` count from 1.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line`, the form that operators and editors understand.
    public var description: String { "\(file):\(line)" }
}

/// One thing that is wrong with a configuration, in words for the person who wrote it.
public struct ConfigurationProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong: one sentence without a final full stop.
    public var message: String
    /// The cure, if one is known.
    public var suggestion: String?
    /// Where, if the configuration came from a file.
    public var location: SourceLocation?

    /// Creates a problem.
    public init(_ message: String, suggestion: String? = nil, location: SourceLocation? = nil) {
        self.message = message
        self.suggestion = suggestion
        self.location = location
    }

    /// Location, message and suggestion on one line.
    public var description: String {
        let place = location.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        return place + message + (suggestion.map { " (\($0))" } ?? "")
    }
}

/// Everything that is wrong with a configuration, at once: nothing of it was applied.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// The problems, never empty, in the order of the configuration.
    public var problems: [ConfigurationProblem]

    /// Creates an error from the problems found.
    public init(_ problems: [ConfigurationProblem]) { self.problems = problems }

    /// One line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
