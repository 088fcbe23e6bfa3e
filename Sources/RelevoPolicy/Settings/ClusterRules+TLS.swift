// What the settings of TLS towards endpoints may be.
// What is in the files that they name is seen when the proxy is made.

extension ClusterRules {
    mutating func checkTLS(of cluster: ProxyConfiguration.Cluster) {
        let secure = cluster.endpoints.filter(\.wantsTLS)
        let tls = cluster.tls
        if secure.isEmpty {
            guard tls != ClusterTLS() else { return }
            let first = cluster.endpoints.first.map { "write `\(AddressText.secureScheme)\($0.address)`" }
            return report(
                ["tls"], "is for endpoints that begin with `\(AddressText.secureScheme)`: none does",
                tls.identity == nil ? first : "what clients are shown belongs to the `tls` of a listener")
        }
        checkTrust(tls)
        let name = ["tls", "name"]
        if let wanted = tls.name {
            if !AddressText.isName(wanted), !AddressText.isLiteral(wanted) {
                report(name, "is neither a name nor an address: `\(wanted)`", "for example `name: api.internal`")
            }
        } else if tls.verifies, let nameless = secure.first(where: Self.isNameless) {
            report(name, "is missing: `\(nameless.address)` does not tell it", "say for whom the certificate is")
        }
    }

    private mutating func checkTrust(_ tls: ClusterTLS) {
        let (authorities, revocations) = (["tls", "ca"], ["tls", "crl"])
        if !tls.verifies {
            let verify = ["tls", "verify"]
            for (path, value) in [(authorities, tls.authorities), (revocations, tls.revocations)] where value != nil {
                report(path, "means nothing with `verify: off`", "remove one of them", against: [verify])
            }
        } else if tls.authorities == nil, tls.revocations != nil {
            report(revocations, "wants the authority whose list it is", "name its file as `ca`")
        }
    }

    private static func isNameless(_ endpoint: ProxyConfiguration.Endpoint) -> Bool {
        guard let address = try? AddressText.endpoint(endpoint.address, tls: endpoint.tls) else { return false }
        return address.serverName?.isEmpty ?? true
    }
}
