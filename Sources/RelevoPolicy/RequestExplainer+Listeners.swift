// The part of `relevo explain` that is about listeners: to which of them a URL leads, and what they do with a request
// before any route is asked.

import RelevoHTTP

extension RequestExplainer {
    /// The listeners that a URL may lead to.
    struct Doors {
        /// What is to be said about all listeners.
        var lines: [String] = []
        /// Where each that the URL may lead to sends its clients; nil if one of them serves.
        var redirect: RedirectToTLS?
    }

    /// Looks at the listeners with a URL in mind: its scheme, and its port if a listener has that.
    func doors(for question: Question) -> Doors {
        var doors = Doors(lines: snapshot.listeners.map(describe))
        let isSecure = question.isSecure
        var meant = snapshot.listeners.filter { ($0.tls != nil) == isSecure }
        if meant.isEmpty {
            doors.lines.append(
                isSecure
                    ? "note      no listener speaks TLS: explained as if one did"
                    : "note      every listener speaks TLS: explained as if one did not")
        }
        let port = Self.port(of: question.url)
        if meant.contains(where: { $0.address.port == port }) {
            meant = meant.filter { $0.address.port == port }
        }
        let sending = meant.filter { $0.redirect != nil }
        guard let first = sending.first?.redirect else { return doors }
        if sending.count == meant.count {
            doors.redirect = first
        } else {
            doors.lines += sending.map { "note      \($0.address) would send the client to https instead" }
        }
        return doors
    }

    private func describe(_ listener: ListenerSpec) -> String {
        var text = "listener  \(listener.address)\(listener.location.map { " (\($0))" } ?? "")"
        if let redirect = listener.redirect { text += ": sends its clients to https, port \(redirect.port ?? 443)" }
        guard let tls = listener.tls else { return text }
        text += ": TLS"
        switch tls.client?.mode {
        case .require: text += ", for clients with a certificate"
        case .request: text += ", asks for a certificate"
        case nil: break
        }
        return text
    }

    /// What endpoints hear of clients' certificates.
    func certificates(_ domain: Domain) -> String {
        let removed = "what the client says in X-Client-Cert-* and Client-Cert is removed"
        return domain.forwarded == .none ? removed : removed + "; where a listener asks, the proxy says it"
    }

    /// What browsers are told of TLS in the answer to a request that comes over it.
    func strictTransport(_ domain: Domain) -> [String] {
        domain.hsts.isEmpty ? [] : ["hsts      " + String(decoding: domain.hsts.dropLast(2), as: UTF8.self)]
    }

    /// The port that a URL names, or that its scheme stands for.
    static func port(of url: String) -> Int {
        let (authority, _) = split(url)
        let named = try? Authority.parse(Array(authority.utf8)[...]).port
        return named ?? (url.lowercased().hasPrefix("https://") ? 443 : 80)
    }
}
