// The system's own log as a place for the access log (RFC 3164, as syslog(3) writes it).
// Sending lines there: RelevoProxy's SyslogOutlet.

/// The log of the system: whoever listens at `/dev/log`, such as rsyslog, syslog-ng or journald.
public struct Syslog: Sendable, Hashable {
    /// By what lines are sorted there.
    public enum Facility: String, Sendable, Hashable, CaseIterable {
        /// Server processes.
        case daemon
        /// For the operator to give a meaning to.
        case local0, local1, local2, local3, local4, local5, local6, local7

        /// Its number (RFC 5424 §6.2.1).
        package var number: Int {
            switch self {
            case .daemon: 3
            case .local0: 16
            case .local1: 17
            case .local2: 18
            case .local3: 19
            case .local4: 20
            case .local5: 21
            case .local6: 22
            case .local7: 23
            }
        }
    }

    /// The facility; lines have the severity `info`.
    public var facility: Facility
    /// Where the log listens.
    public var socket: String

    /// Creates the place.
    public init(_ facility: Facility = .daemon, socket: String = "/dev/log") {
        self.facility = facility
        self.socket = socket
    }

    /// Reads `syslog` or `syslog:local3`; nil if it is neither.
    package init?(_ text: String) {
        guard text != "syslog" else {
            self.init()
            return
        }
        guard text.hasPrefix("syslog:"), let facility = Facility(rawValue: String(text.dropFirst(7))) else {
            return nil
        }
        self.init(facility)
    }

    /// The form of configuration files.
    package var text: String { facility == .daemon ? "syslog" : "syslog:\(facility.rawValue)" }
}
