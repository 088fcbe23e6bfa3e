// How the names of endpoints are looked up: whom to ask, how patiently, and how long an answer holds.
// Asking is not done here, and neither is checking: that is SnapshotBuilder's matter.

/// How the names of endpoints are looked up.
public struct ResolverSettings: Sendable, Equatable {
    /// Whom to ask.
    public struct Nameserver: Sendable, Equatable, ExpressibleByStringLiteral {
        /// `127.0.0.1`, `127.0.0.1:5353` or `[::1]:53`; port 53 when absent.
        public var address: String
        /// Where it was written.
        public var location: SourceLocation?

        /// Creates a nameserver from the text of an address.
        public init(_ address: String, location: SourceLocation? = nil) {
            self.address = address
            self.location = location
        }

        /// Creates a nameserver from a literal.
        public init(stringLiteral value: String) { self.init(value) }
    }

    /// Asked in this order; empty for those of the system.
    public var nameservers: [Nameserver] = []
    /// Domains in which short names are searched; nil for those of the system, empty for none.
    public var search: [String]?
    /// How long the first try waits; each further one waits twice as long. 1 ms to 30 s.
    public var timeout: Duration = .seconds(2)
    /// How often each nameserver is asked, 1 to 5.
    public var tries = 3
    /// The shortest time for which an answer holds, whatever its time to live says. 1 s to 24 h.
    public var minTTL: Duration = .seconds(1)
    /// The longest time for which an answer holds. 1 s to 24 h.
    public var maxTTL: Duration = .seconds(300)

    /// Creates the settings that hold where nothing is said.
    public init() {}
}
