// The door of the module: a file or a text becomes a configuration, or an error that lists everything wrong with
// it. No network, no clock; the file named is the only one read.

package import RelevoPolicy

/// Reads configuration files.
///
/// ```swift
/// let loader = ConfigurationLoader(environment: ProcessInfo.processInfo.environment)
/// do {
///     let loaded = try loader.load(path: "relevo.yaml")
/// } catch {
///     print(error.rendered())
/// }
/// ```
public struct ConfigurationLoader: Sendable {
    /// Bytes that a configuration file may have: 16 MiB.
    public static let maxFileBytes = 16 << 20

    private let environment: [String: String]

    /// Creates a loader that expands `${NAME}` from the given variables alone.
    public init(environment: [String: String] = [:]) { self.environment = environment }

    /// Reads a file of at most ``maxFileBytes`` in UTF-8. Blocks; any thread.
    public func load(path: String) throws(ConfigurationFileError) -> LoadedConfiguration {
        try load(text: text(of: path), file: path)
    }

    /// Reads the script of a simulation for a configuration, from a file of the same kind. Blocks; any thread.
    package func loadScript(
        path: String, for snapshot: ProxySnapshot
    ) throws(ConfigurationFileError) -> SimulationScript {
        try loadScript(text: text(of: path), file: path, for: snapshot)
    }

    /// Reads the text of such a script. `file` is the name for messages. Any thread.
    package func loadScript(
        text: String, file: String, for snapshot: ProxySnapshot
    ) throws(ConfigurationFileError) -> SimulationScript {
        let source = SourceText(text)
        var composer = YAMLComposer(source: source, file: file, environment: environment)
        var reader = ConfigurationReader(source: source)
        let script = composer.compose().flatMap { reader.script(of: $0, for: snapshot) }
        let problems = composer.problems + reader.problems
        guard problems.isEmpty, let script else {
            throw Self.failure(problems, "for example `rate: 1000` and `duration: 60s`", file: file, text: text)
        }
        return script
    }

    private func text(of path: String) throws(ConfigurationFileError) -> String {
        let bytes: [UInt8]
        do throws(ConfigurationProblem) {
            bytes = try ConfigurationFile.read(path, maxBytes: ConfigurationLoader.maxFileBytes)
        } catch {
            throw ConfigurationFileError([error], file: path, text: nil)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let problem = ConfigurationFile.encodingProblem(of: bytes, path)
            throw ConfigurationFileError([problem], file: path, text: String(decoding: bytes, as: UTF8.self))
        }
        return text
    }

    /// What is wrong with a file: nothing was found if it says nothing.
    private static func failure(
        _ problems: [ConfigurationProblem], _ need: String, file: String, text: String
    ) -> ConfigurationFileError {
        let empty = ConfigurationProblem(
            "the file says nothing", suggestion: need, location: SourceLocation(file: file, line: 1, column: 1))
        return ConfigurationFileError(problems.isEmpty ? [empty] : problems, file: file, text: text)
    }

    /// Reads a text. `file` is the name for messages. Any thread.
    public func load(text: String, file: String) throws(ConfigurationFileError) -> LoadedConfiguration {
        let source = SourceText(text)
        var composer = YAMLComposer(source: source, file: file, environment: environment)
        var reader = ConfigurationReader(source: source)
        let configuration = composer.compose().map { reader.configuration(of: $0) }
        let problems = composer.problems + reader.problems
        guard problems.isEmpty, let configuration else {
            throw Self.failure(problems, "it needs at least `listeners` and `domains`", file: file, text: text)
        }
        return LoadedConfiguration(
            configuration: configuration, file: file, text: text, origins: reader.origins, tests: reader.tests)
    }
}
