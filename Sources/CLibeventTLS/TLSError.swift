// What can be wrong with certificates, keys and lists before anybody connects, in words; and OpenSSL's own words.
// Failures of connections are SystemError's, so that they are told like all others.

import COpenSSL
public import CLibevent

/// Why an identity or a context cannot be made.
public enum TLSError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A file cannot be read.
    case unreadable(path: String, SystemError)
    /// A file is larger than any certificate or key.
    case tooLarge(path: String)
    /// What should be read again is a pipe or a device.
    case notRegular(path: String)
    /// There is no certificate in PEM form.
    case noCertificate
    /// A certificate, counted from 1, is damaged.
    case malformedCertificate(Int, String)
    /// There is no private key in PEM form.
    case noKey
    /// The private key is damaged, or of a kind that OpenSSL does not know.
    case malformedKey(String)
    /// The private key is protected by a password.
    case encryptedKey
    /// The private key is not that of the first certificate.
    case keyMismatch
    /// The private key is that of another certificate of the text, counted from 1.
    case keyOfAnother(Int)
    /// A list of revoked certificates is missing or damaged.
    case malformedRevocations(String)
    /// There is no certificate to serve with.
    case noIdentity
    /// A protocol's name for ALPN is empty or longer than 255 bytes.
    case protocolName(String)
    /// A host is neither a name nor an address that a certificate can have.
    case hostName(String)
    /// OpenSSL refuses.
    case refused(String)

    /// The reason as half a sentence.
    public var description: String {
        switch self {
        case .unreadable(let path, let error): "\(path) cannot be read: \(error.reason)"
        case .tooLarge(let path): "\(path) is larger than \(PEMFile.most) bytes"
        case .notRegular(let path): "\(path) is no file that could be read again"
        case .noCertificate: "there is no certificate in PEM form (BEGIN CERTIFICATE)"
        case .malformedCertificate(let place, let words): "certificate \(place) is damaged: \(words)"
        case .noKey: "there is no private key in PEM form (BEGIN PRIVATE KEY)"
        case .malformedKey(let words): "the private key is damaged or of an unknown kind: \(words)"
        case .encryptedKey: "the private key is protected by a password; store it without one"
        case .keyMismatch: "the private key is not that of the first certificate"
        case .keyOfAnother(let place):
            "the private key is that of certificate \(place) of the file: the own certificate has to come first"
        case .malformedRevocations(let words): "the list of revoked certificates cannot be used: \(words)"
        case .noIdentity: "there is no certificate to serve with"
        case .protocolName(let name): "\"\(name)\" is no name of a protocol: it needs 1 to 255 bytes"
        case .hostName(let name): "\"\(name)\" is neither a host's name nor an address"
        case .refused(let words): "OpenSSL refuses: \(words)"
        }
    }
}

/// OpenSSL's list of errors of the calling thread.
enum OpenSSLErrors {
    /// Forgets what earlier calls have left behind.
    @inline(__always)
    static func clear() {
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }

    /// The first error, which says most, and forgets all.
    static func take() -> UInt {
        let first = ERR_get_error()
        ERR_clear_error()
        return first
    }

    /// OpenSSL's words for an error.
    static func words(_ code: UInt) -> String {
        guard code != 0 else { return "no reason given" }
        return ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
    }

    /// The words of the first error; forgets all.
    static func takeWords() -> String { words(take()) }
}
