// What is encrypted, as values of a configuration: names of files, not what is in them.
// Reading them is done in RelevoProxy, before anything is opened.

/// A certificate and its key, by the names of their files (PEM). They are read again when they change.
public struct CertificateFiles: Sendable, Hashable {
    /// The file of the certificate, its own one first, and of those between it and an authority.
    public var certificate: String
    /// The file of the private key; nil if it is in the same file.
    public var key: String?
    /// The file of an authority's word that the certificate is not revoked (OCSP, DER), for clients that ask for it;
    /// nil for none.
    public var ocsp: String?
    /// Where it was written.
    public var location: SourceLocation?

    /// Names the files.
    public init(
        _ certificate: String, key: String? = nil, ocsp: String? = nil, location: SourceLocation? = nil
    ) {
        self.certificate = certificate
        self.key = key
        self.ocsp = ocsp
        self.location = location
    }
}

/// TLS for the clients of a listener: versions 1.2 and 1.3 with the suites that Mozilla calls intermediate.
public struct ListenerTLS: Sendable, Hashable {
    /// Chosen by the name that a client asks for, the first for those that ask for none or for another.
    public var certificates: [CertificateFiles]
    /// Certificates that clients are asked for; nil if they are not.
    public var client: ClientCertificates?

    /// Creates the settings of a listener that has these certificates.
    public init(certificates: [CertificateFiles], client: ClientCertificates? = nil) {
        self.certificates = certificates
        self.client = client
    }
}

/// TLS for the endpoints of a cluster that are spoken to by it.
public struct ClusterTLS: Sendable, Hashable {
    /// The file of the authorities whose certificates are believed (PEM); nil for those that the system believes.
    public var authorities: String?
    /// The file of what they have revoked (PEM, one list for each authority); nil if nothing is asked for.
    public var revocations: String?
    /// The name that certificates have to be for and that is asked for (SNI); nil for that of each endpoint itself.
    public var name: String?
    /// What is shown to endpoints that ask for a certificate.
    public var identity: CertificateFiles?
    /// Whether certificates are verified. If not, whoever is in the way can read and change everything.
    public var verifies = true
    /// Where it was written.
    public var location: SourceLocation?

    /// Verifies by the system's authorities.
    public init() {}
}
