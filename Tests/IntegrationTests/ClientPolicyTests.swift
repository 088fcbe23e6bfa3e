// Files of authorities and of revoked certificates that cannot serve, and what hooks see of clients' certificates.
// What clients get is tested in ClientCertificateTests.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Files and hooks of client certificates") struct ClientPolicy {
        private func judge(_ settings: ClientCertificates) -> ClientCertificatePolicy {
            var settings = settings
            settings.location = SourceLocation(file: "relevo.yaml", line: 4, column: 9)
            settings.crlLocation = SourceLocation(file: "relevo.yaml", line: 5, column: 9)
            return ClientCertificatePolicy(settings)
        }

        @Test("a file of authorities that is missing, empty or damaged is refused where it is named")
        func authorities() throws {
            let authority = try Authority("Test CA")
            let text = try String(contentsOfFile: authority.certificate, encoding: .utf8)
            let cases = [
                ("/nowhere/ca.pem", "No such file"),
                (try authority.write("empty.pem", ""), "there is no certificate in PEM form"),
                (try authority.write("text.pem", "hello\n"), "there is no certificate in PEM form"),
                (try authority.write("half.pem", String(text.prefix(300))), "is damaged"),
                (try authority.write("two.pem", text + text.replacing("MII", with: "MIJ")), "certificate 2 is damaged"),
            ]
            for (path, words) in cases {
                let problems = judge(ClientCertificates(ca: path)).problems
                #expect(problems.count == 1)
                #expect(problems.first?.message.contains(words) == true, "\(problems)")
                #expect(problems.first?.message.contains(path) == true)
                #expect(problems.first?.location?.line == 4)
            }
            #expect(judge(ClientCertificates(ca: authority.certificate)).problems.isEmpty)
        }

        @Test("a list of revoked certificates that would refuse everybody is refused where it is named")
        func lists() throws {
            let (authority, other) = (try Authority("One"), try Authority("Two"))
            let impostor = try Authority("One")
            func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
            let both = try authority.write("both.pem", text(authority.certificate) + text(other.certificate))
            let (own, others) = (try authority.revoke(), try other.revoke())
            let cases: [(ca: String, crl: String, words: String)] = [
                (authority.certificate, "/nowhere/crl.pem", "No such file"),
                (authority.certificate, try authority.write("no.crl", ""), "there is none"),
                (authority.certificate, authority.certificate, "there is none"),
                (both, own, "no list of `CN=Two`"), (authority.certificate, others, "no list of `CN=One`"),
                (authority.certificate, try impostor.revoke(), "is not signed by that authority"),
            ]
            for (ca, crl, words) in cases {
                let problems = judge(ClientCertificates(ca: ca, crl: crl)).problems
                #expect(problems.count == 1)
                #expect(problems.first?.message.contains(words) == true, "\(problems)")
                #expect(problems.first?.location?.line == 5)
            }
            let whole = try authority.write("both.crl", text(own) + text(others))
            let good = judge(ClientCertificates(ca: both, crl: whole))
            #expect(good.problems.isEmpty && good.warnings.isEmpty)
        }

        @Test("authorities that make nobody good, and those whose time is over, are warned about")
        func warnings() throws {
            let authority = try Authority("Test CA")
            let leaf = try authority.issue("/CN=leaf", until: Date(timeIntervalSince1970: 1_600_000_000))
            let judged = judge(ClientCertificates(ca: leaf.certificate))
            #expect(judged.problems.isEmpty)
            #expect(judged.warnings.map(\.message).contains { $0.contains("`CN=leaf`") && $0.contains("has expired") })
            let list = try authority.revoke()
            let late = ClientCertificatePolicy(
                ClientCertificates(ca: authority.certificate, crl: list),
                now: .init(seconds: 4_000_000_000, nanoseconds: 0))
            #expect(late.problems.isEmpty && late.warnings.count == 2)
        }

        @Test("a proxy is not made with them, and `check` shows the place")
        func refused() throws {
            let authority = try Authority("Test CA")
            let server = try authority.issue("/CN=a.example", host: "a.example")
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                "relevo.yaml",
                """
                listeners:
                  - address: 127.0.0.1:0
                    tls:
                      certificate: \(server.certificate)
                      key: \(server.key ?? "")
                      client: { ca: missing.pem, crl: off }
                domains: { a.example: [127.0.0.1] }
                """)
            let outcome = try Program.run("check", file)
            #expect(outcome.status == 1)
            #expect(outcome.complaints.contains("relevo.yaml:6:21: error: "), "\(outcome.complaints)")
            #expect(outcome.complaints.contains("\(directory.path)/missing.pem cannot be read"))
        }

        @Test("a hook sees the certificate, no lies about it, and cannot tell any itself")
        func hooks() async throws {
            let world = try CertifiedWorld()
            let alice = try world.authority.issue("/CN=alice")
            let seen = Watched<[HookRequest]>([])
            try await withProxy(world.configuration(.request)) { settings in
                settings.hook = { request in
                    let copy = request
                    seen.change { $0.append(copy) }
                    request.addField("X-Client-Cert-Subject", "CN=hook")
                    request.removeField("X-Client-Cert-Verify")
                    request.addField("X-Own", "1")
                    return .forward
                }
            } _: { proxy in
                for (number, files) in [alice, nil].enumerated() {
                    let client = try world.client(files, proxy)
                    let answer = try client.get("a.example", "/\(number)", "X-Client-Cert-Subject: CN=liar", "X-A: 1")
                    #expect(answer.status == 200)
                }
                let requests = seen.current
                #expect(requests.map { $0.clientCertificate?.subject } == ["CN=alice", nil])
                #expect(requests.first?.clientCertificate?.issuer == "CN=Clients")
                #expect(requests.allSatisfy { $0.fields.map(\.name) == ["Host", "X-A"] })
                #expect(world.told("/0").count == 4 && !world.told("/0").contains { $0.contains("hook") })
                #expect(world.told("/1") == ["X-Client-Cert-Verify: none"])
                #expect(world.head("/1").contains("X-Own: 1\r\n"))
            }
        }
    }
}
