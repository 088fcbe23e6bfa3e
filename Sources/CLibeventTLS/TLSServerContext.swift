// What a listener offers: certificates by name, protocols, tickets, and whether clients have to show a certificate.
// The functions that OpenSSL calls are in TLSServerContext+Callbacks.

public import CLibevent
import COpenSSL

/// The TLS settings of listeners. Immutable; any number of loops at once. To change something, make another: existing
/// connections keep theirs.
///
/// TLS 1.2 and 1.3 with the suites and groups that Mozilla calls intermediate, no renegotiation, no early data.
public final class TLSServerContext: Sendable {
    /// A certificate with what belongs to it.
    public struct Entry: Sendable {
        /// The certificate, its chain and its key.
        public let identity: TLSIdentity
        /// Names for which it is chosen; its own if nothing else was said.
        public let names: [String]
        /// A response of its authority (OCSP, DER) to be stapled; nil for none.
        public let stapled: [UInt8]?
        /// Until when that is sent, in seconds since 1970.
        public let stapledUntil: Int64

        /// Puts a certificate together with what belongs to it; nil for `names` takes those that it is for.
        public init(
            _ identity: TLSIdentity, names: [String]? = nil, stapled: [UInt8]? = nil, stapledUntil: Int64 = .max
        ) {
            self.identity = identity
            self.names = names ?? identity.certificate.names
            self.stapled = stapled
            self.stapledUntil = stapledUntil
        }
    }

    /// What clients have to show.
    public enum ClientCertificates: Sendable, Hashable {
        /// Nothing.
        case off
        /// A certificate if they have one. Any is taken: ``TLSFacts/Peer/distrust`` says whether it is to be believed.
        case requested(TLSAuthorities)
        /// A certificate that one of these has issued; the handshake fails without.
        case required(TLSAuthorities)
    }

    nonisolated(unsafe) private let raw: OpaquePointer
    let entries: [Entry]
    let names: ServerNames
    let ticketKeys: TicketKeys
    /// Places of stapled responses by their certificate's address.
    let stapled: [Int: Int]
    /// Names of protocols as they are sent, at an address that OpenSSL keeps.
    nonisolated(unsafe) let protocols: UnsafeMutableBufferPointer<UInt8>

    /// Makes a context. The first entry is for clients that ask for no name, or for one that nobody has.
    /// - Parameter protocols: names for ALPN, the preferred first (`h2`, `http/1.1`). A client that offers others only
    ///   is refused (RFC 7301 §3.2); without any, ALPN is not answered.
    public init(
        _ entries: [Entry], protocols: [String] = [], ticketKeys: TicketKeys = TicketKeys(),
        clientCertificates: ClientCertificates = .off
    ) throws(TLSError) {
        guard !entries.isEmpty else { throw .noIdentity }
        let wire = try ContextSettings.wire(protocols)
        raw = try ContextSettings.make(TLS_server_method())
        self.entries = entries
        self.ticketKeys = ticketKeys
        names = ServerNames(entries.map(\.names))
        stapled = Dictionary(
            entries.indices.filter { entries[$0].stapled != nil }.map {
                (Int(bitPattern: entries[$0].identity.leaf), $0)
            },
            uniquingKeysWith: { first, _ in first })
        self.protocols = .allocate(capacity: wire.count)
        _ = self.protocols.initialize(from: wire)
        // Tickets hold everything: there is nothing to be kept here.
        relevo_set_resumption_cache(raw, Int(SSL_SESS_CACHE_OFF))
        // Each connection leaves one for its successor; OpenSSL would send two.
        SSL_CTX_set_num_tickets(raw, 1)
        try setClientCertificates(clientCertificates)
        setCallbacks(raw)
    }

    deinit {
        SSL_CTX_free(raw)
        protocols.deallocate()
    }

    /// The layer of a connection that was accepted.
    public func makeConnection() throws(SystemError) -> TLSConnection {
        let connection = try TLSConnection(context: raw, owner: self)
        SSL_set_accept_state(connection.raw)
        return connection
    }

    private func setClientCertificates(_ wanted: ClientCertificates) throws(TLSError) {
        // A ticket is taken only where the same was asked of its client: else one could resume what it never showed.
        var mark = Array("relevo".utf8)
        switch wanted {
        case .off: break
        case .requested(let authorities):
            try believe(authorities, &mark)
            SSL_CTX_set_verify(raw, SSL_VERIFY_PEER) { _, _ in 1 }
        case .required(let authorities):
            mark.append(1)
            try believe(authorities, &mark)
            SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let status = EVP_Digest(mark, mark.count, &digest, &count, EVP_sha256(), nil)
        guard status == 1, SSL_CTX_set_session_id_context(raw, digest, count) == 1 else {
            throw .refused(OpenSSLErrors.takeWords())
        }
    }

    private func believe(_ authorities: TLSAuthorities, _ mark: inout [UInt8]) throws(TLSError) {
        try authorities.store().set(raw)
        mark.append(2)
        guard case .pem(let bytes, let revocations) = authorities else { return }
        mark += bytes + [3] + (revocations ?? [])
        let certificates = try PEM.certificates(bytes)
        for certificate in certificates {
            SSL_CTX_add_client_CA(raw, certificate)
            X509_free(certificate)
        }
    }
}
