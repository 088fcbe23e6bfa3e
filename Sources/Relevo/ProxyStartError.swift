// Why a proxy could not start, for embedding programs and for the command line.
// Faults of single requests are in RelevoPolicy.

public import CLibevent
public import RelevoPolicy
import RelevoProxy

/// Why a proxy could not start. Nothing of it is left running.
public struct ProxyStartError: Error, Sendable, CustomStringConvertible {
    /// The listener that could not be opened, as configured; nil if something else was the matter.
    public let listener: String?
    /// Where it was written.
    public let location: SourceLocation?
    /// The access log's file, if that could not be opened.
    public let file: String?
    /// The system's reason; nil if the proxy had been started before.
    public let reason: SystemError?

    /// A proxy can be started once.
    static let notNew = ProxyStartError(listener: nil, location: nil, reason: nil)

    private init(listener: String?, location: SourceLocation?, file: String? = nil, reason: SystemError?) {
        self.listener = listener
        self.file = file
        self.location = location
        self.reason = reason
    }

    init(_ error: StartError) {
        self.init(
            listener: error.listener?.address.description, location: error.listener?.location, file: error.file,
            reason: error.reason)
    }

    /// One line: `cannot listen on 0.0.0.0:80: Permission denied (bind)`.
    public var description: String {
        guard let reason else { return "this proxy was started before; create another one" }
        if let file { return "cannot write the access log to \(file): \(reason)" }
        guard let listener else { return "cannot start: \(reason)" }
        return "cannot listen on \(listener): \(reason)"
    }
}
