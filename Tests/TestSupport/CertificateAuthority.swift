// An authority for one test, made with the openssl program: it issues certificates for servers and clients, and revokes
// them. Its files end with it.

package import CLibeventTLS
import Foundation
package import RelevoPolicy

/// Issues certificates.
package final class CertificateAuthority {
    /// The file of its own certificate.
    package let certificate: String
    private let directory: TemporaryDirectory
    private let name: String
    private var count = 0

    /// Makes an authority.
    package init(_ name: String = "Test CA") throws {
        self.name = name
        directory = try TemporaryDirectory()
        certificate = "\(directory.path)/ca.pem"
        _ = try directory.write("index", "")
        _ = try directory.write("crlnumber", "01\n")
        _ = try directory.write(
            "ca.cnf",
            """
            [ca]
            default_ca = own
            [own]
            database = \(directory.path)/index
            crlnumber = \(directory.path)/crlnumber
            certificate = \(certificate)
            private_key = \(directory.path)/ca.key
            new_certs_dir = \(directory.path)
            default_md = sha256
            default_crl_days = 30
            policy = any
            rand_serial = yes
            unique_subject = no
            [any]
            commonName = optional
            """)
        try run(
            ["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=\(name)"] + Self.newKey + [
                "-keyout", "\(directory.path)/ca.key", "-out", certificate,
            ])
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]

    private func run(_ arguments: [String]) throws {
        let outcome = try Program("/usr/bin/openssl", arguments).outcome()
        guard outcome.status == 0 else { throw Failure(words: outcome.complaints) }
    }

    /// What openssl complains about.
    package struct Failure: Error {
        /// Its words.
        package let words: String
    }

    /// When a certificate is valid.
    package enum Validity {
        /// For days to come.
        case now
        /// No more.
        case past
        /// For so many seconds.
        case seconds(Int)
    }

    /// Issues a certificate with a subject as `openssl req -subj` wants it, for a host if one is given.
    package func issue(_ subject: String, host: String? = nil, _ validity: Validity = .now) throws -> CertificateFiles {
        count += 1
        let place = "\(directory.path)/\(count)"
        try run(
            ["req", "-new", "-nodes", "-utf8", "-subj", subject] + Self.newKey + [
                "-keyout", place + ".key", "-out", place + ".csr",
            ])
        switch validity {
        case .now:
            let extensions = try directory.write("\(count).ext", host.map { "subjectAltName=DNS:\($0)\n" } ?? "")
            try run([
                "x509", "-req", "-in", place + ".csr", "-CA", certificate, "-CAkey", "\(directory.path)/ca.key",
                "-CAcreateserial", "-days", "20", "-extfile", extensions, "-out", place + ".pem",
            ])
        case .past: try issue(place, until: "20210101000000Z")
        case .seconds(let count):
            let end = Date(timeIntervalSinceNow: Double(count)).formatted(.iso8601)
            try issue(place, until: end.filter { $0.isNumber || $0 == "Z" })
        }
        return CertificateFiles(place + ".pem", key: place + ".key")
    }

    private func issue(_ place: String, until end: String) throws {
        try run([
            "ca", "-batch", "-notext", "-config", "\(directory.path)/ca.cnf", "-in", place + ".csr", "-out",
            place + ".pem", "-startdate", "20200101000000Z", "-enddate", end,
        ])
    }

    /// The file of the list of those that were revoked, with others in it.
    package func revoke(_ files: CertificateFiles...) throws -> String {
        let configuration = "\(directory.path)/ca.cnf"
        for files in files { try run(["ca", "-config", configuration, "-revoke", files.certificate]) }
        count += 1
        let list = "\(directory.path)/\(count).crl"
        try run(["ca", "-config", configuration, "-gencrl", "-out", list])
        return list
    }

    /// Writes a file beside its own.
    package func write(_ name: String, _ text: String) throws -> String { try directory.write(name, text) }
}

extension CertificateFiles {
    /// The certificate with its key.
    package var identity: TLSIdentity { get throws { try TLSIdentity(certificateFile: certificate, keyFile: key) } }
}
