// How listeners and clusters speak TLS: which files have certificates and keys. What is in them is read later, when
// the proxy is made.

import RelevoPolicy

extension ConfigurationReader {
    /// The certificates of a listener, in their long form or as one pair.
    mutating func listenerTLS(_ field: Field) -> ListenerTLS? {
        let wants = "a map such as `{ certificate: a.pem, key: a.key }`"
        guard let fields = map(field, .listenerTLS, wants: wants) else { return nil }
        noteHead(of: field)
        // All that is wrong is told, so it is read in any case.
        let client = fields["client"].flatMap { clientCertificates($0) }
        return certificates(field, fields).map { ListenerTLS(certificates: $0, client: client) }
    }

    private mutating func certificates(_ field: Field, _ fields: Fields) -> [CertificateFiles]? {
        if let list = fields["certificates"] {
            for key in ["certificate", "key", "ocsp"] where fields[key] != nil {
                report("`\(key)` and `certificates` exclude each other", at: fields[key]?.place ?? field.place)
            }
            let items = self.list(list, of: "a certificate", wants: "a list of certificates") ?? []
            let found = items.map { certificate($0) }
            return found.isEmpty || found.contains(nil) ? nil : found.compactMap(\.self)
        }
        guard let first = fields["certificate"] else {
            report("`tls` wants a `certificate`", suggestion: "for example `certificate: a.pem`", at: field.place)
            return nil
        }
        return files(first, key: fields["key"], ocsp: fields["ocsp"]).map { [$0] }
    }

    private mutating func certificate(_ field: Field) -> CertificateFiles? {
        guard isMap(field) else { return files(field.lengthened(to: "certificate")) }
        guard let fields = map(field, .certificate) else { return nil }
        guard let certificate = fields["certificate"] else {
            report("a certificate wants the name of its file, `certificate`", at: field.place)
            return nil
        }
        return files(certificate, key: fields["key"], ocsp: fields["ocsp"])
    }

    private mutating func files(_ certificate: Field, key: Field? = nil, ocsp: Field? = nil) -> CertificateFiles? {
        let path = file(certificate)
        let keyPath = key.map { self.file($0) }
        let ocspPath = ocsp.map { self.file($0) }
        guard let path, keyPath.map({ $0 != nil }) ?? true, ocspPath.map({ $0 != nil }) ?? true else { return nil }
        return CertificateFiles(path, key: keyPath ?? nil, ocsp: ocspPath ?? nil, location: certificate.node.location)
    }

    /// A file by its name; one that does not begin with `/` is looked for beside the configuration.
    mutating func file(_ field: Field, wants: String = "the name of a file") -> String? {
        guard let text = text(field, wants: wants) else { return nil }
        let file = field.node.location.file
        guard !text.hasPrefix("/"), let end = file.lastIndex(of: "/") else { return text }
        return file[...end] + text
    }
}

// MARK: - Endpoints

extension ConfigurationReader {
    /// How the endpoints of a cluster are spoken to.
    mutating func clusterTLS(_ field: Field) -> ClusterTLS? {
        let wants = "a map such as `{ ca: ca.pem, name: api.internal }`"
        guard let fields = map(field, .clusterTLS, wants: wants) else { return nil }
        var result = ClusterTLS()
        result.location = field.keyLocation ?? field.place
        takeUnlessOff("ca", of: fields, into: &result.authorities, word: "system") { $0.file($1) }
        takeUnlessOff("crl", of: fields, into: &result.revocations) { $0.file($1) }
        takeUnlessOff("name", of: fields, into: &result.name, word: "auto") { $0.text($1, wants: "`auto` or a name") }
        take("verify", of: fields, into: &result.verifies) { $0.isOn($1) }
        if let certificate = fields["certificate"] {
            result.identity = files(certificate, key: fields["key"])
        } else if let key = fields["key"] {
            report(
                "`key` belongs to a `certificate`, which is not there", suggestion: "name its file beside it",
                at: key.keyLocation ?? key.place)
        }
        return result
    }

    /// `on` or `off`.
    mutating func isOn(_ field: Field) -> Bool? {
        if says("on", field) { return true }
        if says("off", field) { return false }
        let meant = ["true": "on", "yes": "on", "false": "off", "no": "off"][field.node.scalar?.text ?? ""]
        mismatch(field, wants: "`on` or `off`", suggestion: meant.map { "write `\($0)`" })
        return nil
    }
}
