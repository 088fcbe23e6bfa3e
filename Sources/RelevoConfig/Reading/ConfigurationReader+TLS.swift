// How a listener speaks TLS: which files have its certificates and keys. What is in them is read later, when the
// proxy is made.

import RelevoPolicy

extension ConfigurationReader {
    /// The certificates of a listener, in their long form or as one pair.
    mutating func listenerTLS(_ field: Field) -> ListenerTLS? {
        let wants = "a map such as `{ certificate: a.pem, key: a.key }`"
        guard let fields = map(field, .listenerTLS, wants: wants) else { return nil }
        if let list = fields["certificates"] {
            for key in ["certificate", "key", "ocsp"] where fields[key] != nil {
                report("`\(key)` and `certificates` exclude each other", at: fields[key]?.place ?? field.place)
            }
            let items = self.list(list, of: "a certificate", wants: "a list of certificates") ?? []
            let found = items.map { certificate($0) }
            return found.isEmpty || found.contains(nil) ? nil : ListenerTLS(certificates: found.compactMap(\.self))
        }
        guard let first = fields["certificate"] else {
            report("`tls` wants a `certificate`", suggestion: "for example `certificate: a.pem`", at: field.place)
            return nil
        }
        return files(first, key: fields["key"], ocsp: fields["ocsp"]).map { ListenerTLS(certificates: [$0]) }
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
        let path = path(certificate)
        let keyPath = key.map { self.path($0) }
        let ocspPath = ocsp.map { self.path($0) }
        guard let path, keyPath.map({ $0 != nil }) ?? true, ocspPath.map({ $0 != nil }) ?? true else { return nil }
        return CertificateFiles(path, key: keyPath ?? nil, ocsp: ocspPath ?? nil, location: certificate.node.location)
    }

    /// A file by its name; one that does not begin with `/` is looked for beside the configuration.
    private mutating func path(_ field: Field) -> String? {
        guard let text = text(field, wants: "the name of a file") else { return nil }
        let file = field.node.location.file
        guard !text.hasPrefix("/"), let end = file.lastIndex(of: "/") else { return text }
        return file[...end] + text
    }
}
