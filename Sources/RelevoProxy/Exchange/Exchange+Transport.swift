// What an exchange has to do with TLS on its client's side: certificates, redirects, what browsers are told of it.
// How TLS is agreed on is the matter of ClientConnection.

import RelevoHTTP
import RelevoPolicy

extension Exchange {
    /// Whether what is said about certificates is the proxy's alone to say: by the configuration, or by the one with
    /// which the client's listener was opened.
    var asksForCertificates: Bool { snapshot.asksForCertificates || client?.security?.isAsked ?? false }

    /// Forgets what the client says about certificates, which anybody could. Why its own is not good; nil if it may
    /// go on.
    func judgeCertificate() -> String? {
        request.fields.removeClientCertificate()
        return client?.security?.distrust
    }

    /// Whether a trusted proxy says that its client came by TLS already: sent back there it would go round in circles.
    var cameByTLS: Bool {
        (client?.isTrusted ?? false) && TrustedProxies.sayTLS(request.fields)
    }

    /// What the configuration says of the domain takes the place of what the endpoint says, and goes out over TLS only
    /// (RFC 6797 §7.2).
    func announceStrictTransport(in rewrite: inout ResponseRewrite) {
        response.fields.remove(lowercase: StrictTransport.lowercaseName)
        guard let domain, client?.security != nil else { return }
        if rewrite.extraLines.isEmpty { rewrite.extraLines = domain.hsts } else { rewrite.extraLines += domain.hsts }
    }

    /// The same for an answer of the proxy's own, over TLS. A hook's own word goes first.
    func announceStrictTransport(in answer: inout LocalAnswer) {
        guard !answer.saysStrictTransport, let line = strictTransport, !line.isEmpty else { return }
        answer.fields += line
    }

    /// What the domain tells, found out for answers that are given before there is one.
    private var strictTransport: [UInt8]? {
        if let domain { return domain.hsts }
        guard !request.authority.host.isEmpty else { return nil }
        var silent = SilentTrace()
        return snapshot.table.domain(for: request.authority.host[...], trace: &silent)?.hsts
    }
}
