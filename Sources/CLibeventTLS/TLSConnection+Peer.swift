// What a server knows of a client before the handshake is over, or wants to pass on of it afterwards.
// What both sides have agreed on: TLSFacts.

import COpenSSL

extension TLSConnection {
    /// Whether a byte of the peer has come, be it TLS or not: who says nothing at all only looks whether somebody
    /// listens.
    public var hasHeardPeer: Bool { BIO_number_read(SSL_get_rbio(raw)) > 0 }

    /// The name that the client asks for (SNI), as soon as it is known; nil if it asks for none.
    public var requestedName: String? {
        SSL_get_servername(raw, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    }

    /// The peer's certificate, DER in Base64 (RFC 4648 §4); nil if it has shown none.
    public var peerCertificateBase64: String? {
        guard let certificate = SSL_get0_peer_certificate(raw) else { return nil }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(certificate, &bytes)
        guard count > 0, let bytes else { return nil }
        defer { relevo_free(bytes) }
        var text = [UInt8](repeating: 0, count: (Int(count) + 2) / 3 * 4 + 1)
        let length = EVP_EncodeBlock(&text, bytes, count)
        return String(decoding: text.prefix(Int(max(0, length))), as: UTF8.self)
    }
}
