// Certificates and keys as they are loaded: what they say, and in which words they are refused.
// What is done with them on connections: HandshakeTests.

import CLibevent
import CLibeventTLS
import Foundation
import TestSupport
import Testing

@Suite struct IdentityTests {
    private func authority() throws -> Authority { try Authority.shared.get() }

    private func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    private func refusal(_ body: () throws -> Void) -> TLSError? {
        do {
            try body()
            return nil
        } catch { return error as? TLSError }
    }

    @Test("a certificate says its names, times, issuer and kind of key")
    func facts() throws {
        let found = try authority().identity("A.test", "*.w.test", "127.0.0.1").certificate
        #expect(found.subject == "CN=A.test")
        #expect(found.issuer == "CN=Test CA")
        #expect(found.names == ["a.test", "*.w.test", "127.0.0.1"])
        #expect(found.notBefore == 1_577_836_800)
        #expect(found.notAfter == 2_524_608_000)
        #expect(found.keyType == "EC 256")
        #expect(try authority().identity("a.test", key: .rsa).certificate.keyType == "RSA 2048")
    }

    @Test("one text may hold both certificate and key, in any order")
    func oneText() throws {
        let place = try authority().issue(["a.test"])
        let (certificate, key) = try (bytes(place + ".pem"), bytes(place + ".key"))
        #expect(try TLSIdentity(certificates: certificate + key).certificate.names == ["a.test"])
        #expect(try TLSIdentity(certificates: key + certificate).certificate.names == ["a.test"])
    }

    @Test("what is no identity is refused in words")
    func refusals() throws {
        let place = try authority().issue(["a.test"])
        let (certificate, key) = try (bytes(place + ".pem"), bytes(place + ".key"))
        let other = try bytes(authority().issue(["b.test"]) + ".key")
        let foreign = try bytes(authority().issue(["a.test"], key: .rsa) + ".key")
        #expect(refusal { _ = try TLSIdentity(certificates: key) } == .noCertificate)
        #expect(refusal { _ = try TLSIdentity(certificates: []) } == .noCertificate)
        #expect(refusal { _ = try TLSIdentity(certificates: certificate) } == .noKey)
        #expect(refusal { _ = try TLSIdentity(certificates: certificate, key: other) } == .keyMismatch)
        #expect(refusal { _ = try TLSIdentity(certificates: certificate, key: foreign) } == .keyMismatch)
        var damaged = certificate
        damaged[60] = UInt8(ascii: "!")
        guard case .malformedCertificate(1, _) = refusal({ _ = try TLSIdentity(certificates: damaged, key: key) })
        else {
            Issue.record("a damaged certificate was taken")
            return
        }
        guard
            case .malformedCertificate(2, _) = refusal({
                _ = try TLSIdentity(certificates: certificate + damaged, key: key)
            })
        else {
            Issue.record("a damaged second certificate was taken")
            return
        }
    }

    @Test("keys with a password are refused as such, in both forms")
    func encrypted() throws {
        let place = try authority().issue(["a.test"])
        let certificate = try bytes(place + ".pem")
        try run(
            "openssl", "pkcs8", "-topk8", "-in", place + ".key", "-passout", "pass:x", "-out", place + ".p8")
        try run("openssl", "ec", "-aes128", "-in", place + ".key", "-passout", "pass:x", "-out", place + ".old")
        for name in [".p8", ".old"] {
            let key = try bytes(place + name)
            #expect(refusal { _ = try TLSIdentity(certificates: certificate, key: key) } == .encryptedKey)
        }
    }

    @Test("files that cannot be read are named")
    func files() throws {
        let found = refusal { _ = try TLSIdentity(certificateFile: "/nowhere/a.pem") }
        #expect(found?.description == "/nowhere/a.pem cannot be read: No such file or directory")
        let directory = refusal { _ = try TLSIdentity(certificateFile: "/") }
        #expect(directory?.description == "/ cannot be read: Is a directory")
    }

    @Test("a chain is complete if its authority is known or in it")
    func chains() throws {
        let identity = try authority().identity("a.test")
        #expect(try identity.isComplete(with: authority().authorities))
        #expect(try !identity.isComplete(with: Authority.other.get().authorities))
        #expect(try !identity.isComplete())
        let place = try authority().issue(["a.test"])
        let (own, key) = try (bytes(place + ".pem"), bytes(place + ".key"))
        let root = try authority().pem
        #expect(try TLSIdentity(certificates: own + root, key: key).isComplete())
        let stranger = try Authority.other.get().pem
        #expect(try !TLSIdentity(certificates: own + stranger, key: key).isComplete())
        #expect(try TLSIdentity(certificates: own + root, key: key).intermediates.map(\.subject) == ["CN=Test CA"])
    }

    @Test("contexts without certificate, with unusable names of protocols or lists are refused")
    func contexts() throws {
        let entry = TLSServerContext.Entry(try authority().identity("a.test"))
        #expect(refusal { _ = try TLSServerContext([]) } == .noIdentity)
        #expect(refusal { _ = try TLSServerContext([entry], protocols: [""]) } == .protocolName(""))
        let wanted = TLSServerContext.ClientCertificates.required(.pem([1, 2]))
        #expect(refusal { _ = try TLSServerContext([entry], clientCertificates: wanted) } == .noCertificate)
        let pem = try authority().pem
        guard
            case .malformedRevocations = refusal({
                _ = try TLSClientContext(.authorities(.pem(pem, revocations: pem)))
            })
        else {
            Issue.record("a text without lists was taken for lists")
            return
        }
    }
}
