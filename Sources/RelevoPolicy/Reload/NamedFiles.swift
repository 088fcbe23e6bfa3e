// The files that a configuration names.
// What is in them is seen when a proxy is made.

extension ClusterTLS {
    /// Those that are read, each once for each time it is named.
    package var files: [String] {
        [authorities, revocations, identity?.certificate, identity?.key].compactMap(\.self)
    }
}

extension ListenerTLS {
    /// Those that are read.
    package var files: [String] {
        certificates.flatMap { [$0.certificate, $0.key, $0.ocsp].compactMap(\.self) }
            + [client?.ca, client?.crl].compactMap(\.self)
    }
}

extension ProxySnapshot {
    /// All files that are read, with where they are named.
    package var files: [(path: String, location: SourceLocation?)] {
        listeners.flatMap { listener in (listener.tls?.files ?? []).map { ($0, listener.location) } }
            + clusters.flatMap { cluster in (cluster.tls?.files ?? []).map { ($0, cluster.tls?.location) } }
    }
}
