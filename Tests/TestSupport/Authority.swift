// Certificates for tests, made by the openssl program in a directory that goes with the process.
// Not for expectations.

package import CLibeventTLS
import Foundation
import Synchronization
import Testing

/// Runs a program and gives what it writes; throws if it fails.
@discardableResult
package func run(_ arguments: String..., input: String? = nil) throws -> String {
    try run(arguments, input: input)
}

/// Runs a program and gives what it writes; throws if it fails.
@discardableResult
package func run(_ arguments: [String], input: String? = nil) throws -> String {
    let (source, output, trouble) = (Pipe(), Pipe(), Pipe())
    let process = try ChildProcess(
        arguments[0], Array(arguments.dropFirst()), input: source.fileHandleForReading,
        output: output.fileHandleForWriting, complaints: trouble.fileHandleForWriting)
    try output.fileHandleForWriting.close()
    try trouble.fileHandleForWriting.close()
    if let input { try source.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
    try source.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let words = String(decoding: trouble.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    try #require(process.wait() == 0, "\(arguments.joined(separator: " ")): \(words)")
    return text
}

/// Runs `openssl s_client`, says something, reads both outputs until a text has come, and has it quit.
package func converse(_ arguments: [String], saying words: String, until wanted: String) throws -> String {
    let (source, output) = (Pipe(), Pipe())
    let process = try ChildProcess(
        arguments[0], Array(arguments.dropFirst()), input: source.fileHandleForReading,
        output: output.fileHandleForWriting, complaints: output.fileHandleForWriting)
    try output.fileHandleForWriting.close()
    try source.fileHandleForWriting.write(contentsOf: Data(words.utf8))
    var text = ""
    while !text.contains(wanted) {
        let piece = output.fileHandleForReading.availableData
        guard !piece.isEmpty else { break }
        text += String(decoding: piece, as: UTF8.self)
    }
    // It may have ended by itself; SIGPIPE is ignored.
    try? source.fileHandleForWriting.write(contentsOf: Data("Q\n".utf8))
    try source.fileHandleForWriting.close()
    text += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.wait()
    return text
}

/// What is removed when the process ends.
private let directories = Mutex<[URL]>([])

/// An authority that issues certificates, once for each wish.
package final class Authority: @unchecked Sendable {
    /// Kinds of keys.
    package enum Key: String { case ec, rsa }

    /// Times at which a certificate is valid.
    package enum Validity { case now, past, future }

    /// What is known to all tests.
    package static let shared = Result { try Authority("Test CA") }
    /// Somebody else.
    package static let other = Result { try Authority("Other CA") }

    private let directory: URL
    private let lock = NSLock()
    private var issued: [String: String] = [:]
    private var serial = 100

    /// Makes an authority.
    package init(_ name: String) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "r-\(UUID().uuidString.prefix(13))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        directories.withLock { $0.append(directory) }
        atexit { directories.withLock { for place in $0 { try? FileManager.default.removeItem(at: place) } } }
        try Data().write(to: directory.appending(path: "index"))
        try Data("01\n".utf8).write(to: directory.appending(path: "crlnumber"))
        let configuration = """
            [ca]
            default_ca = own
            [own]
            database = \(path("index"))
            crlnumber = \(path("crlnumber"))
            certificate = \(path("ca.pem"))
            private_key = \(path("ca.key"))
            new_certs_dir = \(directory.path)
            default_md = sha256
            default_crl_days = 30
            policy = any
            rand_serial = yes
            unique_subject = no
            copy_extensions = copy
            [any]
            commonName = optional
            """
        try Data(configuration.utf8).write(to: directory.appending(path: "ca.cnf"))
        try run(
            ["openssl", "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=\(name)"] + Self.newKey(.ec)
                + ["-keyout", path("ca.key"), "-out", path("ca.pem")])
    }

    /// The path of a file of the directory.
    package func path(_ name: String) -> String { directory.appending(path: name).path }

    private static func newKey(_ kind: Key) -> [String] {
        switch kind {
        case .ec: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        case .rsa: ["-newkey", "rsa:2048"]
        }
    }

    /// The path of a certificate, without ending, whose key is beside it (`.pem`, `.key`).
    package func issue(_ names: [String], key: Key = .ec, _ validity: Validity = .now) throws -> String {
        try lock.withLock {
            let wish = "\(names) \(key) \(validity)"
            if let place = issued[wish] { return place }
            serial += 1
            let place = path("\(serial)")
            let entries = names.map { $0.first?.isNumber ?? false ? "IP:\($0)" : "DNS:\($0)" }
            try run(
                ["openssl", "req", "-new", "-nodes", "-subj", "/CN=\(names[0])"] + Self.newKey(key)
                    + ["-addext", "subjectAltName=\(entries.joined(separator: ","))"]
                    + ["-keyout", place + ".key", "-out", place + ".csr"])
            let (from, to) =
                switch validity {
                case .now: ("20200101000000Z", "20500101000000Z")
                case .past: ("20200101000000Z", "20210101000000Z")
                case .future: ("20490101000000Z", "20500101000000Z")
                }
            try run(
                "openssl", "ca", "-batch", "-notext", "-config", path("ca.cnf"), "-in", place + ".csr", "-out",
                place + ".pem", "-startdate", from, "-enddate", to)
            issued[wish] = place
            return place
        }
    }

    /// A certificate with its key.
    package func identity(_ names: String..., key: Key = .ec, validity: Validity = .now) throws -> TLSIdentity {
        let place = try issue(names, key: key, validity)
        return try TLSIdentity(certificateFile: place + ".pem", keyFile: place + ".key")
    }

    /// What the authority answers (OCSP, DER) when it is asked for a certificate.
    package func response(to place: String) throws -> [UInt8] {
        try lock.withLock {
            try run("openssl", "ocsp", "-issuer", path("ca.pem"), "-cert", place + ".pem", "-reqout", place + ".req")
            try run(
                "openssl", "ocsp", "-index", path("index"), "-CA", path("ca.pem"), "-rsigner", path("ca.pem"),
                "-rkey", path("ca.key"), "-reqin", place + ".req", "-respout", place + ".ocsp")
            return Array(try Data(contentsOf: URL(filePath: place + ".ocsp")))
        }
    }

    /// The list of those that were revoked, with another one in it.
    package func revoke(_ place: String) throws -> [UInt8] {
        try lock.withLock {
            try run("openssl", "ca", "-config", path("ca.cnf"), "-revoke", place + ".pem")
            return try list()
        }
    }

    /// The list of those that were revoked.
    package func list() throws -> [UInt8] {
        try run("openssl", "ca", "-config", path("ca.cnf"), "-gencrl", "-out", path("crl.pem"))
        return Array(try Data(contentsOf: directory.appending(path: "crl.pem")))
    }

    /// Its own certificate.
    package var pem: [UInt8] { get throws { Array(try Data(contentsOf: directory.appending(path: "ca.pem"))) } }
    /// Those who believe it and nobody else.
    package var authorities: TLSAuthorities { get throws { .pem(try pem) } }

    /// What clients are made of that believe this authority.
    package func client(_ identity: TLSIdentity? = nil, protocols: [String] = []) throws -> TLSClientContext {
        try TLSClientContext(.authorities(authorities), identity: identity, protocols: protocols)
    }

    /// What servers are made of that have one certificate.
    package func server(_ names: String...) throws -> TLSServerContext {
        let place = try issue(names)
        return try TLSServerContext([
            .init(TLSIdentity(certificateFile: place + ".pem", keyFile: place + ".key"))
        ])
    }
}
