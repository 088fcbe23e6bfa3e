// What is written of certificates in a file, in each of its forms.
// What is refused is in Broken/; what is in the files that are named is read in RelevoProxy.

import RelevoConfig
import RelevoPolicy
import Testing

@Suite("Settings of certificates")
struct CertificateSettingsTests {
    private func certificates(_ tls: String, file: String = "relevo.yaml") throws -> [CertificateFiles] {
        let text = "listeners: [{ address: '0.0.0.0:443', tls: \(tls) }]\ndomains: { a.example: [a] }\n"
        let loaded = try ConfigurationLoader(environment: [:]).load(text: text, file: file)
        return (loaded.configuration.listeners.first?.tls?.certificates ?? []).map { files in
            CertificateFiles(files.certificate, key: files.key, ocsp: files.ocsp)
        }
    }

    @Test(
        "A certificate is a name, a map, or one of several",
        arguments: [
            ("{ certificate: a.pem }", [.init("a.pem")]),
            ("{ certificate: a.pem, key: a.key, ocsp: a.ocsp }", [.init("a.pem", key: "a.key", ocsp: "a.ocsp")]),
            ("{ certificate: a.pem, ocsp: /x/a.ocsp }", [.init("a.pem", ocsp: "/x/a.ocsp")]),
            (
                "{ certificates: [a.pem, { certificate: b.pem, ocsp: b.ocsp }] }",
                [.init("a.pem"), .init("b.pem", ocsp: "b.ocsp")]
            ),
        ] as [(String, [CertificateFiles])])
    func forms(_ tls: String, _ expected: [CertificateFiles]) throws { #expect(try certificates(tls) == expected) }

    @Test("Names of files that do not begin with / are beside the configuration")
    func beside() throws {
        let tls = "{ certificate: a.pem, key: /k/a.key, ocsp: o/a.ocsp }"
        let expected = CertificateFiles("/etc/relevo/a.pem", key: "/k/a.key", ocsp: "/etc/relevo/o/a.ocsp")
        #expect(try certificates(tls, file: "/etc/relevo/relevo.yaml") == [expected])
    }

    @Test("The long form reads back as the same, with the origin of each value")
    func effective() throws {
        let text = """
            listeners:
              - address: 0.0.0.0:443
                tls: { certificates: [{ certificate: a.pem, key: a.key, ocsp: a.ocsp }, b.pem] }
              - { address: "0.0.0.0:444", tls: { certificate: c.pem, ocsp: c.ocsp } }
            domains: { a.example: [a] }
            """
        let loaded = try load(text)
        let again = try load(loaded.effectiveYAML())
        #expect(again.configuration.unlocated.listeners.count == 2)
        for (one, other) in zip(loaded.configuration.listeners, again.configuration.listeners) {
            let files = [one, other].map { ($0.tls?.certificates ?? []).map { [$0.certificate, $0.key, $0.ocsp] } }
            #expect(files[0] == files[1])
        }
        let lines = loaded.effectiveYAML().split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        for line in ["ocsp: a.ocsp # line 3", "ocsp: c.ocsp # line 4"] { #expect(lines.contains(line), "\(lines)") }
    }
}
