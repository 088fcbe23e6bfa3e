// What the files say that clients' certificates are judged by, as values: authorities, lists of revoked certificates.
// For telling an operator what cannot work; the judging itself is OpenSSL's.

import COpenSSL
import Glibc

/// What a list of revoked certificates (CRL, RFC 5280 §5) says of itself.
public struct RevocationList: Sendable, Hashable {
    /// The authority that speaks, in the form of ``Certificate/subject``.
    public let issuer: String
    /// Until when it holds, in seconds since 1970; nil if it does not say. Afterwards nobody is believed.
    public let nextUpdate: Int64?
    /// Certificates that it names.
    public let count: Int
    /// Whether the key of the authority has signed it; nil if that authority's certificate is not at hand.
    public let isSigned: Bool?

    /// All lists of a text in PEM form, at least one, compared with the authorities of another.
    public static func all(in text: [UInt8], of authorities: [UInt8]) throws(TLSError) -> [RevocationList] {
        let certificates = try PEM.certificates(authorities)
        defer { for certificate in certificates { X509_free(certificate) } }
        let lists = try PEM.revocations(text)
        defer { for list in lists { X509_CRL_free(list) } }
        defer { OpenSSLErrors.clear() }
        return lists.map { RevocationList($0, certificates) }
    }

    private init(_ raw: OpaquePointer, _ authorities: [OpaquePointer]) {
        let name = X509_CRL_get_issuer(raw)
        issuer = Certificate.text(name)
        nextUpdate = X509_CRL_get0_nextUpdate(raw).map { Certificate.seconds($0) }
        count = X509_CRL_get_REVOKED(raw).map { max(0, Int(OPENSSL_sk_num($0))) } ?? 0
        // An authority with two keys has two certificates of one name.
        let own = authorities.filter { X509_NAME_cmp(X509_get_subject_name($0), name) == 0 }
        isSigned = own.isEmpty ? nil : own.contains { X509_CRL_verify(raw, X509_get0_pubkey($0)) == 1 }
    }
}

extension Certificate {
    /// All certificates of a text in PEM form, at least one.
    public static func all(in text: [UInt8]) throws(TLSError) -> [Certificate] {
        let found = try PEM.certificates(text)
        defer { for raw in found { X509_free(raw) } }
        return found.map { Certificate($0) }
    }

    /// The certificates of a text in PEM form that may issue none (RFC 5280 §4.2.1.9): as authorities they are of no
    /// use.
    public static func leaves(in text: [UInt8]) throws(TLSError) -> [Certificate] {
        let found = try PEM.certificates(text)
        defer { for raw in found { X509_free(raw) } }
        return found.filter { X509_check_ca($0) == 0 }.map { Certificate($0) }
    }
}
