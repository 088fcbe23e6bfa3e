// Whether two texts are the same without keeping them: SHA-256, by OpenSSL.
// For proofs of origin see MessageAuthentication.

import COpenSSL

/// The SHA-256 code of a text (FIPS 180-4). A private key can be told from another by it, and not found out.
public struct ContentDigest: Sendable, Hashable {
    private let code: [UInt8]

    /// The code of some bytes; nil if OpenSSL refuses.
    public init?(_ bytes: [UInt8]) {
        OpenSSLLibrary.prepare()
        var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &code, &count, EVP_sha256(), nil) == 1 else { return nil }
        self.code = Array(code.prefix(Int(count)))
    }
}
