// Whose word about a client a listener takes, checked. Nobody is believed by mistake: who may say that, and how long it
// may take, has to be written.
// What endpoints are told needs no check.

extension SnapshotBuilder {
    /// The peers of a listener that begin with a header; nil if there are none.
    mutating func headerSenders(
        of listener: ProxyConfiguration.Listener, at address: ListenerAddress
    ) -> HeaderSenders? {
        guard let settings = listener.proxyProtocol else { return nil }
        let place = settings.location ?? listener.location
        if !(.milliseconds(1) ... .seconds(86_400)).contains(settings.timeout) {
            report(
                "the `timeout` of `proxy_protocol` is \(DurationText.write(settings.timeout))", "1ms to 24h", at: place)
        }
        let ranges = settings.from.compactMap { source in headerRange(source, of: address) }
        switch address {
        case .unix where !settings.from.isEmpty:
            report(
                "peers of `\(address)` have no address", "write `proxy_protocol: on`: whoever can open it is believed",
                at: place)
        case .literal where settings.from.isEmpty:
            report(
                "listener `\(address)` does not say whose PROXY headers it believes",
                "name your load balancers: `proxy_protocol: [10.0.0.0/8]`", at: place)
        case .unix, .literal: break
        }
        return HeaderSenders(ranges: TrustedProxies(ranges), patience: Patience.nanoseconds(settings.timeout))
    }

    private mutating func headerRange(
        _ source: ProxyConfiguration.TrustedProxy, of address: ListenerAddress
    ) -> AddressRange? {
        guard let range = AddressRange(source.range) else {
            report(
                "`\(source.range)` is no address and no range", "write `10.0.0.1` or `10.0.0.0/8`", at: source.location)
            return nil
        }
        if range.isWhole {
            warnings.append(
                ConfigurationProblem(
                    "whoever reaches `\(address)` can pretend to be anybody: it believes the PROXY headers of all",
                    suggestion: "name the networks of your load balancers", location: source.location))
        }
        return range
    }
}
