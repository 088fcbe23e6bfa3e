// What has to hold for a head that goes to an endpoint, whatever came from the client.
// Not for the end of its content, which is compared with what was received elsewhere.

/// A head on its way to an endpoint.
package struct SentRequest {
    private let head: StrictHead

    /// Takes a head that was read strictly.
    package init(_ head: StrictHead) { self.head = head }

    /// The rules outside the classic mode (RFC 9110 §7.6.1, §7.2).
    package func check() {
        require(head.words.count == 3 && head.words[2] == "HTTP/1.1", "first line \(head.words)")
        require(head.values("host").count == 1, "hosts")
        require(head.framing != nil, "framing fields: \(head.fields)")
        for name in ["keep-alive", "proxy-connection", "te", "http2-settings"] {
            require(head.values(name).isEmpty, "\(name) reached the endpoint")
        }
        let options = head.elements("connection")
        require(options.allSatisfy { ["close", "upgrade"].contains($0) }, "Connection: \(options)")
        require(options.contains("upgrade") == !head.values("upgrade").isEmpty, "Upgrade without Connection")
    }

    /// Fields without a meaning to any proxy that the client's Connection calls a matter of one hop.
    package func checkNominated(received: [UInt8]) {
        var why = ""
        guard let original = StrictHead(received[...], why: &why) else { return }
        for name in original.elements("connection") where name.hasPrefix("x-hop") {
            require(head.values(name).isEmpty, "nominated \(name) reached the endpoint")
        }
    }

    /// What is said about a client whose own word does not count (RFC 9110 §7.6.3 for Via).
    package func checkForwarded(for clientAddress: String) {
        require(head.texts("x-forwarded-for") == [clientAddress], "X-Forwarded-For of the client's making")
        require(head.texts("x-forwarded-proto") == ["http"], "X-Forwarded-Proto of the client's making")
        require(head.values("x-forwarded-host").count == 1, "X-Forwarded-Host")
        require(head.values("x-real-ip").isEmpty && head.values("forwarded").isEmpty, "the other vocabulary passed")
        require(head.texts("via").last == "1.1 relevo" || head.texts("via").last == "1.0 relevo", "Via")
    }

    /// The classic mode: one Connection, one way to read it.
    package func checkClassic() {
        require(head.words.count == 3, "first line \(head.words)")
        require(head.texts("connection") == ["close"], "classic: Connection")
        require(head.values("host").count <= 1, "classic: hosts")
        require(head.framing != nil || repeatsOneLength, "classic: framing fields")
    }

    /// The classic mode: every line as it came, but for Connection, a protocol that the proxy cannot follow, and a Host
    /// that the target contradicts.
    package func checkClassic(received: [UInt8]) {
        checkClassic()
        var why = ""
        guard let original = StrictHead(received[...], why: &why) else { violation("classic: \(why)") }
        require(head.firstLine == original.firstLine, "classic: first line")
        let excepted: Set = ["connection", "upgrade", "http2-settings", "host", "content-length"]
        let sent = head.fields.filter { !excepted.contains($0.name) }
        let kept = original.fields.filter { !excepted.contains($0.name) }
        require(sent.count == kept.count, "classic: number of fields")
        for (left, right) in zip(sent, kept) {
            require(left.name == right.name && left.value == right.value, "classic: \(left.name) changed")
        }
    }

    /// A length that is stated several times goes on as it came: docs/conformance.md lists this deviation from
    /// RFC 9110 §8.6. Once it is mended, this has to go.
    private var repeatsOneLength: Bool {
        head.values("transfer-encoding").isEmpty && Set(head.elements("content-length")).count == 1
    }
}
