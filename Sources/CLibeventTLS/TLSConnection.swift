// One TLS connection: OpenSSL between a bufferevent's buffers and its socket.
// Contexts say what is allowed; what happened is in TLSFacts.

public import CLibevent
import COpenSSL
import Glibc

/// The TLS layer of one ``Bufferevent``. Made by a context for one connection, used on one loop.
public final class TLSConnection: TransportLayer {
    let raw: OpaquePointer
    private let state: UnsafeMutablePointer<SocketState>
    /// Keeps what OpenSSL's callbacks are given.
    private let context: AnyObject
    /// Where a client keeps what the server gives it for the next time.
    let resumption: Resumption?
    private var readStop: TransportRead.Stop?
    private var failure: SystemError?
    /// Whether OpenSSL may have bytes that the socket will not tell of.
    private var mayHold = false
    private var hasRead = false
    private var isOpen = false
    /// Whether close_notify has been sent, or is kept.
    private var hasTakenLeave = false

    /// Where a client's ticket belongs.
    struct Resumption {
        let cache: ResumptionCache
        let key: String
    }

    init(context raw: OpaquePointer, owner: AnyObject, resumption: Resumption? = nil) throws(SystemError) {
        OpenSSLErrors.clear()
        guard let made = SSL_new(raw) else { throw SystemError(ENOMEM, in: .handshake) }
        state = .allocate(capacity: 1)
        state.initialize(to: SocketState())
        self.raw = made
        self.resumption = resumption
        context = owner
        guard let bio = SocketBIO.make(state) else { throw SystemError(ENOMEM, in: .handshake) }
        SSL_set_bio(made, bio, bio)
        SSL_set_ex_data(made, 0, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        SSL_free(raw)
        state.pointee.forget()
        state.deallocate()
    }

    /// The connection that a callback of OpenSSL is about. It lives as long as OpenSSL's own object.
    static func of(_ raw: OpaquePointer?) -> TLSConnection? {
        SSL_get_ex_data(raw, 0).map { Unmanaged<TLSConnection>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Setting up

    /// Takes the socket's descriptor, which stays the bufferevent's.
    public func start(on descriptor: Int32) { state.pointee.descriptor = descriptor }

    /// Goes on with the handshake. The words of a failure are those of OpenSSL, of the check of the certificate, or of
    /// the peer's alert.
    public func handshake() -> TransportStep {
        if let failure { return .failed(failure) }
        beginReading()
        state.pointee.isGathering = true
        let result = SSL_do_handshake(raw)
        state.pointee.isGathering = false
        let error = SSL_get_error(raw, result)
        state.pointee.sendKept()
        if result == 1 {
            isOpen = true
            mayHold = SSL_has_pending(raw) == 1
            return .done
        }
        switch error {
        case SSL_ERROR_WANT_READ where state.pointee.code == 0:
            return state.pointee.unsent > 0 ? .needsWriting : .needsReading
        case SSL_ERROR_WANT_WRITE where state.pointee.code == 0: return .needsWriting
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            return failed(SystemError(state.pointee.code, in: .handshake))
        case SSL_ERROR_SYSCALL where state.pointee.code != 0:
            return failed(SystemError(state.pointee.code, in: .handshake))
        case SSL_ERROR_SYSCALL: return failed(SystemError(protocol: "the peer ended the connection", in: .handshake))
        default: return failed(SystemError(protocol: takeWords(), in: .handshake))
        }
    }

    private func failed(_ error: SystemError) -> TransportStep {
        failure = error
        return .failed(error)
    }

    // MARK: Reading

    private func beginReading() {
        OpenSSLErrors.clear()
        state.pointee.isDrained = false
        state.pointee.receivesLeft = SocketBIO.receives
    }

    /// Decrypts records until the memory is full or the socket empty.
    public func read(into memory: UnsafeMutableRawBufferPointer) -> TransportRead {
        if let readStop { return TransportRead(count: 0, stop: readStop) }
        guard let start = memory.baseAddress else { return TransportRead(count: 0, stop: .full) }
        beginReading()
        mayHold = false
        var count = 0
        while count < memory.count {
            let result = SSL_read(raw, start + count, Int32(clamping: memory.count - count))
            guard result > 0 else { return TransportRead(count: count, stop: stop(for: result, after: count)) }
            count += Int(result)
            hasRead = true
            // Another call would find nothing: the socket has just said so.
            if state.pointee.isDrained, SSL_has_pending(raw) == 0 { return TransportRead(count: count, stop: .drained) }
        }
        mayHold = SSL_has_pending(raw) == 1
        return TransportRead(count: count, stop: .full)
    }

    /// Why a read has brought nothing. Ends and failures are kept: OpenSSL may tell something else next time.
    private func stop(for result: Int32, after count: Int) -> TransportRead.Stop {
        let stop: TransportRead.Stop
        switch SSL_get_error(raw, result) {
        case SSL_ERROR_WANT_READ: return .drained
        case SSL_ERROR_WANT_WRITE: return .needsWriting
        case SSL_ERROR_ZERO_RETURN: stop = .ended
        case SSL_ERROR_SYSCALL where state.pointee.code != 0:
            stop = .failed(SystemError(state.pointee.code, in: .read))
        case SSL_ERROR_SYSCALL: stop = .failed(.truncated)
        default:
            let call: StaticCallName = isRefusal ? .handshake : .read
            stop = .failed(SystemError(protocol: takeWords(), in: call))
        }
        readStop = stop
        mayHold = count > 0
        return stop
    }

    /// Whether a read would bring bytes, an end or a failure without the socket.
    public var holdsUnread: Bool { mayHold }

    /// Whether neither bytes nor an end have come. Takes tickets and new keys from the socket: they are not the
    /// owner's.
    public var isQuiet: Bool {
        guard readStop == nil else { return false }
        beginReading()
        var byte: UInt8 = 0
        let result = SSL_peek(raw, &byte, 1)
        guard result <= 0 else {
            mayHold = true
            return false
        }
        switch stop(for: result, after: 1) {
        case .drained: return true
        case .full, .needsWriting, .ended, .failed: return false
        }
    }

    // MARK: Writing

    /// Bytes that were encrypted and have not left yet.
    public var unsent: Int { state.pointee.unsent }

    /// Sends what was encrypted and has not left yet.
    public func flush() -> TransportStep {
        if let failure { return .failed(failure) }
        guard state.pointee.unsent > 0 else { return .done }
        state.pointee.sendKept()
        guard state.pointee.code == 0 else { return failed(SystemError(state.pointee.code, in: .write)) }
        return state.pointee.unsent > 0 ? .needsWriting : .done
    }

    /// Encrypts one record and sends it, or keeps it to be sent with what follows.
    public func write(_ bytes: UnsafeRawBufferPointer, then following: TransportWrite.Following) -> TransportWrite {
        if let failure { return .failed(failure) }
        guard !bytes.isEmpty else { return .wrote(0) }
        OpenSSLErrors.clear()
        state.pointee.isGathering = following == .more
        if following == .end { state.pointee.sendFlags = SocketBIO.lastFlags }
        defer {
            state.pointee.isGathering = false
            state.pointee.sendFlags = SocketBIO.sendFlags
        }
        let result = SSL_write(raw, bytes.baseAddress, Int32(clamping: min(bytes.count, TransportWrite.mostAtOnce)))
        guard result <= 0 else {
            // What was kept of it is lost; an error of the system comes only once.
            if state.pointee.code != 0 { failure = SystemError(state.pointee.code, in: .write) }
            return failure.map { .failed($0) } ?? .wrote(Int(result))
        }
        switch SSL_get_error(raw, result) {
        case SSL_ERROR_WANT_WRITE: return .needsWriting
        case SSL_ERROR_SYSCALL where state.pointee.code != 0:
            failure = SystemError(state.pointee.code, in: .write)
        default: failure = SystemError(protocol: takeWords(), in: .write)
        }
        return .failed(failure ?? SystemError(EPIPE, in: .write))
    }

    /// Sends close_notify (RFC 8446 §6.1). The peer may go on sending.
    public func endOutput() -> TransportStep {
        guard isOpen, failure == nil else { return .done }
        guard !hasTakenLeave else { return flush() }
        OpenSSLErrors.clear()
        let result = SSL_shutdown(raw)
        // OpenSSL counts it as sent before it is: then it has to be asked again.
        guard result >= 0 || SSL_get_error(raw, result) != SSL_ERROR_WANT_WRITE else { return .needsWriting }
        hasTakenLeave = true
        // A failure is the peer's, who is told nothing then.
        return result >= 0 && state.pointee.unsent > 0 ? .needsWriting : .done
    }

    /// Sends close_notify if the ending is orderly and the socket takes it.
    public func end(_ ending: Bufferevent.Ending) {
        switch ending {
        case .orderly: _ = endOutput()
        case .reset: break
        }
        OpenSSLErrors.clear()
        isOpen = false
        // OpenSSL may be asked no more: the descriptor is somebody else's soon.
        readStop = .ended
        failure = SystemError(EPIPE, in: .write)
        state.pointee.descriptor = -1
        state.pointee.forget()
    }

    /// Whether the peer refuses the handshake after the fact: with TLS 1.3 a client is connected before the server has
    /// looked at its certificate. Such a server has read nothing of what was sent.
    private var isRefusal: Bool {
        guard resumption != nil, !hasRead else { return false }
        let code = ERR_peek_error()
        let alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET
        return ERR_GET_LIB(code) == ERR_LIB_SSL && Self.refusals.contains(alert)
    }

    /// What a server says of a certificate, or of its absence (RFC 8446 §6.2).
    private static let refusals: Set<Int32> = [
        SSL_AD_HANDSHAKE_FAILURE, SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
        SSL_AD_CERTIFICATE_EXPIRED, SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA, SSL_AD_ACCESS_DENIED,
        SSL_AD_CERTIFICATE_REQUIRED,
    ]

    // MARK: Words

    /// What has gone wrong, in words for an operator; forgets OpenSSL's own list.
    private func takeWords() -> String {
        let code = OpenSSLErrors.take()
        let reason = ERR_GET_REASON(code)
        guard ERR_GET_LIB(code) == ERR_LIB_SSL else { return OpenSSLErrors.words(code) }
        if reason > SSL_AD_REASON_OFFSET {
            let alert = reason - SSL_AD_REASON_OFFSET
            // OpenSSL 3.0 has no words for this one of TLS 1.3 (RFC 8446 §6.2).
            let isMissing = alert == SSL_AD_CERTIFICATE_REQUIRED
            let words = isMissing ? "certificate required" : String(cString: SSL_alert_desc_string_long(alert))
            return "the peer refuses: \(words)"
        }
        switch reason {
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            return String(cString: X509_verify_cert_error_string(SSL_get_verify_result(raw)))
        case SSL_R_WRONG_VERSION_NUMBER: return "what the peer sends is no TLS that is spoken here"
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: return Self.plainHTTP
        default: return OpenSSLErrors.words(code)
        }
    }
}

extension TLSConnection {
    /// What ``SystemError/words`` say of a client that speaks HTTP without TLS: it can be answered in that language.
    public static let plainHTTP = "plain HTTP instead of TLS"
}

@available(*, unavailable)
extension TLSConnection: Sendable {}
