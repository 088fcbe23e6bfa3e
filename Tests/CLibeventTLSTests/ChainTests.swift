// What is found wrong with certificates before a client finds it: order, issuers, methods.
// Certificates and keys that do not go together at all: IdentityTests.

import CLibeventTLS
import TestSupport
import Testing

@Suite struct ChainTests {
    private func refusal(_ body: () throws -> Void) -> TLSError? {
        do {
            try body()
            return nil
        } catch { return error as? TLSError }
    }

    @Test("a chain in order is without flaw up to a root that is known or in it; otherwise the missing issuer is named")
    func chains() throws {
        let root = try Issuer("Root")
        defer { root.remove() }
        let upper = try Issuer("Upper", by: root)
        let lower = try Issuer("Lower", by: upper)
        try lower.issue("a.test", "subjectAltName=DNS:a.test")
        let roots = TLSAuthorities.pem(try root.text("Root.pem"))
        let stranger = try Authority.other.get().authorities
        let key = try root.text("a.test.key")
        func flaw(_ names: [String], _ roots: TLSAuthorities) throws -> ChainFlaw? {
            let text = try names.flatMap { try root.text("\($0).pem") }
            return try TLSIdentity(certificates: text, key: key).flaw(with: roots)
        }
        #expect(try flaw(["a.test", "Lower", "Upper"], roots) == nil)
        #expect(try flaw(["a.test", "Lower", "Upper", "Root"], stranger) == nil)
        // What follows an issuer that is known may be anything, as a root's certificate by another root is.
        #expect(try flaw(["a.test", "Lower", "Upper", "a.test"], roots) == nil)
        #expect(try flaw(["a.test"], roots) == .missingIssuer("CN=Lower", 1))
        #expect(try flaw(["a.test", "Lower"], roots) == .missingIssuer("CN=Upper", 2))
        #expect(try flaw(["a.test", "Lower", "Upper"], stranger) == .missingIssuer("CN=Root", 3))
        #expect(try flaw(["a.test", "Upper", "Lower"], roots) == .outOfOrder(1))
        #expect(try flaw(["a.test", "Upper"], roots) == .missingIssuer("CN=Lower", 1))
        let reversed = try root.text("Upper.pem", "Lower.pem", "a.test.pem")
        #expect(refusal { _ = try TLSIdentity(certificates: reversed, key: key) } == .keyOfAnother(3))
    }

    @Test("a certificate says whether it is an authority's, issued itself, and where its issuer's is to be had")
    func kinds() throws {
        let root = try Issuer("Root")
        defer { root.remove() }
        let lower = try Issuer("Lower", by: root)
        try lower.issue(
            "a.test",
            "subjectAltName=DNS:a.test\nauthorityInfoAccess=caIssuers;URI:http://x.test/\ntlsfeature=status_request"
        )
        try lower.issue("b.test", "authorityInfoAccess=OCSP;URI:http://x.test/")
        func certificate(_ name: String) throws -> Certificate {
            try TLSIdentity(certificates: root.text("\(name).pem"), key: root.text("\(name).key")).certificate
        }
        let (top, middle) = try (certificate("Root"), certificate("Lower"))
        #expect(top.isAuthority && top.isSelfIssued)
        #expect(middle.isAuthority && !middle.isSelfIssued)
        let (own, other) = try (certificate("a.test"), certificate("b.test"))
        #expect(!own.isAuthority && !own.isSelfIssued)
        #expect(own.namesIssuer && own.mustStaple)
        #expect(!other.namesIssuer && !other.mustStaple)
        #expect([top, middle, own, other].allSatisfy { $0.weakness == nil })
    }

    @Test("old methods are named, and are refused where OpenSSL's security level refuses them")
    func weak() throws {
        let root = try Issuer("Root")
        defer { root.remove() }
        try root.issue("sha1.test", "subjectAltName=DNS:sha1.test", digest: "-sha1")
        try root.issue("short.test", "subjectAltName=DNS:short.test", key: "rsa:1024")
        try root.issue("good.test", "subjectAltName=DNS:good.test", key: "rsa:2048")
        let words = [
            "sha1.test": "it is signed with SHA1",
            "short.test": "its RSA key has 1024 bits", "good.test": nil,
        ]
        for (name, weakness) in words {
            let identity = try TLSIdentity(certificates: root.text("\(name).pem"), key: root.text("\(name).key"))
            #expect(identity.certificate.weakness == weakness)
            // Whatever the level is, the answer is that of a handshake.
            let context = try TLSServerContext([.init(identity)])
            let client = try TLSClientContext(.authorities(.pem(root.text("Root.pem"))))
            let connection = try Connection(context, client, host: name)
            if identity.refusal() != nil { #expect(connection.fail(), "\(name)") }
            if weakness == nil {
                #expect(identity.refusal() == nil)
                #expect(connection.open())
            }
        }
        let short = try TLSIdentity(certificates: root.text("short.test.pem"), key: root.text("short.test.key"))
        #expect(short.refusal()?.isEmpty != true)
    }

    @Test("what the system knows is found where it is said to be")
    func system() { #expect(TLSAuthorities.systemHasAny) }

    @Test("the code of a text is that of no other")
    func digests() throws {
        let texts: [[UInt8]] = [[], [1], [1, 2], [2, 1]]
        #expect(Set(texts.compactMap { ContentDigest($0) }).count == 4)
        #expect(ContentDigest([7, 8]) == ContentDigest([7, 8]))
    }

    @Test("what cannot be read again is refused without waiting for it", .timeLimit(.minutes(1)))
    func pipe() throws {
        let root = try Issuer("Root")
        defer { root.remove() }
        let pipe = root.path("pipe")
        try run("mkfifo", pipe)
        #expect(refusal { _ = try PEMFile.read(pipe, .regular) } == .notRegular(path: pipe))
        #expect(refusal { _ = try PEMFile.read("/dev/null", .regular) } == .notRegular(path: "/dev/null"))
        #expect(try PEMFile.read(root.path("Root.pem"), .regular) == root.text("Root.pem"))
    }
}
