// Who answers the questions for names: the system's nameservers or those of the configuration, and scripts in tests.
// When to ask is NameResolver's matter.

package import CLibevent
package import CLibeventDNS
package import RelevoPolicy

/// Answers questions for names. Confined to the loop that it was made for.
///
/// Each question ends with one call of its closure, also within the call that asks; with none after ``close()``.
package protocol NameSource: AnyObject {
    /// Looks for the addresses of a name.
    func addresses(
        of name: String, port: UInt16, _ done: @escaping (Result<DNSResolver.Answer, DNSFailure>) -> Void)
    /// Looks for the SRV records of a name.
    func services(of name: String, _ done: @escaping (Result<DNSResolver.Services, DNSFailure>) -> Void)
    /// Forgets all questions.
    func close()
}

/// Makes a source on the control loop's thread.
package typealias NameSourceMaker = @Sendable (EventLoop, ResolverSettings) throws(DNSFailure) -> any NameSource

extension DNSResolver: NameSource {
    /// Asks for both families.
    package func addresses(
        of name: String, port: UInt16, _ done: @escaping (Result<DNSResolver.Answer, DNSFailure>) -> Void
    ) {
        addresses(of: name, port: port, family: .any, done)
    }

    /// The resolver that settings ask for.
    package static func source(
        _ loop: EventLoop, _ settings: ResolverSettings
    ) throws(DNSFailure) -> any NameSource {
        try DNSResolver(loop: loop, settings: Settings(settings))
    }
}

extension DNSResolver.Settings {
    /// Reads settings that SnapshotBuilder has checked.
    init(_ settings: ResolverSettings) throws(DNSFailure) {
        var nameservers: [SocketAddress] = []
        for nameserver in settings.nameservers {
            guard let (host, port) = try? AddressText.nameserver(nameserver.address),
                let address = SocketAddress(literal: host, port: UInt16(clamping: port))
            else { throw .invalidNameserver }
            nameservers.append(address)
        }
        self.init(
            nameservers: nameservers, searchDomains: settings.search, timeout: settings.timeout, tries: settings.tries)
    }
}
