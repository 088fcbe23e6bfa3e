// How and where a line is written for each request, as values of a configuration.
// What the lines say: docs/access-log.md; writing them: RelevoProxy/Observe.

/// Whether and where a line is written for each request.
public enum AccessLog: Sendable, Hashable {
    /// No access log.
    case off
    /// Lines as the settings say.
    case lines(AccessLogSettings)

    /// JSON lines on standard output, one for each request.
    public static var standardOutput: AccessLog { .lines(AccessLogSettings()) }

    /// The settings; nil for no log.
    package var settings: AccessLogSettings? {
        switch self {
        case .off: nil
        case .lines(let settings): settings
        }
    }
}

/// What is logged, in which form, and to where.
public struct AccessLogSettings: Sendable, Hashable {
    /// The form of a line.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// An object with everything that is known.
        case json
        /// The same as `key=value`.
        case logfmt
        /// The combined log format of Apache httpd.
        case combined
    }

    /// Which requests have lines.
    public enum Selection: String, Sendable, Hashable, CaseIterable {
        /// All of them.
        case all
        /// Requests with a failure code, or a status of 500 and more; also those that are slow.
        case failures
    }

    /// Where lines go.
    public enum Target: Sendable, Hashable {
        /// Standard output of the process.
        case standardOutput
        /// A file, to whose end they are added.
        case file(String)
        /// The log of the system.
        case syslog(Syslog)

        /// What has to be opened in the file system; nil for nothing.
        package var path: String? {
            switch self {
            case .standardOutput: nil
            case .file(let path): path
            case .syslog(let syslog): syslog.socket
            }
        }
    }

    /// What is left out of lines because it may tell who somebody is.
    public enum Redaction: String, Sendable, Hashable, CaseIterable {
        /// The end of addresses: the last 8 bits of IPv4, all but the first 48 of IPv6, and ports.
        case client
        /// What follows `?` in targets.
        case query
    }

    /// The form.
    public var format = Format.json
    /// A form of one's own, in place of ``format``; nil for none.
    public var template: LogTemplate?
    /// Where lines go.
    public var target = Target.standardOutput
    /// Which requests have lines.
    public var only = Selection.all
    /// Requests whose answer begins later than this are logged whatever the other settings say.
    public var slowerThan: Duration?
    /// So many per cent of the requests that are no failure and not slow are logged, 0 to 100.
    public var sample = 100
    /// What is left out.
    public var redacted: Set<Redaction> = []

    /// Creates the defaults.
    public init() {}
}
