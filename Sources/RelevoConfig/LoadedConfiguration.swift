// A configuration together with the file that it came from. A value: reading is the loader's, checking names and
// addresses `SnapshotBuilder`'s.

public import RelevoPolicy

/// A configuration that was read from a file without a problem.
public struct LoadedConfiguration: Sendable {
    /// What the file says, defaults filled in. Names and addresses are not checked yet.
    public let configuration: ProxyConfiguration
    /// The file as the user named it.
    public let file: String
    /// The file's text, for showing places in it.
    public let text: String
    /// Where each value was written; what is not in it is a default.
    package let origins: [ValuePath: ValueOrigin]
    /// What the file expects of itself; no part of the configuration, which would be the same without.
    package let tests: [RequestTest]

    /// The complete configuration as YAML: every default written out, after each value a comment with its origin
    /// (`# default`, `# line 12`, `# line 3, from ${PORT}`). It loads to an equal configuration, apart from
    /// locations. Values of environment variables are written out in it.
    public func effectiveYAML() -> String {
        var writer = EffectiveYAML(origins: origins)
        return writer.write(configuration)
    }
}
