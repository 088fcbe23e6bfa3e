// What a handshake has come to: for logs, fields and decisions.
// Asked for after `.connected`; asking costs nothing before.

import COpenSSL

/// What both sides of a connection have agreed on.
public struct TLSFacts: Sendable, Hashable {
    /// The version: `TLSv1.3`.
    public let version: String
    /// The cipher suite: `TLS_AES_128_GCM_SHA256`.
    public let cipher: String
    /// The name that the client asked for (SNI), as it was sent; nil if it sent none.
    public let serverName: String?
    /// The protocol that was agreed on (ALPN); nil if none was.
    public let applicationProtocol: String?
    /// Whether an earlier connection was resumed.
    public let isResumed: Bool
    /// What the peer has shown.
    public let peer: Peer?

    /// The peer's certificate, and whether it is to be believed.
    public struct Peer: Sendable, Hashable {
        /// What it says.
        public let certificate: Certificate
        /// Why it is not to be believed, in words; nil if it is. Where nothing was verified, nil as well.
        public let distrust: String?
    }
}

extension TLSConnection {
    /// Whether an earlier connection was resumed. Costs nothing.
    public var isResumed: Bool { SSL_session_reused(raw) == 1 }

    /// What both sides have agreed on. Made anew each time: ask once.
    public var facts: TLSFacts {
        var protocolName: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(raw, &protocolName, &length)
        let chosen = protocolName.map {
            String(decoding: UnsafeBufferPointer(start: $0, count: Int(length)), as: UTF8.self)
        }
        return TLSFacts(
            version: String(cString: SSL_get_version(raw)),
            cipher: SSL_CIPHER_get_name(SSL_get_current_cipher(raw)).map { String(cString: $0) } ?? "",
            serverName: SSL_get_servername(raw, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) },
            applicationProtocol: chosen, isResumed: isResumed, peer: peer)
    }

    private var peer: TLSFacts.Peer? {
        guard let certificate = SSL_get0_peer_certificate(raw) else { return nil }
        let result = SSL_get_verify_result(raw)
        let words = Int32(clamping: result) == X509_V_OK ? nil : String(cString: X509_verify_cert_error_string(result))
        return TLSFacts.Peer(certificate: Certificate(certificate), distrust: words)
    }
}
