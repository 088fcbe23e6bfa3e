// Where a proxy can be asked how it is and given orders, and who may.
// The proxy itself opens nothing for it: that is the matter of whoever owns the process (RelevoAdmin).

/// The admin listener of a configuration.
public struct AdminSettings: Sendable, Hashable {
    /// `unix:/run/relevo/admin.sock`, or an IP address with a port.
    public var address: String
    /// The file of the token that whoever wants to change something has to know, on a port; nil if nobody may there.
    public var tokenFile: String?
    /// Where it was written.
    public var location: SourceLocation?

    /// Creates settings.
    public init(_ address: String, tokenFile: String? = nil, location: SourceLocation? = nil) {
        self.address = address
        self.tokenFile = tokenFile
        self.location = location
    }

    /// The settings without the place.
    package var unlocated: AdminSettings { AdminSettings(address, tokenFile: tokenFile) }
}

extension SnapshotBuilder {
    /// Checks the admin listener: it is refused on an address that others can reach, unless they have to know a token.
    mutating func checkAdmin(_ settings: AdminSettings) {
        let address: ListenerAddress
        do throws(AddressText.Failure) {
            address = try AddressText.listener(settings.address, role: "admin listener")
        } catch {
            return report(error.message, error.suggestion, at: settings.location)
        }
        if let other = configuration.listeners.first(where: { Self.overlaps($0.address, address) }) {
            report("`admin` and the listener `\(other.address)` want the same place", at: settings.location)
        }
        switch address {
        case .unix:
            // Only the owner of the file can open it; a token is for whoever wants a request explained.
            return
        case .literal(let host, _):
            guard settings.tokenFile == nil, !host.hasPrefix("127."), host != "::1" else { return }
            report(
                "`admin` on `\(settings.address)` can be reached by others",
                "write `127.0.0.1:PORT`, or a `token_file` for whoever may change something", at: settings.location)
        }
    }

    /// Whether a listener would be where the admin listener is.
    private static func overlaps(_ text: String, _ admin: ListenerAddress) -> Bool {
        guard let listener = try? AddressText.listener(text) else { return false }
        guard let left = ListenerPlace(listener), let right = ListenerPlace(admin) else {
            if case .unix = admin { return listener == admin }
            return false
        }
        return left == right || left.overlap(with: right) != nil
    }
}
