// What an authority says of a certificate (OCSP, RFC 6960), to be shown to clients along with it (RFC 6066 §8).
// Asking authorities is others' matter: here a response is read and judged.

import COpenSSL

/// Why a response cannot be shown with a certificate.
public enum OCSPError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The bytes are no response in DER form.
    case malformed
    /// It is larger than an extension of TLS.
    case tooLarge
    /// The responder had no answer (RFC 6960 §4.2.1).
    case unsuccessful(String)
    /// It is about other certificates.
    case otherCertificate
    /// It is not signed by the certificate's issuer, nor by somebody who may do so for it.
    case signature(String)

    /// The reason as half a sentence.
    public var description: String {
        switch self {
        case .malformed: "it is no OCSP response in DER form"
        case .tooLarge: "it is larger than \(OCSPResponse.most) bytes"
        case .unsuccessful(let words): "the responder says \"\(words)\""
        case .otherCertificate: "it is not for this certificate"
        case .signature(let words): "it is not signed for the certificate's issuer: \(words)"
        }
    }
}

/// A response of an authority about one certificate.
public struct OCSPResponse: Sendable, Hashable {
    /// What is said of the certificate.
    public enum Status: Sendable, Hashable {
        /// It is not revoked.
        case good
        /// It is revoked.
        case revoked
        /// The responder does not know it.
        case unknown
    }

    /// The response as it is sent.
    public let bytes: [UInt8]
    /// What is said of the certificate.
    public let status: Status
    /// From when this holds, in seconds since 1970.
    public let thisUpdate: Int64
    /// Until when it holds, in seconds since 1970. One that names no end holds for a day, as browsers have it.
    public let nextUpdate: Int64

    /// Bytes of a response at most: what an extension of TLS 1.3 has room for.
    public static var most: Int { 65_531 }
    /// What clocks may differ.
    private static let slack: Int64 = 300

    /// Reads a response and looks whether it is for an identity's certificate. Its signature is looked at if the chain
    /// has the issuer, which alone may sign it or name who may.
    public init(_ bytes: [UInt8], for identity: TLSIdentity) throws(OCSPError) {
        guard bytes.count <= Self.most else { throw .tooLarge }
        OpenSSLErrors.clear()
        defer { OpenSSLErrors.clear() }
        guard let response = Self.parse(bytes) else { throw .malformed }
        defer { OCSP_RESPONSE_free(response) }
        let outcome = OCSP_response_status(response)
        guard outcome == OCSP_RESPONSE_STATUS_SUCCESSFUL else {
            throw .unsuccessful(String(cString: OCSP_response_status_str(Int(outcome))))
        }
        guard let basic = OCSP_response_get1_basic(response) else { throw .malformed }
        defer { OCSP_BASICRESP_free(basic) }
        guard let single = Self.single(of: basic, about: identity) else { throw .otherCertificate }
        if let issuer = identity.issuer { try Self.verify(basic, issuer) }
        var (from, until): (UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?, UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?)
        (from, until) = (nil, nil)
        switch OCSP_single_get0_status(single, nil, nil, &from, &until) {
        case V_OCSP_CERTSTATUS_GOOD: status = .good
        case V_OCSP_CERTSTATUS_REVOKED: status = .revoked
        default: status = .unknown
        }
        self.bytes = bytes
        thisUpdate = Certificate.seconds(from)
        nextUpdate = until.map { Certificate.seconds($0) } ?? thisUpdate + 86_400
    }

    /// Why it is not to be shown at a moment, in seconds since 1970; nil if it is.
    public func objection(at now: Int64) -> Objection? {
        switch status {
        case .revoked: .revoked
        case .unknown: .unknown
        case .good where nextUpdate <= now: .expired
        case .good where thisUpdate > now + Self.slack: .early
        case .good: nil
        }
    }

    /// Why a response is not to be shown.
    public enum Objection: Sendable, Hashable {
        /// The certificate is revoked.
        case revoked
        /// The responder does not know the certificate.
        case unknown
        /// It held until before.
        case expired
        /// It holds from later on.
        case early
    }

    // MARK: OpenSSL's side

    private static func parse(_ bytes: [UInt8]) -> OpaquePointer? {
        bytes.withUnsafeBufferPointer { memory in
            var place = memory.baseAddress
            guard let response = d2i_OCSP_RESPONSE(nil, &place, memory.count) else { return nil }
            // What follows would be sent as a part of it.
            guard let place, let start = memory.baseAddress, place - start == memory.count else {
                OCSP_RESPONSE_free(response)
                return nil
            }
            return response
        }
    }

    /// The part about a certificate; by its number alone if the issuer is not known.
    private static func single(of basic: OpaquePointer, about identity: TLSIdentity) -> OpaquePointer? {
        (0..<OCSP_resp_count(basic)).lazy.compactMap { OCSP_resp_get0(basic, $0) }.first { single in
            guard let id = OCSP_SINGLERESP_get0_id(single) else { return false }
            var algorithm: OpaquePointer?
            var number: UnsafeMutablePointer<ASN1_INTEGER>?
            guard OCSP_id_get0_info(nil, &algorithm, nil, &number, id) == 1, let number,
                ASN1_INTEGER_cmp(number, X509_get0_serialNumber(identity.leaf)) == 0
            else { return false }
            guard let issuer = identity.issuer else { return true }
            guard let digest = relevo_digest(algorithm),
                let own = OCSP_cert_to_id(digest, identity.leaf, issuer)
            else { return false }
            defer { OCSP_CERTID_free(own) }
            return OCSP_id_cmp(own, id) == 0
        }
    }

    private static func verify(_ basic: OpaquePointer, _ issuer: OpaquePointer) throws(OCSPError) {
        guard let store = X509_STORE_new(), let known = OPENSSL_sk_new_null() else { throw .signature("no memory") }
        defer {
            X509_STORE_free(store)
            OPENSSL_sk_free(known)
        }
        OPENSSL_sk_push(known, UnsafeRawPointer(issuer))
        // The issuer is believed without its own one.
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        guard X509_STORE_add_cert(store, issuer) == 1, OCSP_basic_verify(basic, known, store, 0) == 1 else {
            throw .signature(OpenSSLErrors.takeWords())
        }
    }
}
