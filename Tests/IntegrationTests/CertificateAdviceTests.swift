// What is said of certificates before anything is served, by the library and by `relevo check`; and what a running
// proxy says of them in numbers.
// What is said while it runs: CertificateRenewalTests.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoPolicy
import TestSupport
import Testing

extension Integration {
    @Suite("Advice about certificates") struct CertificateAdvice {
        /// Files in a directory, and a configuration that has them.
        private final class Scene {
            let authority: TestAuthority
            let tree: FileTree

            init() throws {
                authority = try TestAuthority()
                tree = try FileTree()
            }

            func put(_ pair: TestAuthority.Pair, ocsp: [UInt8]? = nil) throws -> CertificateFiles {
                try tree.write(pair.certificate, to: "a.pem")
                try tree.write(pair.key, to: "a.key")
                if let ocsp { try tree.write(ocsp, to: "a.ocsp") }
                return CertificateFiles(
                    tree.path("a.pem"), key: tree.path("a.key"), ocsp: ocsp.map { _ in tree.path("a.ocsp") },
                    location: SourceLocation(file: "relevo.yaml", line: 3, column: 9))
            }

            func proxy(_ files: CertificateFiles...) throws -> ReverseProxy {
                var configuration = ProxyConfiguration.loopback([.init("a.example", endpoints: ["127.0.0.1:9"])])
                configuration.listeners[0].tls = ListenerTLS(certificates: files)
                return try ReverseProxy(configuration: configuration, logger: Logger(label: "test"))
            }

            func problems(_ files: CertificateFiles) -> [ConfigurationProblem] {
                do {
                    _ = try proxy(files)
                    return []
                } catch { return (error as? ConfigurationError)?.problems ?? [] }
            }
        }

        @Test("nothing is said of a certificate as it should be")
        func good() throws {
            let scene = try Scene()
            let pair = try scene.authority.issue("a.example", "www.a.example", days: 14)
            let files = try scene.put(pair, ocsp: scene.authority.response(to: pair))
            // In fourteen days, less the time since it was issued.
            #expect(try scene.proxy(files).warnings.map(\.message).filter { !$0.contains("ends in 13 days") } == [])
            let longer = try scene.authority.issue("a.example", days: 15)
            #expect(try scene.proxy(scene.put(longer)).warnings == [])
        }

        @Test("an OCSP response that is not there is an error; one of no use is not sent, and said with its place")
        func responses() throws {
            let scene = try Scene()
            let (pair, other) = try (scene.authority.issue("a.example"), scene.authority.issue("a.example"))
            let revoked = try scene.authority.response(to: pair, isRevoked: true)
            let foreign = try scene.authority.response(to: other)
            let cases: [([UInt8], String)] = [
                ([], "DER"), (Array("text".utf8), "DER"), (revoked, "revoked"), (foreign, "not for this certificate"),
            ]
            for (bytes, words) in cases {
                let warnings = try scene.proxy(scene.put(pair, ocsp: bytes)).warnings
                #expect(warnings.count == 1)
                #expect(warnings.first?.message.contains("a.ocsp` is not sent: ") == true)
                #expect(warnings.first?.message.contains(words) == true, "\(warnings)")
                #expect(warnings.first?.location?.line == 3)
            }
            let files = try scene.put(pair, ocsp: [])
            try scene.tree.remove("a.ocsp")
            #expect(scene.problems(files).map(\.message).joined().contains("No such file"))
            #expect(scene.problems(files).first?.location?.line == 3)
        }

        @Test("a certificate that demands a response says so if there is none")
        func mustStaple() throws {
            let scene = try Scene()
            let pair = try scene.authority.issue("a.example", extensions: "tlsfeature=status_request")
            let warnings = try scene.proxy(scene.put(pair)).warnings
            #expect(warnings.map(\.message).joined().contains("demands a stapled OCSP response"))
            #expect(warnings.first?.suggestion?.contains("ocsp: FILE") == true)
            let response = try scene.authority.response(to: pair)
            #expect(try scene.proxy(scene.put(pair, ocsp: response)).warnings == [])
        }

        @Test("the order of a file, and what is missing in it")
        func order() throws {
            let scene = try Scene()
            var pair = try scene.authority.issue("a.example")
            let authority = Array(try Data(contentsOf: URL(filePath: scene.authority.file)))
            pair.certificate = authority + pair.leaf
            let problems = scene.problems(try scene.put(pair))
            #expect(problems.map(\.message).joined().contains("that of certificate 2 of the file"))
            pair.certificate = pair.leaf
            let warnings = try scene.proxy(scene.put(pair)).warnings
            #expect(warnings.map(\.message).joined().contains("the issuer is missing in"))
            #expect(warnings.map(\.message).joined().contains("`CN=Test`"))
        }

        @Test("an authority's certificate in the place of the own one is named")
        func authorityFirst() throws {
            let scene = try Scene()
            let pair = try scene.authority.issue("a.example", extensions: "basicConstraints=critical,CA:TRUE")
            let warnings = try scene.proxy(scene.put(pair)).warnings
            #expect(warnings.map(\.message).joined().contains("is that of an authority, `CN=a.example`"))
        }

        @Test("check says all of it with the lines of the file, and ends with 0", .enabled(if: hasProgram))
        func check() throws {
            let scene = try Scene()
            _ = try scene.put(scene.authority.issue("b.example", days: 1), ocsp: [1])
            let text = """
                listeners:
                  - address: 127.0.0.1:0
                    tls: { certificate: a.pem, key: a.key, ocsp: a.ocsp }
                domains:
                  a.example: [127.0.0.1:9]
                """
            try scene.tree.write(Array(text.utf8), to: "relevo.yaml")
            let outcome = try Program.run("check", scene.tree.path("relevo.yaml"))
            #expect(outcome.status == 0, "\(outcome.complaints)")
            for words in [
                "relevo.yaml:3:25: warning: certificate `", "hours (",
                "relevo.yaml:3:25: warning: OCSP response `", "is not sent: it is no OCSP response in DER form",
                "relevo.yaml:5:3: warning: no certificate is for domain `a.example`",
            ] { #expect(outcome.complaints.contains(words), "\(outcome.complaints)") }
        }

        private static var hasProgram: Bool { FileManager.default.isExecutableFile(atPath: Program.relevo) }

        @Test("the statistics have each certificate with its end, and count handshakes")
        func statistics() async throws {
            let scene = try Scene()
            let files = try scene.put(scene.authority.issue("a.example", days: 40))
            let proxy = try scene.proxy(files)
            let port = try #require(await proxy.start().first?.port)
            let command = "openssl s_client -connect 127.0.0.1:\(port) -servername a.example </dev/null"
            _ = try Program("/bin/sh", ["-c", command]).outcome()
            #expect(await eventually { await proxy.statistics().handshakes == 1 })
            let statistics = await proxy.statistics()
            #expect(statistics.handshakesResumed == 0 && statistics.handshakesFailed == 0)
            #expect(statistics.certificates.map(\.file) == [files.certificate])
            #expect(statistics.certificates.first?.names == ["a.example"])
            #expect(statistics.certificates.first?.listeners == ["127.0.0.1:0"])
            let days = (Double(statistics.certificates.first?.notAfter ?? 0) - Date.now.timeIntervalSince1970) / 86_400
            #expect(days > 39.9 && days <= 40)
            await proxy.shutdown(within: .zero)
            #expect(await proxy.statistics().certificates.isEmpty)
        }
    }
}
