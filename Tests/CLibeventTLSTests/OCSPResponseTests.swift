// Responses of authorities about certificates: those of OpenSSL's own responder, and what is no response.
// How they are sent: HandshakeTests.

import CLibevent
import CLibeventTLS
import Foundation
import TestSupport
import Testing

@Suite struct OCSPResponseTests {
    private func refusal(_ body: () throws -> Void) -> OCSPError? {
        do {
            try body()
            return nil
        } catch { return error as? OCSPError }
    }

    /// An authority with two certificates.
    private final class Scene {
        let root: Issuer
        let identity: TLSIdentity

        init() throws {
            root = try Issuer("Root")
            for name in ["a.test", "b.test"] { try root.issue(name, "subjectAltName=DNS:\(name)") }
            identity = try TLSIdentity(certificates: root.text("a.test.pem", "Root.pem"), key: root.text("a.test.key"))
        }

        deinit { root.remove() }

        func good() throws -> [UInt8] {
            try root.response(to: "a.test", index: root.line("V", "a.test"), "-ndays", "3")
        }
    }

    private var now: Int64 { Int64(Date.now.timeIntervalSince1970) }

    @Test("a good response is taken, with its times")
    func good() throws {
        let scene = try Scene()
        let bytes = try scene.good()
        let response = try OCSPResponse(bytes, for: scene.identity)
        #expect(response.status == .good)
        #expect(response.bytes == bytes)
        #expect(abs(response.thisUpdate - now) < 60)
        #expect(response.nextUpdate - response.thisUpdate == 3 * 86_400)
        #expect(response.objection(at: now) == nil)
        #expect(response.objection(at: response.nextUpdate - 1) == nil)
        #expect(response.objection(at: response.nextUpdate) == .expired)
        #expect(response.objection(at: response.thisUpdate - 200) == nil)
        #expect(response.objection(at: response.thisUpdate - 400) == .early)
    }

    @Test("one that names no end holds for a day")
    func endless() throws {
        let scene = try Scene()
        let bytes = try scene.root.response(to: "a.test", index: scene.root.line("V", "a.test"))
        let response = try OCSPResponse(bytes, for: scene.identity)
        #expect(response.nextUpdate - response.thisUpdate == 86_400)
    }

    @Test("revoked and unknown are told, whatever the time")
    func bad() throws {
        let scene = try Scene()
        let revoked = try scene.root.response(to: "a.test", index: scene.root.line("R", "a.test"), "-ndays", "3")
        let unknown = try scene.root.response(to: "a.test", index: scene.root.line("V", "b.test"), "-ndays", "3")
        #expect(try OCSPResponse(revoked, for: scene.identity).objection(at: now) == .revoked)
        #expect(try OCSPResponse(unknown, for: scene.identity).objection(at: now) == .unknown)
    }

    @Test("one about another certificate is none, and neither is one about the same number of another issuer")
    func others() throws {
        let scene = try Scene()
        let bytes = try scene.root.response(to: "b.test", index: scene.root.line("V", "b.test"))
        #expect(refusal { _ = try OCSPResponse(bytes, for: scene.identity) } == .otherCertificate)
        // Another authority with the same name gives out the same number by chance.
        let other = try Issuer("Root")
        defer { other.remove() }
        let serial = try run("openssl", "x509", "-in", scene.root.path("a.test.pem"), "-noout", "-serial")
        try run("sh", "-c", "echo '\(serial.dropFirst(7).dropLast())' > \(other.path("Root.srl"))")
        try run("cp", scene.root.path("a.test.pem"), other.path("a.test.pem"))
        let foreign = try other.response(to: "a.test", index: other.line("V", "a.test"))
        #expect(refusal { _ = try OCSPResponse(foreign, for: scene.identity) } == .otherCertificate)
    }

    @Test("RFC 6960 §4.2.2.2: only the issuer, and whom it names for that, may sign")
    func signatures() throws {
        let scene = try Scene()
        try scene.root.issue("named", "extendedKeyUsage=OCSPSigning")
        try scene.root.issue("unnamed", "basicConstraints=CA:FALSE")
        let index = try scene.root.line("V", "a.test")
        let named = try scene.root.response(to: "a.test", signer: "named", index: index)
        #expect(try OCSPResponse(named, for: scene.identity).status == .good)
        for signer in ["unnamed", "b.test"] {
            let bytes = try scene.root.response(to: "a.test", signer: signer, index: index)
            guard case .signature = refusal({ _ = try OCSPResponse(bytes, for: scene.identity) }) else {
                Issue.record("a response of \(signer) was taken")
                continue
            }
        }
    }

    @Test("without the issuer at hand the number has to do")
    func noIssuer() throws {
        let scene = try Scene()
        let lonely = try TLSIdentity(certificates: scene.root.text("a.test.pem"), key: scene.root.text("a.test.key"))
        #expect(try OCSPResponse(scene.good(), for: lonely).status == .good)
        let other = try TLSIdentity(certificates: scene.root.text("b.test.pem"), key: scene.root.text("b.test.key"))
        #expect(refusal { _ = try OCSPResponse(scene.good(), for: other) } == .otherCertificate)
    }

    @Test("what is no response is none, wherever it is cut, and nothing may follow")
    func malformed() throws {
        let scene = try Scene()
        let bytes = try scene.good()
        for count in 0..<bytes.count {
            #expect(refusal { _ = try OCSPResponse(Array(bytes.prefix(count)), for: scene.identity) } == .malformed)
        }
        #expect(refusal { _ = try OCSPResponse(bytes + [0], for: scene.identity) } == .malformed)
        #expect(refusal { _ = try OCSPResponse(scene.root.text("a.test.pem"), for: scene.identity) } == .malformed)
        let large = [UInt8](repeating: 0x30, count: OCSPResponse.most + 1)
        #expect(refusal { _ = try OCSPResponse(large, for: scene.identity) } == .tooLarge)
        #expect(refusal { _ = try OCSPResponse(Array(large.dropLast()), for: scene.identity) } == .malformed)
        // A responder without an answer: tryLater.
        let later = refusal { _ = try OCSPResponse([0x30, 3, 0x0A, 1, 3], for: scene.identity) }
        #expect(later == .unsuccessful("trylater"))
        // One that says it was successful and says nothing else.
        #expect(refusal { _ = try OCSPResponse([0x30, 3, 0x0A, 1, 0], for: scene.identity) } == .malformed)
    }

    @Test("any changed byte leaves a response that is refused, or the same answer")
    func changed() throws {
        let scene = try Scene()
        let bytes = try scene.good()
        var refused = 0
        let places = Array(stride(from: 0, to: bytes.count, by: 3))
        for place in places {
            var copy = bytes
            copy[place] ^= 0x55
            do {
                let response = try OCSPResponse(copy, for: scene.identity)
                #expect(response.status == .good && response.nextUpdate - response.thisUpdate == 3 * 86_400)
            } catch { refused += 1 }
        }
        #expect(refused > places.count / 2)
    }
}
