// Certificates with any subject, and lists of revoked ones, as the files that configurations name.
// Those by the names of hosts: Authority.

package import CLibeventTLS
package import Foundation
package import RelevoPolicy

extension Authority {
    /// The file of its own certificate.
    package var certificate: String { path("ca.pem") }

    /// Issues a certificate with a subject as `openssl req -subj` wants it, for a host if one is given; for days, or
    /// until a time.
    package func issue(
        _ subject: String, host: String? = nil, until end: Date? = nil
    ) throws -> CertificateFiles {
        let place = path(UUID().uuidString)
        try run([
            "openssl", "req", "-new", "-nodes", "-utf8", "-subj", subject, "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-keyout", place + ".key", "-out", place + ".csr",
        ])
        if let end {
            let digits = end.formatted(.iso8601).filter { $0.isNumber || $0 == "Z" }
            try run(
                "openssl", "ca", "-batch", "-notext", "-config", path("ca.cnf"), "-in", place + ".csr", "-out",
                place + ".pem", "-startdate", "20200101000000Z", "-enddate", digits)
        } else {
            let extensions = host.map { "subjectAltName=DNS:\($0)\n" } ?? ""
            try Data(extensions.utf8).write(to: URL(filePath: place + ".ext"))
            try run(
                "openssl", "x509", "-req", "-in", place + ".csr", "-CA", certificate, "-CAkey", path("ca.key"),
                "-CAcreateserial", "-days", "20", "-extfile", place + ".ext", "-out", place + ".pem")
        }
        return CertificateFiles(place + ".pem", key: place + ".key")
    }

    /// The file of the list of those that were revoked, with others in it.
    package func revoke(_ files: CertificateFiles...) throws -> String {
        for files in files { try run("openssl", "ca", "-config", path("ca.cnf"), "-revoke", files.certificate) }
        let bytes = try list()
        let file = path(UUID().uuidString)
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    /// Writes a file beside its own.
    package func write(_ name: String, _ text: String) throws -> String {
        let file = path(name)
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }
}

extension CertificateFiles {
    /// The certificate with its key.
    package var identity: TLSIdentity { get throws { try TLSIdentity(certificateFile: certificate, keyFile: key) } }
}
