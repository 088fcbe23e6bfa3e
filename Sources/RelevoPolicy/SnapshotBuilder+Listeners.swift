// Listeners of a configuration, checked, each for itself and against the others.
// Whether the system grants them shows only when they are opened.

import RelevoHTTP

extension SnapshotBuilder {
    mutating func listeners() -> [ListenerSpec] {
        if configuration.listeners.isEmpty {
            report("there are no listeners", "add `listeners: [\"0.0.0.0:8080\"]`", at: nil)
        }
        var specs: [ListenerSpec] = []
        for listener in configuration.listeners {
            do {
                let address = try AddressText.listener(listener.address)
                let spec = ListenerSpec(
                    address: address, tls: listener.tls, headerSenders: headerSenders(of: listener, at: address),
                    redirect: listener.redirect, location: listener.location)
                checkRedirect(of: listener)
                if let tls = listener.tls, tls.certificates.isEmpty {
                    report("listener `\(address)` has no certificate", "name at least one", at: listener.location)
                }
                if let conflict = specs.compactMap({ conflict(of: spec, with: $0) }).first {
                    problems.append(conflict)
                }
                specs.append(spec)
            } catch {
                report(error.message, error.suggestion, at: listener.location)
            }
        }
        return specs
    }

    /// Why two listeners cannot be opened both; nil if they can.
    private func conflict(of spec: ListenerSpec, with earlier: ListenerSpec) -> ConfigurationProblem? {
        let twice = ConfigurationProblem(
            "listener `\(spec.address)` is there twice", suggestion: firstAt(earlier.location),
            location: spec.location)
        guard let left = ListenerPlace(spec.address), let right = ListenerPlace(earlier.address) else {
            // Only paths can be the same without a place: port 0 becomes another port each time.
            if case .unix = spec.address, spec.address == earlier.address { return twice }
            return nil
        }
        if left == right { return twice }
        guard let family = left.overlap(with: right) else { return nil }
        let wildcard = left.isWildcard ? spec.address : earlier.address
        let other = earlier.location.map { "; the other is at \($0)" } ?? ""
        return ConfigurationProblem(
            "listeners `\(earlier.address)` and `\(spec.address)` want the same port",
            suggestion: "remove one: `\(wildcard)` takes it on every \(family) address\(other)",
            location: spec.location)
    }
}

/// Address and port of a listener, however they were written.
struct ListenerPlace: Equatable {
    private let address: IPAddress
    private let port: Int

    /// The place of an address; nil for a path and for port 0, which is no certain port.
    init?(_ address: ListenerAddress) {
        guard case .literal(let host, let port) = address, port != 0, let number = IPAddress(host) else { return nil }
        self.address = number
        self.port = port
    }

    /// Whether it means every address of its family.
    var isWildcard: Bool { address == .v4(0) || address == .v6(0, 0) }

    /// The family in which one of the two takes the other's port as well. Listeners of IPv6 leave IPv4 alone.
    func overlap(with other: ListenerPlace) -> String? {
        guard port == other.port, isWildcard || other.isWildcard else { return nil }
        return switch (address, other.address) {
        case (.v4, .v4): "IPv4"
        case (.v6, .v6): "IPv6"
        case (.v4, .v6), (.v6, .v4): nil
        }
    }
}
