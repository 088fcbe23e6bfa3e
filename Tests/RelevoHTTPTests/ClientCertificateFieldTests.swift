// The fields about clients' certificates: which names count as theirs, and what a value may look like.
// That endpoints get them, and only from the proxy, is tested in IntegrationTests.

import Testing

@testable import RelevoHTTP

@Suite struct ClientCertificateFieldTests {
    @Test(
        "names that could be taken for one of them are theirs, in any case and with underscores",
        arguments: [
            "X-Client-Cert-Subject", "x-client-cert-verify", "X_CLIENT_CERT_SUBJECT", "X-Client_Cert-Issuer",
            "X-Client-Cert", "X-Client-Cert-", "X-Client-Certificate", "Client-Cert", "client_cert",
            "Client-Cert-Chain",
            "CLIENT_CERT_CHAIN", "X.Client.Cert.Verify", "x-client~cert`subject", "client.cert",
        ])
    func own(name: String) { #expect(ClientCertificateField.isMeant(by: name)) }

    @Test(
        "others are not",
        arguments: [
            "X-Client", "X-Client-Cer", "Client-Cer", "X-Client-IP", "XX-Client-Cert", "Client", "", "X",
            "X-Clientcert",
            "Clients-Cert", "Proxy-Client-Cert", "C",
        ])
    func others(name: String) { #expect(!ClientCertificateField.isMeant(by: name)) }

    @Test("every field that is sent is one that is removed")
    func complete() {
        for field in ClientCertificateField.allCases { #expect(ClientCertificateField.isMeant(by: field.rawValue)) }
    }

    @Test(
        "RFC 4514 §2.4: a name stays what it is and becomes printable ASCII",
        arguments: [
            ("CN=alice,O=Example", "CN=alice,O=Example"), ("CN=a\\, b", "CN=a\\, b"),
            ("O=Exämple", "O=Ex\\C3\\A4mple"), ("CN=a\r\nX-Admin: 1", "CN=a\\0D\\0AX-Admin: 1"),
            ("CN=\u{0}", "CN=\\00"), ("CN=\u{7F}\t", "CN=\\7F\\09"), ("CN=a\\ ", "CN=a\\20"),
            ("CN=a\\\\\\ ", "CN=a\\\\\\20"), ("CN=\\ a", "CN=\\ a"), ("CN=\u{202E}", "CN=\\E2\\80\\AE"),
        ])
    func values(name: String, expected: String) throws {
        let value = try #require(ClientCertificateField.value(name: name))
        #expect(value == expected)
        #expect(HeaderFields.isValid(name: "X", value: value))
    }

    @Test("half a name may be somebody else's: one that is too long has no value")
    func bounds() {
        #expect(ClientCertificateField.value(name: String(repeating: "a", count: 4096))?.count == 4096)
        #expect(ClientCertificateField.value(name: String(repeating: "a", count: 4097)) == nil)
        #expect(ClientCertificateField.value(name: String(repeating: "ä", count: 683)) == nil)
        #expect(ClientCertificateField.value(name: "") == nil)
    }

    @Test("lines of a received head go, all others stay, also where Connection names one of them")
    func removal() throws {
        var head = RequestHead()
        head.fields.bytes = Array(
            """
            GET / HTTP/1.1\r\nHost: a\r\nX-Client-Cert-Subject: CN=admin\r\nX: 1\r\nclient_cert: :AA==:\r
            X-Client-Cert-Verify:\r\nConnection: X-Client-Cert-Subject\r\nY: 2\r\n\r\n
            """.utf8)
        try head.parse(limits: HeadLimits())
        head.fields.removeClientCertificate()
        try head.fields.append(name: "X-Client-Cert-Subject", value: "CN=own")
        var output: [UInt8] = []
        HeadSerializer.append(request: head, rewrite: RequestRewrite(), to: &output)
        #expect(
            String(decoding: output, as: UTF8.self)
                == "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nX-Client-Cert-Subject: CN=own\r\n\r\n")
        output = []
        HeadSerializer.append(request: head, rewrite: .classic, to: &output)
        let classic = String(decoding: output, as: UTF8.self)
        #expect(!classic.contains("admin") && !classic.contains("AA=="), "\(classic)")
    }

    @Test("trailers bring none of them")
    func trailers() throws {
        var scanner = ChunkedScanner(limits: HeadLimits())
        let body = Array("0\r\nX-Client-Cert-Verify: success\r\nClient_Cert: :AA==:\r\nX-Sum: 1\r\n\r\n".utf8)
        var position = 0
        while position < body.count {
            let rest = Array(body[position...])
            switch try scanner.next(rest.span) {
            case .framing(let count), .end(let count): position += count
            case .data, nil: break
            }
        }
        var output: [UInt8] = []
        scanner.appendTrailers(to: &output)
        #expect(String(decoding: output, as: UTF8.self) == "X-Sum: 1\r\n\r\n")
    }
}
