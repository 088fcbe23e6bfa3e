// How endpoints are reached: whom to believe, what to show, which protocols to offer, what to resume.
// Which endpoints there are is others' matter.

public import CLibevent
import COpenSSL
import Glibc

/// The TLS settings of connections to servers. Immutable but for its tickets; any number of loops at once.
public final class TLSClientContext: Sendable {
    /// Whose certificates are taken.
    public enum Verification: Sendable, Hashable {
        /// Those for the host's name that one of these has issued.
        case authorities(TLSAuthorities)
        /// All: whoever is in the way can read and change everything. For tests, and for networks that are trusted
        /// anyway.
        case offTrustingAnyone
    }

    nonisolated(unsafe) private let raw: OpaquePointer
    private let verification: Verification
    private let cache: ResumptionCache

    /// Makes a context.
    /// - Parameters:
    ///   - identity: the certificate to show to servers that ask for one.
    ///   - protocols: names for ALPN, the preferred first.
    ///   - resumable: servers of which the last ticket is kept; 0 to resume nothing.
    public init(
        _ verification: Verification = .authorities(.system), identity: TLSIdentity? = nil, protocols: [String] = [],
        resumable: Int = 1024
    ) throws(TLSError) {
        let wire = try ContextSettings.wire(protocols)
        raw = try ContextSettings.make(TLS_client_method())
        self.verification = verification
        cache = ResumptionCache(capacity: resumable)
        switch verification {
        case .authorities(let authorities):
            try authorities.store().set(raw)
            SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nil)
        case .offTrustingAnyone: SSL_CTX_set_verify(raw, SSL_VERIFY_NONE, nil)
        }
        if let identity {
            guard SSL_CTX_use_cert_and_key(raw, identity.leaf, identity.key, identity.chain, 1) == 1 else {
                throw .refused(OpenSSLErrors.takeWords())
            }
        }
        guard wire.isEmpty || SSL_CTX_set_alpn_protos(raw, wire, UInt32(wire.count)) == 0 else {
            throw .refused(OpenSSLErrors.takeWords())
        }
        // Kept here, by server, and not by OpenSSL.
        relevo_set_resumption_cache(raw, resumable > 0 ? Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL) : 0)
        SSL_CTX_sess_set_new_cb(raw) { connection, ticket in
            if let ticket, let resumption = TLSConnection.of(connection)?.resumption {
                resumption.cache.keep(ticket, for: resumption.key)
            }
            return 0
        }
    }

    deinit { SSL_CTX_free(raw) }

    /// The layer of a connection that is to be opened.
    /// - Parameters:
    ///   - host: the name or address that the server's certificate has to be for. A name is sent to the server (SNI).
    ///   - endpoint: where the connection leads, so that tickets of one server are not shown to another of that name.
    /// - Throws: `EINVAL` if the host is neither a name nor an address.
    public func makeConnection(host: String, endpoint: String) throws(SystemError) -> TLSConnection {
        let key = "\(host) \(endpoint)"
        let connection = try TLSConnection(
            context: raw, owner: self, resumption: TLSConnection.Resumption(cache: cache, key: key))
        SSL_set_connect_state(connection.raw)
        guard Self.isHost(host), setHost(host, connection.raw) else {
            OpenSSLErrors.clear()
            throw SystemError(EINVAL, in: .handshake)
        }
        if let ticket = cache.find(key) {
            SSL_set_session(connection.raw, ticket)
            SSL_SESSION_free(ticket)
        }
        return connection
    }

    /// Whether a text can be a host: a C string would end at a NUL, and the rest would go unchecked.
    private static func isHost(_ host: String) -> Bool {
        (1...253).contains(host.utf8.count) && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private func setHost(_ host: String, _ connection: OpaquePointer) -> Bool {
        let isAddress = SocketAddress(literal: host, port: 0) != nil
        guard isAddress || relevo_send_name(connection, host) == 1 else { return false }
        guard case .authorities = verification else { return true }
        // The subject's name counts no more (RFC 9525 §2), and a wildcard stands for one whole label (§6.3).
        let flags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
        SSL_set_hostflags(connection, flags)
        guard isAddress else { return SSL_set1_host(connection, host) == 1 }
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host) == 1
    }
}
