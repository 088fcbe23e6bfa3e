// Whose word is taken for a certificate: the authorities that the system knows, or those of a text.
// Who has to show a certificate is a context's matter.

import COpenSSL

/// Authorities whose certificates are believed.
public enum TLSAuthorities: Sendable, Hashable {
    /// Those that the system is configured with (`/etc/ssl/certs`; `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them).
    case system
    /// Those in a text in PEM form, and no others; with lists of revoked certificates (CRL) if there are any, of which
    /// there must then be one for each authority.
    case pem([UInt8], revocations: [UInt8]? = nil)

    func store() throws(TLSError) -> CertificateStore {
        switch self {
        case .system:
            guard let store = Self.systemStore else { throw .refused("the system's authorities cannot be read") }
            return store
        case .pem(let bytes, let revocations): return try CertificateStore(bytes, revocations)
        }
    }

    /// Reading them takes tens of milliseconds, so it is done once.
    private static let systemStore = CertificateStore()
}

/// OpenSSL's list of believed certificates. Any thread: OpenSSL locks it.
final class CertificateStore: Sendable {
    nonisolated(unsafe) let raw: OpaquePointer

    /// The system's.
    init?() {
        OpenSSLLibrary.prepare()
        guard let raw = X509_STORE_new() else { return nil }
        self.raw = raw
        guard X509_STORE_set_default_paths(raw) == 1 else { return nil }
        OpenSSLErrors.clear()
    }

    init(_ bytes: [UInt8], _ revocations: [UInt8]?) throws(TLSError) {
        let certificates = try PEM.certificates(bytes)
        defer { for certificate in certificates { X509_free(certificate) } }
        guard let raw = X509_STORE_new() else { throw .refused("no memory") }
        self.raw = raw
        for certificate in certificates {
            guard X509_STORE_add_cert(raw, certificate) == 1 else { throw .refused(OpenSSLErrors.takeWords()) }
        }
        guard let revocations else { return }
        let lists = try PEM.revocations(revocations)
        defer { for list in lists { X509_CRL_free(list) } }
        for list in lists {
            guard X509_STORE_add_crl(raw, list) == 1 else { throw .malformedRevocations(OpenSSLErrors.takeWords()) }
        }
        X509_STORE_set_flags(raw, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
    }

    deinit { X509_STORE_free(raw) }

    /// Whether one of them has issued a certificate, by its name and key.
    func holdsIssuer(of certificate: OpaquePointer) throws(TLSError) -> Bool {
        OpenSSLErrors.clear()
        guard let search = X509_STORE_CTX_new() else { throw .refused("no memory") }
        defer {
            X509_STORE_CTX_free(search)
            OpenSSLErrors.clear()
        }
        guard X509_STORE_CTX_init(search, raw, certificate, nil) == 1 else {
            throw .refused(OpenSSLErrors.takeWords())
        }
        var issuer: OpaquePointer?
        guard X509_STORE_CTX_get1_issuer(&issuer, search, certificate) == 1 else { return false }
        X509_free(issuer)
        return true
    }

    /// Has a context believe these; it keeps OpenSSL's list, not this object.
    func set(_ context: OpaquePointer) { SSL_CTX_set1_cert_store(context, raw) }
}
