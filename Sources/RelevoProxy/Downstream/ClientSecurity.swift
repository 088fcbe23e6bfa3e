// What is known of a client that speaks TLS: since when, whether the handshake is over, what was agreed on, and who the
// client is by its certificate. Plain connections have none.

import CLibevent
import CLibeventTLS
import RelevoHTTP
import RelevoPolicy

/// The TLS side of one client's connection. Confined to its worker's thread.
final class ClientSecurity: Handshake {
    /// Whose it is; not to be asked once the handshake is over.
    unowned let connection: ClientConnection
    /// When the handshake began.
    let began: MonotonicTime
    /// Whether the handshake has succeeded, or never will.
    var isSettled = false
    /// What access log lines say of the connection, commas included.
    private(set) var logText: [UInt8] = []
    /// The client's certificate, if one was asked for, shown, and is good.
    private(set) var certificate: ClientCertificate?
    /// Whether its listener has asked for a certificate.
    private(set) var isAsked = false
    /// Why a certificate that was shown is not good, in words.
    private(set) var distrust: String?
    private var fields: [(name: ClientCertificateField, value: String)] = []

    init(_ connection: ClientConnection, began: MonotonicTime) {
        self.connection = connection
        self.began = began
    }

    /// The handshake has succeeded. What nobody will ask for is not looked at.
    func agreed(_ layer: TLSConnection, asks: ClientCertificates?, log: AccessLogBuffer?) {
        guard asks != nil || log != nil else { return }
        let facts = layer.facts
        if log != nil { write(facts) }
        guard let asks else { return }
        isAsked = true
        guard let peer = facts.peer else {
            fields = [(.verify, "none")]
            return
        }
        if let distrust = peer.distrust {
            self.distrust = distrust
        } else if facts.isResumed, peer.certificate.notAfter <= Int64(WallTime.now.seconds) {
            // What was good at the first handshake is not verified again.
            distrust = "certificate has expired"
        } else {
            accept(peer.certificate)
            if asks.rfc9440, let whole = layer.peerCertificateBase64, whole.utf8.count <= Self.longestWhole {
                fields.append((.whole, ":\(whole):"))
            }
        }
    }

    private static let longestWhole = ClientCertificateField.longestWhole

    private func accept(_ shown: Certificate) {
        certificate = ClientCertificate(
            subject: shown.subject, issuer: shown.issuer, fingerprint: shown.fingerprint)
        fields = [(.verify, "success"), (.fingerprint, shown.fingerprint)]
        for (name, text) in [(ClientCertificateField.subject, shown.subject), (.issuer, shown.issuer)] {
            if let value = ClientCertificateField.value(name: text) { fields.append((name, value)) }
        }
    }

    /// Tells the endpoint. What a client has said in these fields was removed before.
    func append(to head: inout HeaderFields) {
        for (name, value) in fields {
            // The values are texts of our own, which fit.
            try? head.append(name: name.rawValue, value: value)
        }
    }

    private func write(_ facts: TLSFacts) {
        logText += Array(",\"tls_version\":\"\(facts.version)\",\"tls_cipher\":\"\(facts.cipher)\"".utf8)
        JSONText.append(Array(",\"sni\":\"".utf8), facts.serverName, to: &logText)
        guard let certificate = facts.peer?.certificate else { return }
        let subject = ClientCertificateField.value(name: certificate.subject)
        JSONText.append(Array(",\"client_cert_subject\":\"".utf8), subject, to: &logText)
        JSONText.append(Array(",\"client_cert_fingerprint\":\"".utf8), certificate.fingerprint, to: &logText)
    }
}

@available(*, unavailable)
extension ClientSecurity: Sendable {}
