// Names to addresses and to services, without blocking a thread.
// It keeps no answer: how long one is used, and what follows from a failure, is for the caller to decide.

public import CLibevent

/// Looks names up without blocking. Confined to its loop's thread.
///
/// Lookups run side by side over a few sockets of the loop (c-ares; no thread is started). Each ends with one call of
/// its closure in a later turn of the loop, never within the call that began it. The closure may begin other lookups
/// and may close or release the resolver. After ``close()``, or when the resolver is released, no closure is called.
public final class DNSResolver {
    /// The kinds of address that a lookup asks for.
    public enum Family: Sendable, Hashable {
        /// A and AAAA, asked for together.
        case any
        /// A only.
        case ipv4
        /// AAAA only.
        case ipv6
    }

    /// Addresses of a name.
    public struct Answer: Sendable, Hashable {
        /// At least one address and at most ``DNSResolver/maxRecords``, each once, with the port that was asked for.
        /// IPv6 and IPv4 take turns, IPv6 first (RFC 8305 §4); within a family the order is the nameserver's.
        public var addresses: [SocketAddress]
        /// The shortest time to live of the records that led here, aliases included.
        public var timeToLive: Duration

        /// Creates an answer that nobody gave, as tests do.
        public init(addresses: [SocketAddress], timeToLive: Duration) {
            self.addresses = addresses
            self.timeToLive = timeToLive
        }
    }

    /// Where a service is offered: one SRV record (RFC 2782).
    public struct Service: Sendable, Hashable {
        /// The name to look up for addresses, in lower case and without a dot at the end.
        public var host: String
        /// The port there.
        public var port: UInt16
        /// Lower numbers are to be tried first.
        public var priority: Int
        /// The share among services of equal priority.
        public var weight: Int

        /// Creates a service.
        public init(host: String, port: UInt16, priority: Int, weight: Int) {
            self.host = host
            self.port = port
            self.priority = priority
            self.weight = weight
        }
    }

    /// The services behind a name.
    public struct Services: Sendable, Hashable {
        /// At least one and at most ``DNSResolver/maxRecords``, by priority, then by falling weight, host and port.
        public var services: [Service]
        /// The shortest time to live of the records that led here, aliases included.
        public var timeToLive: Duration

        /// Creates an answer that nobody gave, as tests do.
        public init(services: [Service], timeToLive: Duration) {
            self.services = services
            self.timeToLive = timeToLive
        }
    }

    /// Lookups that may be under way at a time; one more fails with ``DNSFailure/busy``.
    public static var maxLookups: Int { 512 }
    /// Records of an answer that are used; the rest is left out.
    public static var maxRecords: Int { 256 }
    /// What stands in for the time to live of an address from `/etc/hosts`, which has none.
    public static var hostsTimeToLive: Duration { .seconds(10) }
    /// What stands in for the time to live of an address that was not looked up: as long as DNS can say.
    public static var literalTimeToLive: Duration { .seconds(Int32.max) }

    private let channel: DNSChannel

    /// Creates a resolver and reads the system's configuration; nothing is sent yet.
    public init(loop: EventLoop, settings: Settings = Settings()) throws(DNSFailure) {
        channel = try DNSChannel(loop: loop, settings: settings)
    }

    deinit { close() }

    /// Looks for the addresses of `name`: a literal is its own, then `/etc/hosts` is read, then nameservers are asked.
    ///
    /// A name with fewer dots than the system's `ndots`, and any that does not exist as it is, is tried with the search
    /// domains too; a dot at its end prevents that.
    public func addresses(
        of name: String, port: UInt16, family: Family = .any,
        _ done: @escaping (Result<Answer, DNSFailure>) -> Void
    ) {
        guard channel.begin(or: { done(.failure($0)) }) else { return }
        if let literal = SocketAddress(literal: name, port: port) {
            let result = Self.answer(literal, family)
            channel.finish { done(result) }
        } else if Self.isName(name) {
            AddressQuery(channel, name: name, port: port, family: family, done).ask()
        } else {
            channel.finish { done(.failure(.invalidName)) }
        }
    }

    /// Looks for the SRV records of `name`, `_http._tcp.example.com`. Search domains are tried as for addresses;
    /// `/etc/hosts` has no services. Records that deny the service (a target of `.`) are ``DNSFailure/noData``.
    public func services(of name: String, _ done: @escaping (Result<Services, DNSFailure>) -> Void) {
        guard channel.begin(or: { done(.failure($0)) }) else { return }
        if Self.isName(name) {
            ServiceQuery(channel, name: name, done).ask()
        } else {
            channel.finish { done(.failure(.invalidName)) }
        }
    }

    /// Drops all lookups and closes the sockets. Idempotent; no closure is called afterwards, and new lookups are
    /// ignored.
    public func close() { channel.close() }

    private static func answer(_ literal: SocketAddress, _ family: Family) -> Result<Answer, DNSFailure> {
        switch (literal, family) {
        case (.ipv4, .ipv6), (.ipv6, .ipv4), (.unix, _): .failure(.noData)
        case (.ipv4, _), (.ipv6, _): .success(Answer(addresses: [literal], timeToLive: literalTimeToLive))
        }
    }

    /// Whether c-ares takes the text as it is: it would read a backslash as the beginning of an escape. Lengths of
    /// labels are checked there.
    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 255
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
    }
}

@available(*, unavailable)
extension DNSResolver: Sendable {}
