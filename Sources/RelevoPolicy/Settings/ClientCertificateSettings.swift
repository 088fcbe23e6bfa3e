// What clients of a listener have to show, as values of a configuration; and what a hook sees of what they have shown.
// Reading the files is done in RelevoProxy, before anything is opened.

/// Certificates that a listener asks its clients for.
public struct ClientCertificates: Sendable, Hashable {
    /// What becomes of those who show none.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// Without a good certificate there is no connection.
        case require
        /// Who shows none is served, and endpoints are told so; who shows one that is not good is answered with 400.
        case request
    }

    /// What becomes of those who show none.
    public var mode: Mode
    /// The file (PEM) of the authorities whose certificates are good; no others are.
    public var ca: String
    /// The file (PEM) of their lists of revoked certificates, one for each; nil for none.
    public var crl: String?
    /// Whether endpoints get the whole certificate too, in the field `Client-Cert` (RFC 9440).
    public var rfc9440 = false
    /// Where the file of the authorities was written.
    public var location: SourceLocation?
    /// Where the file of the lists was written.
    public var crlLocation: SourceLocation?

    /// Asks for certificates that the authorities in a file have issued.
    public init(ca: String, mode: Mode = .require, crl: String? = nil, location: SourceLocation? = nil) {
        self.ca = ca
        self.mode = mode
        self.crl = crl
        self.location = location
    }
}

/// A client's certificate, which an authority of its listener has issued.
public struct ClientCertificate: Sendable, Hashable {
    /// The subject (RFC 4514): `CN=alice,O=Example`.
    public var subject: String
    /// The issuer, in the same form.
    public var issuer: String
    /// The SHA-256 code of the certificate, in lower-case hexadecimal digits.
    public var fingerprint: String

    /// Puts its parts together; the proxy does, and tests of hooks may.
    public init(subject: String, issuer: String, fingerprint: String) {
        self.subject = subject
        self.issuer = issuer
        self.fingerprint = fingerprint
    }
}
