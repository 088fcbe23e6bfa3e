// What clients will find wrong with a chain before any does: an issuer that is missing, a wrong order, methods that
// OpenSSL refuses.
// Dates and names are the matter of whoever knows what they should be.

import COpenSSL

/// What is wrong with the certificates between an own one and an authority.
public enum ChainFlaw: Sendable, Hashable {
    /// The issuer of the certificate at this place, counted from 1, is in the text, but does not follow it.
    case outOfOrder(Int)
    /// Neither the text nor the authorities have this issuer, of the certificate at this place.
    case missingIssuer(String, Int)
}

extension TLSIdentity {
    /// Whether the chain has no flaw.
    public func isComplete(with roots: TLSAuthorities = .system) throws(TLSError) -> Bool {
        try flaw(with: roots) == nil
    }

    /// What keeps clients that know authorities only from getting from the own certificate to one of them; nil if each
    /// is followed by its issuer's, up to one that issued itself or that an authority of `roots` issued.
    public func flaw(with roots: TLSAuthorities = .system) throws(TLSError) -> ChainFlaw? {
        let all = [leaf] + following
        var count = 1
        while count < all.count, X509_check_issued(all[count], all[count - 1]) == X509_V_OK { count += 1 }
        defer { OpenSSLErrors.clear() }
        let store = try roots.store()
        // From the end: an authority hardly ever issues the own one itself.
        for raw in all.prefix(count).reversed() {
            if X509_check_issued(raw, raw) == X509_V_OK { return nil }
            if try store.holdsIssuer(of: raw) { return nil }
        }
        let last = all[count - 1]
        if all.dropFirst(count).contains(where: { X509_check_issued($0, last) == X509_V_OK }) {
            return .outOfOrder(count)
        }
        return .missingIssuer(([certificate] + intermediates)[count - 1].issuer, count)
    }

    /// The certificates after the own one, which this object keeps.
    private var following: [OpaquePointer] {
        (0..<OPENSSL_sk_num(chain)).compactMap { OPENSSL_sk_value(chain, $0).map { OpaquePointer($0) } }
    }

    /// The certificate that issued the own one, if it is known; this object keeps it.
    var issuer: OpaquePointer? {
        ([leaf] + following).first { X509_check_issued($0, leaf) == X509_V_OK }
    }

    /// Why OpenSSL would refuse to serve with it, as too short a key or an old signature is refused by its security
    /// level; nil if it would not. Any thread.
    public func refusal() -> String? {
        guard let context = Self.probe, let connection = SSL_new(context) else { return "no memory" }
        defer { SSL_free(connection) }
        OpenSSLErrors.clear()
        guard SSL_use_cert_and_key(connection, leaf, key, chain, 1) != 1 else { return nil }
        return OpenSSLErrors.takeWords()
    }

    /// A context as servers have it; nothing is served with it.
    nonisolated(unsafe) private static let probe = try? ContextSettings.make(TLS_server_method())
}
