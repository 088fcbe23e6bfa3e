// Who somebody is: a certificate, those between it and an authority, and the private key.
// For servers and for clients. Which one is shown to whom is a context's matter.

import COpenSSL
import Glibc

/// A certificate chain with its private key. Immutable; any thread.
public final class TLSIdentity: Sendable {
    /// What the first certificate says.
    public let certificate: Certificate
    /// What the certificates between it and the authority say, in the order of the file.
    public let intermediates: [Certificate]
    /// The first certificate.
    nonisolated(unsafe) let leaf: OpaquePointer
    /// The others (`STACK_OF(X509)`).
    nonisolated(unsafe) let chain: OpaquePointer
    nonisolated(unsafe) let key: OpaquePointer

    /// Reads certificates in PEM form, the own one first, and the private key; nil for `key` if it is in the same text.
    public init(certificates: [UInt8], key: [UInt8]? = nil) throws(TLSError) {
        var found = try PEM.certificates(certificates)
        let leaf = found.removeFirst()
        guard let chain = OPENSSL_sk_new_null() else {
            for raw in found + [leaf] { X509_free(raw) }
            throw .refused("no memory")
        }
        for raw in found { OPENSSL_sk_push(chain, UnsafeRawPointer(raw)) }
        var owned: OpaquePointer?
        do throws(TLSError) {
            let read = try PEM.key(key ?? certificates)
            owned = read
            guard X509_check_private_key(leaf, read) == 1 else {
                let place = found.firstIndex { X509_check_private_key($0, read) == 1 }
                throw place.map { .keyOfAnother($0 + 2) } ?? .keyMismatch
            }
            self.key = read
        } catch {
            EVP_PKEY_free(owned)
            Self.free(leaf, chain)
            OpenSSLErrors.clear()
            throw error
        }
        self.leaf = leaf
        self.chain = chain
        certificate = Certificate(leaf)
        intermediates = found.map { Certificate($0) }
    }

    /// Reads both from files; nil for `keyFile` if it is in the same file. Blocks.
    public convenience init(certificateFile: String, keyFile: String? = nil) throws(TLSError) {
        var key: [UInt8]?
        if let keyFile { key = try PEMFile.read(keyFile) }
        try self.init(certificates: PEMFile.read(certificateFile), key: key)
    }

    deinit {
        EVP_PKEY_free(key)
        Self.free(leaf, chain)
    }

    private static func free(_ leaf: OpaquePointer, _ chain: OpaquePointer) {
        X509_free(leaf)
        OPENSSL_sk_pop_free(chain) { X509_free($0.map { OpaquePointer($0) }) }
    }
}

/// Reads the parts of PEM texts.
enum PEM {
    private static func withBIO<Value>(
        _ bytes: [UInt8], _ body: (OpaquePointer) throws(TLSError) -> Value
    ) throws(TLSError) -> Value {
        OpenSSLLibrary.prepare()
        OpenSSLErrors.clear()
        let made = bytes.withUnsafeBytes { memory in
            // A copy: the array's memory is lent for this call only.
            BIO_new(BIO_s_mem()).map { bio in
                BIO_write(bio, memory.baseAddress, Int32(clamping: memory.count))
                return bio
            }
        }
        guard let made else { throw .refused("no memory") }
        defer {
            BIO_free(made)
            OpenSSLErrors.clear()
        }
        return try body(made)
    }

    /// Whether reading has come to the end of the text, and not to something damaged.
    private static func isAtEnd() -> Bool {
        let code = ERR_peek_last_error()
        return code == 0 || (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
    }

    /// All certificates of a text, at least one; the caller frees them.
    static func certificates(_ bytes: [UInt8]) throws(TLSError) -> [OpaquePointer] {
        try withBIO(bytes) { bio throws(TLSError) in
            var found: [OpaquePointer] = []
            while let raw = PEM_read_bio_X509(bio, nil, nil, nil) { found.append(raw) }
            guard isAtEnd() else {
                for raw in found { X509_free(raw) }
                throw .malformedCertificate(found.count + 1, OpenSSLErrors.takeWords())
            }
            guard !found.isEmpty else { throw .noCertificate }
            return found
        }
    }

    /// The first private key of a text; the caller frees it.
    static func key(_ bytes: [UInt8]) throws(TLSError) -> OpaquePointer {
        // OpenSSL 3.0 does not say that there is none.
        guard String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY-----") else { throw .noKey }
        return try firstKey(bytes)
    }

    private static func firstKey(_ bytes: [UInt8]) throws(TLSError) -> OpaquePointer {
        try withBIO(bytes) { bio throws(TLSError) in
            var asked: Int32 = 0
            let key = withUnsafeMutablePointer(to: &asked) { asked in
                PEM_read_bio_PrivateKey(
                    bio, nil,
                    { _, _, _, asked in
                        asked?.assumingMemoryBound(to: Int32.self).pointee = 1
                        return -1
                    }, asked)
            }
            if let key { return key }
            if asked == 1 { throw .encryptedKey }
            throw .malformedKey(OpenSSLErrors.takeWords())
        }
    }

    /// All lists of revoked certificates of a text, at least one; the caller frees them.
    static func revocations(_ bytes: [UInt8]) throws(TLSError) -> [OpaquePointer] {
        try withBIO(bytes) { bio throws(TLSError) in
            var found: [OpaquePointer] = []
            while let raw = PEM_read_bio_X509_CRL(bio, nil, nil, nil) { found.append(raw) }
            guard isAtEnd(), !found.isEmpty else {
                for raw in found { X509_CRL_free(raw) }
                throw .malformedRevocations(found.isEmpty && isAtEnd() ? "there is none" : OpenSSLErrors.takeWords())
            }
            return found
        }
    }
}
