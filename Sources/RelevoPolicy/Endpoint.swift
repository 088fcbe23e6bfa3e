// One backend address of a snapshot.
// Its runtime state (addresses found, requests in flight) lives with the workers.

/// Where an endpoint is, as configured.
package enum EndpointAddress: Sendable, Hashable, CustomStringConvertible {
    /// An address literal (no brackets) and a port.
    case literal(String, port: Int)
    /// A name to be resolved, and a port.
    case name(String, port: Int)
    /// A service whose hosts and ports are in SRV records (RFC 2782).
    case service(String)
    /// A path of the file system.
    case unix(String)

    /// The form of configuration files, port included.
    package var description: String {
        switch self {
        case .literal(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .name(let host, let port): "\(host):\(port)"
        case .service(let name): "srv:\(name)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension EndpointAddress {
    /// The name or address that a certificate has to be for; nil for a path, which has none. For a service it is the
    /// domain that was asked, not a host that the nameserver says (RFC 9525 §6.1).
    package var serverName: String? {
        switch self {
        case .literal(let host, _), .name(let host, _): return host
        case .service(let name):
            let labels = name.split(separator: ".")
            return labels.drop { $0.hasPrefix("_") }.joined(separator: ".")
        case .unix: return nil
        }
    }
}

/// One backend address.
package final class Endpoint: Sendable {
    /// Its number, which no other endpoint of the proxy has or will have.
    package let id: Int
    /// Where it is.
    package let address: EndpointAddress
    /// Its share beside the others' weights, 0 to 1000.
    package let weight: Int
    /// 0 for one that serves; n for one in reserve, which serves while none with a lower number can. At most 9.
    package let backup: Int
    /// Requests in flight that it is given at most, by its own setting or else its cluster's; nil for no limit.
    package let maxRequests: Int?
    /// The name that its certificate has to be for and that it is asked for; nil if it is spoken to without TLS.
    package let serverName: String?
    /// The header with which each connection to it begins; nil for none.
    package let proxyProtocol: ProxyProtocolVersion?
    /// Its text in logs, explanations and metrics.
    package let text: String
    /// Where it was written.
    package let location: SourceLocation?

    /// Takes an endpoint over from a configuration; what it does not say itself, its cluster says.
    init(
        _ source: ProxyConfiguration.Endpoint, id: Int, address: EndpointAddress,
        of cluster: ProxyConfiguration.Cluster
    ) {
        self.id = id
        self.address = address
        weight = source.weight
        backup = source.backup
        maxRequests = source.maxRequests ?? cluster.maxRequests
        serverName = source.wantsTLS ? cluster.tls.name ?? address.serverName ?? "localhost" : nil
        proxyProtocol = cluster.proxyProtocol
        switch address {
        case .literal, .name: text = (source.wantsTLS ? AddressText.secureScheme : "") + address.description
        case .service, .unix: text = address.description
        }
        location = source.location
    }

    /// What a Host field says that is meant for the endpoint itself (RFC 9112 §3.2): `localhost` for a path, the name
    /// for a service.
    package var hostText: String {
        switch address {
        case .literal, .name: address.description
        case .service(let name): name
        case .unix: "localhost"
        }
    }
}
