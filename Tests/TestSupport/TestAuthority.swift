// An authority that issues certificates for a test, by the program openssl.
// What is wrong with certificates in general is tested in CLibeventTLSTests.

import Foundation

/// Issues certificates. Everything is in one directory, which ends with the object.
package final class TestAuthority: Sendable {
    /// A certificate with its key, as texts.
    package struct Pair: Sendable {
        /// PEM, the issuer's after the own one.
        package var certificate: [UInt8]
        /// PEM.
        package var key: [UInt8]
        /// The certificate's number, in hexadecimal digits.
        package var serial: String
        /// The own certificate alone.
        package var leaf: [UInt8]
    }

    /// A program has failed.
    package struct Failure: Error { let words: String }

    private let files: FileTree
    private let serial = Watched(100)

    /// Makes the authority.
    package init() throws {
        files = try FileTree()
        try openssl(
            ["req", "-x509", "-days", "30", "-subj", "/CN=Test"] + Self.newKey("ca")
                + ["-out", "ca.pem", "-addext", "keyUsage=keyCertSign,digitalSignature"])
        let settings = """
            [ca]
            default_ca = own
            [own]
            database = index
            serial = serial
            certificate = ca.pem
            private_key = ca.key
            new_certs_dir = .
            default_md = sha256
            policy = any
            unique_subject = no
            [any]
            commonName = supplied
            """
        try files.write(Array(settings.utf8), to: "ca.cnf")
    }

    /// The file of its own certificate.
    package var file: String { files.path("ca.pem") }

    private static func newKey(_ name: String) -> [String] {
        ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", "\(name).key"]
    }

    @discardableResult
    private func openssl(_ arguments: [String]) throws -> String {
        let line = arguments.map { "'\($0)'" }.joined(separator: " ")
        let outcome = try Program("/bin/sh", ["-c", "cd '\(files.root)' && exec openssl \(line)"]).outcome()
        guard outcome.status == 0 else { throw Failure(words: outcome.complaints) }
        return outcome.output
    }

    /// Issues a certificate, valid from and for so many days from now. Each has another number and another key.
    package func issue(
        _ names: String..., days: Int = 60, starting: Int = -1, extensions: String = ""
    ) throws -> Pair { try issue(names, days: days, starting: starting, extensions: extensions) }

    /// The same for a list of names.
    package func issue(
        _ names: [String], days: Int = 60, starting: Int = -1, extensions: String = ""
    ) throws -> Pair {
        let number = serial.change { serial in
            serial += 1
            return serial
        }
        let digits = String(number, radix: 16)
        let alternatives = names.map { "DNS:\($0)" }.joined(separator: ",")
        try files.write(Array("subjectAltName=\(alternatives)\n\(extensions)\n".utf8), to: "\(number).ext")
        try files.write([], to: "index")
        try files.write(Array("\(digits.count % 2 == 0 ? "" : "0")\(digits)\n".utf8), to: "serial")
        try openssl(
            ["req", "-new", "-subj", "/CN=\(names[0])", "-out", "\(number).csr"] + Self.newKey("\(number)"))
        try openssl([
            "ca", "-batch", "-notext", "-config", "ca.cnf", "-in", "\(number).csr", "-out", "\(number).pem",
            "-extfile", "\(number).ext", "-startdate", Self.write(daysFromNow: starting), "-enddate",
            Self.write(daysFromNow: days),
        ])
        return Pair(
            certificate: try files.read("\(number).pem") + files.read("ca.pem"), key: try files.read("\(number).key"),
            serial: digits, leaf: try files.read("\(number).pem"))
    }

    private static func write(daysFromNow days: Int) -> String {
        Date.now.addingTimeInterval(Double(days) * 86_400).formatted(
            .iso8601.dateSeparator(.omitted).timeSeparator(.omitted)
        ).replacing("T", with: "")
    }

    /// What it answers (OCSP, DER) when asked for a certificate.
    package func response(to pair: Pair, days: Int = 3, isRevoked: Bool = false) throws -> [UInt8] {
        let number = Int(pair.serial, radix: 16) ?? 0
        let digits = pair.serial.count % 2 == 0 ? pair.serial.uppercased() : "0" + pair.serial.uppercased()
        let state = isRevoked ? "R\t490101000000Z\t240101000000Z" : "V\t490101000000Z\t"
        try files.write(Array("\(state)\t\(digits)\tunknown\t/CN=x\n".utf8), to: "index")
        try openssl([
            "ocsp", "-issuer", "ca.pem", "-cert", "\(number).pem", "-no_nonce", "-reqout", "request",
        ])
        try openssl([
            "ocsp", "-index", "index", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key", "-ndays", "\(days)",
            "-reqin", "request", "-respout", "response",
        ])
        return try files.read("response")
    }
}
