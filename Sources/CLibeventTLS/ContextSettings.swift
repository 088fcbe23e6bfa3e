// What server and client contexts have in common: versions, suites, groups, modes.
// Without options: the values are Mozilla's recommendation "intermediate", version 5.7.

import COpenSSL

/// Makes OpenSSL's contexts.
enum ContextSettings {
    /// TLS 1.2: ephemeral keys and authenticated encryption only (RFC 9325 §4.2).
    private static let suites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]
    /// TLS 1.3.
    private static let modernSuites = [
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    ]
    private static let groups = ["X25519", "P-256", "P-384"]

    /// A context with what both sides have; the caller frees it.
    static func make(_ method: OpaquePointer?) throws(TLSError) -> OpaquePointer {
        OpenSSLLibrary.prepare()
        OpenSSLErrors.clear()
        guard let raw = SSL_CTX_new(method) else { throw .refused(OpenSSLErrors.takeWords()) }
        let isSet =
            relevo_set_versions(raw, TLS1_2_VERSION, TLS1_3_VERSION) == 1
            && SSL_CTX_set_cipher_list(raw, suites.joined(separator: ":")) == 1
            && SSL_CTX_set_ciphersuites(raw, modernSuites.joined(separator: ":")) == 1
            && relevo_set_groups(raw, groups.joined(separator: ":")) == 1
        guard isSet else {
            SSL_CTX_free(raw)
            throw .refused(OpenSSLErrors.takeWords())
        }
        relevo_set_modes(raw)
        // A record's head and body in one call of recv.
        relevo_set_read_ahead(raw)
        relevo_set_options(raw)
        return raw
    }

    /// Names of protocols in the form in which they are sent (RFC 7301 §3.1).
    static func wire(_ protocols: [String]) throws(TLSError) -> [UInt8] {
        var bytes: [UInt8] = []
        for name in protocols {
            guard (1...255).contains(name.utf8.count) else { throw .protocolName(name) }
            bytes.append(UInt8(name.utf8.count))
            bytes += Array(name.utf8)
        }
        return bytes
    }
}
