// What a configuration says about TLS beside the certificates, checked: redirects to it, Strict-Transport-Security.
// Files are read when the proxy is made (RelevoProxy).

extension SnapshotBuilder {
    /// Statuses that keep what a client was about to do; 303 would make a GET of every request.
    private static let redirects = [301, 302, 307, 308]

    /// Reports what cannot be meant by a listener that sends its clients to TLS.
    mutating func checkRedirect(of listener: ProxyConfiguration.Listener) {
        guard let redirect = listener.redirect else { return }
        if listener.tls != nil {
            report(
                "listener `\(listener.address)` speaks TLS and sends its clients to TLS",
                "write `redirect` at the listener for plain HTTP", at: listener.location)
        }
        if let port = redirect.port, !(1...65_535).contains(port) {
            report("`port` of a redirect is \(port)", "1 to 65535", at: listener.location)
        }
        if let status = redirect.status, !Self.redirects.contains(status) {
            report("`status` of a redirect to https is \(status)", "301, 302, 307 or 308", at: listener.location)
        }
    }

    /// Warns about redirects that lead nowhere, as far as the listeners tell.
    mutating func warnAboutRedirects(_ listeners: [ListenerSpec]) {
        let secure = listeners.filter { $0.tls != nil }
        for listener in listeners {
            guard let redirect = listener.redirect else { continue }
            if secure.isEmpty {
                warn(
                    "listener `\(listener.address)` sends its clients to TLS, which no listener speaks", nil,
                    at: listener.location)
            } else if redirect.port == nil, !secure.contains(where: { $0.address.port == 443 || $0.address.port == 0 })
            {
                warn(
                    "listener `\(listener.address)` sends its clients to port 443, where no listener speaks TLS",
                    "write the port that clients reach: `redirect: { to: https, port: 443 }`", at: listener.location)
            }
        }
    }

    /// The line for a domain that says so, empty for none.
    mutating func strictTransport(of domain: ProxyConfiguration.Domain) -> [UInt8] {
        switch domain.hsts {
        case .inherited: return configuration.hsts?.line ?? []
        case .off: return []
        case .on(let settings):
            check(settings, at: domain.location)
            return settings.line
        }
    }

    /// Reports what is wrong with the settings of the whole proxy, and warns if nobody would hear any of them.
    mutating func checkStrictTransport(_ listeners: [ListenerSpec]) {
        if let settings = configuration.hsts { check(settings, at: nil) }
        guard !listeners.isEmpty, listeners.allSatisfy({ $0.tls == nil }) else { return }
        let isSaid = configuration.domains.contains { if case .on = $0.hsts { true } else { false } }
        guard configuration.hsts != nil || isSaid else { return }
        warn("`hsts` is said to nobody", "it is sent over TLS only, which no listener speaks", at: nil)
    }

    private mutating func check(_ settings: StrictTransport, at location: SourceLocation?) {
        if let problem = settings.problem { report(problem.message, problem.suggestion, at: location) }
    }

    private mutating func warn(_ message: String, _ suggestion: String?, at location: SourceLocation?) {
        warnings.append(ConfigurationProblem(message, suggestion: suggestion, location: location))
    }
}
