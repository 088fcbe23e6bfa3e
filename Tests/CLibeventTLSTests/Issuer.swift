// Certificates of any make, good and bad, from authorities that a test invents.
// Authority issues the ordinary ones.

import CLibeventTLS
import Foundation
import TestSupport
import Testing

/// An authority, or one between it and a server, with a directory of its own.
final class Issuer {
    private let directory: URL
    private let name: String

    /// One that issued itself.
    init(_ name: String) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "r-\(UUID().uuidString.prefix(13))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        self.name = name
        try run(
            ["openssl", "req", "-x509", "-days", "30", "-subj", "/CN=\(name)"] + Self.newKey("ec")
                + ["-keyout", path("\(name).key"), "-out", path("\(name).pem")])
    }

    /// One that another has issued.
    init(_ name: String, by issuer: Issuer) throws {
        directory = issuer.directory
        self.name = name
        try issuer.issue(name, "basicConstraints=critical,CA:TRUE")
    }

    /// The path of a file of the directory.
    func path(_ name: String) -> String { directory.appending(path: name).path }

    private static func newKey(_ kind: String) -> [String] {
        let parameters = kind == "ec" ? ["-pkeyopt", "ec_paramgen_curve:P-256"] : []
        return ["-nodes", "-newkey", kind] + parameters
    }

    /// Issues a certificate, `NAME.pem` with `NAME.key`.
    /// - Parameter extensions: lines of OpenSSL's configuration.
    func issue(_ subject: String, _ extensions: String, key: String = "ec", digest: String = "-sha256") throws {
        try Data((extensions + "\n").utf8).write(to: directory.appending(path: "\(subject).ext"))
        try run(
            ["openssl", "req", "-new", "-subj", "/CN=\(subject)"] + Self.newKey(key)
                + ["-keyout", path("\(subject).key"), "-out", path("\(subject).csr")])
        try run(
            "openssl", "x509", "-req", "-in", path("\(subject).csr"), "-CA", path("\(name).pem"), "-CAkey",
            path("\(name).key"), "-CAcreateserial", "-days", "20", digest, "-extfile", path("\(subject).ext"), "-out",
            path("\(subject).pem"))
    }

    /// Files of the directory, one after the other.
    func text(_ names: String...) throws -> [UInt8] {
        try names.flatMap { Array(try Data(contentsOf: directory.appending(path: $0))) }
    }

    /// What somebody answers (OCSP, DER) when asked for a certificate.
    /// - Parameter arguments: more for `openssl ocsp`, such as `-ndays 3`.
    func response(to subject: String, signer: String? = nil, index: String, _ arguments: String...) throws -> [UInt8] {
        let signer = path(signer ?? name)
        try Data(index.utf8).write(to: directory.appending(path: "index"))
        try run(
            "openssl", "ocsp", "-issuer", path("\(name).pem"), "-cert", path("\(subject).pem"), "-no_nonce",
            "-reqout", path("request"))
        try run(
            [
                "openssl", "ocsp", "-index", path("index"), "-CA", path("\(name).pem"), "-rsigner", signer + ".pem",
                "-rkey", signer + ".key", "-reqin", path("request"), "-respout", path("response"),
            ] + arguments)
        return try text("response")
    }

    /// A line of an authority's index for a certificate: `V` for valid, `R` for revoked.
    func line(_ letter: String, _ subject: String) throws -> String {
        let text = try run("openssl", "x509", "-in", path("\(subject).pem"), "-noout", "-serial")
        let serial = text.split(separator: "=").last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? ""
        let revoked = letter == "R" ? "240101000000Z" : ""
        return "\(letter)\t490101000000Z\t\(revoked)\t\(serial)\tunknown\t/CN=\(subject)\n"
    }

    /// Removes the directory; called by whoever made the first of those in it.
    func remove() { try? FileManager.default.removeItem(at: directory) }
}
