// Proof that a text was written by somebody who has a secret: HMAC with SHA-256, by OpenSSL.
// Not for passwords.

import COpenSSL

/// Message authentication codes (RFC 2104, FIPS 180-4).
public enum MessageAuthentication {
    /// The code of a message, 32 bytes; nil if OpenSSL refuses, as it may in a FIPS mode with a key that is too short.
    public static func sha256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? {
        OpenSSLLibrary.prepare()
        var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let result = HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &code, &length)
        guard result != nil, length == 32 else { return nil }
        return Array(code.prefix(32))
    }
}
