// Configurations without the places where their parts are written: what can be compared.
// Used to tell what a reload changes.

extension ProxyConfiguration {
    /// The same configuration without places.
    package var unlocated: ProxyConfiguration {
        var result = self
        result.listeners = listeners.map(\.unlocated)
        for index in result.trustedProxies.indices { result.trustedProxies[index].location = nil }
        for index in result.resolver.nameservers.indices { result.resolver.nameservers[index].location = nil }
        result.clusters = clusters.map(\.unlocated)
        result.admin = admin?.unlocated
        result.user = user?.unlocated
        result.tracing = tracing?.unlocated
        for index in result.domains.indices {
            result.domains[index].location = nil
            for route in result.domains[index].routes.indices {
                result.domains[index].routes[route].location = nil
                guard case .endpoints(let cluster) = result.domains[index].routes[route].action else { continue }
                result.domains[index].routes[route].action = .endpoints(cluster.unlocated)
            }
        }
        return result
    }
}

extension ProxyConfiguration.Listener {
    /// The same listener without places.
    package var unlocated: ProxyConfiguration.Listener {
        var result = self
        result.location = nil
        result.proxyProtocol?.location = nil
        result.proxyProtocol?.from = (proxyProtocol?.from ?? []).map { .init($0.range) }
        result.tls = tls?.unlocated
        return result
    }
}

extension ProxyConfiguration.Cluster {
    /// The same cluster without places.
    package var unlocated: ProxyConfiguration.Cluster {
        var result = self
        result.location = nil
        for index in result.endpoints.indices { result.endpoints[index].location = nil }
        result.tls = tls.unlocated
        return result
    }
}

extension ListenerTLS {
    /// The same settings without places.
    package var unlocated: ListenerTLS {
        var result = self
        for index in result.certificates.indices { result.certificates[index].location = nil }
        result.client?.location = nil
        result.client?.crlLocation = nil
        return result
    }
}

extension ClusterTLS {
    /// The same settings without places.
    package var unlocated: ClusterTLS {
        var result = self
        result.location = nil
        result.identity?.location = nil
        return result
    }
}
