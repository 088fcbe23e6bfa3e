// What a resolver may be told.
// The system's own configuration is read by c-ares, not here.

public import CLibevent

extension DNSResolver {
    /// Whom a resolver asks, and how patiently.
    ///
    /// With one nameserver a lookup ends after `timeout` × (2^`tries` − 1) for each name that it tries, each further
    /// nameserver adding as much; names are tried in each search domain.
    public struct Settings: Sendable, Hashable {
        /// IPv4 or IPv6 addresses with ports; empty for those of `/etc/resolv.conf`.
        public var nameservers: [SocketAddress]
        /// Domains in which names are searched; nil for those of `/etc/resolv.conf`.
        public var searchDomains: [String]?
        /// How long the first try waits; each further round over the nameservers waits twice as long. 1 ms to 30 s.
        public var timeout: Duration
        /// How often each nameserver is asked, 1 to 5.
        public var tries: Int
        /// The system's configuration; another file in tests.
        package var systemFile = "/etc/resolv.conf"

        /// Creates settings; the defaults give up on a silent nameserver after 14 s.
        public init(
            nameservers: [SocketAddress] = [], searchDomains: [String]? = nil, timeout: Duration = .seconds(2),
            tries: Int = 3
        ) {
            self.nameservers = nameservers
            self.searchDomains = searchDomains
            self.timeout = timeout
            self.tries = tries
        }

        /// The patience of one try in milliseconds.
        var timeoutMilliseconds: Int32 {
            Int32(clamping: min(max(timeout.wholeNanoseconds / 1_000_000, 1), 30_000))
        }

        /// Tries within their range.
        var boundedTries: Int32 { Int32(min(max(tries, 1), 5)) }

        /// The nameservers as `ares_set_servers_ports_csv` reads them; nil for the system's.
        func nameserverList() throws(DNSFailure) -> String? {
            for address in nameservers {
                switch address {
                case .ipv4(_, let port), .ipv6(_, _, let port, 0):
                    guard port != 0 else { throw .invalidNameserver }
                case .ipv6, .unix: throw .invalidNameserver
                }
            }
            return nameservers.isEmpty ? nil : nameservers.map(\.description).joined(separator: ",")
        }
    }
}
