// What a certificate says: names, times, issuer.
// Whether it is to be believed is a context's matter.

import COpenSSL
import Glibc

/// What an X.509 certificate says of itself, as values.
public struct Certificate: Sendable, Hashable {
    /// The subject (RFC 4514): `CN=a.example,O=Example`.
    public let subject: String
    /// The issuer, in the same form.
    public let issuer: String
    /// Hosts that it is for: names in lower case, `*.` included, then addresses. Without any, the subject's name.
    public let names: [String]
    /// From when it is valid, in seconds since 1970.
    public let notBefore: Int64
    /// Until when it is valid, in seconds since 1970.
    public let notAfter: Int64
    /// The SHA-256 code of all its bytes, in lower-case hexadecimal digits.
    public let fingerprint: String
    /// The kind of its key, with its size: `RSA 2048`, `EC 256`, `ED25519 256`.
    public let keyType: String
    /// Whether it may issue others (RFC 5280 §4.2.1.9): that of a server may not.
    public let isAuthority: Bool
    /// Whether it has issued itself, as roots have.
    public let isSelfIssued: Bool
    /// Whether it says where its issuer's certificate is to be had (RFC 5280 §4.2.2.1), as public authorities have it.
    public let namesIssuer: Bool
    /// Whether clients are told to refuse it without a stapled response (RFC 7633).
    public let mustStaple: Bool
    /// Why clients refuse it today, as half a sentence: `it is signed with SHA1`; nil if its methods are good.
    public let weakness: String?

    init(_ raw: OpaquePointer) {
        subject = Self.text(X509_get_subject_name(raw))
        issuer = Self.text(X509_get_issuer_name(raw))
        notBefore = Self.seconds(X509_get0_notBefore(raw))
        notAfter = Self.seconds(X509_get0_notAfter(raw))
        fingerprint = Self.fingerprint(raw)
        keyType = Self.keyType(raw)
        let alternatives = Self.alternatives(raw)
        names = alternatives.isEmpty ? Self.commonName(raw) : alternatives
        isAuthority = X509_check_ca(raw) == 1
        isSelfIssued = X509_check_issued(raw, raw) == X509_V_OK
        namesIssuer = Self.namesIssuer(raw)
        mustStaple = Self.features(raw).contains(5)
        weakness = Self.weakness(raw, isSelfIssued: isSelfIssued)
        OpenSSLErrors.clear()
    }

    static func text(_ name: OpaquePointer?) -> String {
        guard let name, let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        guard relevo_print_name(bio, name) >= 0 else { return "" }
        var bytes: UnsafeMutablePointer<CChar>?
        let count = relevo_bio_bytes(bio, &bytes)
        guard let bytes, count > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return Int64(timegm(&parts))
    }

    private static func fingerprint(_ raw: OpaquePointer) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard X509_digest(raw, EVP_sha256(), &digest, &count) == 1 else { return "" }
        return hexadecimal(digest.prefix(Int(count)))
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func keyType(_ raw: OpaquePointer) -> String {
        guard let key = X509_get0_pubkey(raw), let name = EVP_PKEY_get0_type_name(key) else { return "unknown" }
        return "\(String(cString: name)) \(EVP_PKEY_get_bits(key))"
    }

    private static func namesIssuer(_ raw: OpaquePointer) -> Bool {
        guard let found = X509_get_ext_d2i(raw, NID_info_access, nil, nil) else { return false }
        let list = OpaquePointer(found)
        defer { AUTHORITY_INFO_ACCESS_free(list) }
        return (0..<OPENSSL_sk_num(list)).contains { index in
            guard let entry = OPENSSL_sk_value(list, index)?.assumingMemoryBound(to: ACCESS_DESCRIPTION.self) else {
                return false
            }
            return OBJ_obj2nid(entry.pointee.method) == NID_ad_ca_issuers
        }
    }

    /// Extensions of TLS that its server has to know (RFC 7633 §4).
    private static func features(_ raw: OpaquePointer) -> [Int] {
        guard let found = X509_get_ext_d2i(raw, NID_tlsfeature, nil, nil) else { return [] }
        let list = OpaquePointer(found)
        defer { TLS_FEATURE_free(list) }
        return (0..<OPENSSL_sk_num(list)).compactMap { index in
            OPENSSL_sk_value(list, index).map { ASN1_INTEGER_get($0.assumingMemoryBound(to: ASN1_INTEGER.self)) }
        }
    }

    /// What NIST SP 800-131A and browsers do not accept any more.
    private static func weakness(_ raw: OpaquePointer, isSelfIssued: Bool) -> String? {
        if let key = X509_get0_pubkey(raw), EVP_PKEY_is_a(key, "RSA") == 1, EVP_PKEY_get_bits(key) < 2048 {
            return "its RSA key has \(EVP_PKEY_get_bits(key)) bits"
        }
        var digest: Int32 = 0
        // Who believes a root does so without looking at its signature.
        guard !isSelfIssued, X509_get_signature_info(raw, &digest, nil, nil, nil) == 1 else { return nil }
        guard [NID_md5, NID_sha1, NID_md5_sha1].contains(digest), let name = OBJ_nid2sn(digest) else { return nil }
        return "it is signed with \(String(cString: name))"
    }

    private static func commonName(_ raw: OpaquePointer) -> [String] {
        var bytes = [CChar](repeating: 0, count: 256)
        let count = X509_NAME_get_text_by_NID(X509_get_subject_name(raw), NID_commonName, &bytes, Int32(bytes.count))
        guard count > 0 else { return [] }
        return [lowercased(bytes.prefix(Int(count)).map { UInt8(bitPattern: $0) })]
    }

    private static func alternatives(_ raw: OpaquePointer) -> [String] {
        guard let found = X509_get_ext_d2i(raw, NID_subject_alt_name, nil, nil) else { return [] }
        let list = OpaquePointer(found)
        defer { GENERAL_NAMES_free(list) }
        var hosts: [String] = []
        var addresses: [String] = []
        for index in 0..<OPENSSL_sk_num(list) {
            guard let entry = OPENSSL_sk_value(list, index)?.assumingMemoryBound(to: GENERAL_NAME.self) else {
                continue
            }
            switch entry.pointee.type {
            case GEN_DNS: hosts.append(lowercased(octets(entry.pointee.d.dNSName)))
            case GEN_IPADD: addresses.append(address(octets(entry.pointee.d.iPAddress)))
            default: break
            }
        }
        return hosts + addresses.filter { !$0.isEmpty }
    }

    private static func octets(_ string: UnsafeMutablePointer<ASN1_STRING>?) -> [UInt8] {
        guard let string, let data = ASN1_STRING_get0_data(string) else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(ASN1_STRING_length(string))))
    }

    private static func address(_ octets: [UInt8]) -> String {
        guard octets.count == 4 || octets.count == 16 else { return "" }
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(octets.count == 4 ? AF_INET : AF_INET6, octets, &text, 64) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// ASCII's capital letters in lower case, which is all that names of hosts have.
    static func lowercased(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
