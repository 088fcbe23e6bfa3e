// What OpenSSL asks a server amid a handshake: certificate, protocol, stapled response, keys of tickets.
// Nothing here changes the context: many loops ask at once.

import COpenSSL
import Glibc

extension TLSServerContext {
    /// Has OpenSSL ask this object, which every connection keeps alive.
    func setCallbacks(_ raw: OpaquePointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        SSL_CTX_set_ex_data(raw, 0, context)
        SSL_CTX_set_cert_cb(raw, chooseCertificates, context)
        relevo_set_status_callback(raw, staple, context)
        SSL_CTX_set_tlsext_ticket_key_evp_cb(raw, protectTicket)
        // A name is acknowledged even if it is nobody's: the default serves it.
        relevo_set_name_callback(raw, { _, _, _ in SSL_TLSEXT_ERR_OK }, nil)
        if !protocols.isEmpty { SSL_CTX_set_alpn_select_cb(raw, chooseProtocol, context) }
    }

    /// Gives a connection the certificates for its name; OpenSSL chooses among them by what the client supports.
    fileprivate func setCertificates(_ connection: OpaquePointer) -> Bool {
        let name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name)
        let places = name.map { name in
            let count = strlen(name)
            return name.withMemoryRebound(to: UInt8.self, capacity: count) {
                names.select(UnsafeBufferPointer(start: $0, count: count))
            }
        }
        // Of two with keys of one kind the last stays, so the first is set last.
        for place in (places ?? names.select(nil)).reversed() {
            let identity = entries[place].identity
            guard SSL_use_cert_and_key(connection, identity.leaf, identity.key, identity.chain, 1) == 1 else {
                return false
            }
        }
        return true
    }

    fileprivate func addStapled(_ connection: OpaquePointer) -> Int32 {
        guard let leaf = SSL_get_certificate(connection), let place = stapled[Int(bitPattern: leaf)],
            let response = entries[place].stapled, Int64(time(nil)) < entries[place].stapledUntil,
            let copy = relevo_copy(response, response.count)
        else { return SSL_TLSEXT_ERR_NOACK }
        relevo_set_status(connection, copy, response.count)
        return SSL_TLSEXT_ERR_OK
    }
}

private func server(_ context: UnsafeMutableRawPointer?) -> TLSServerContext? {
    context.map { Unmanaged<TLSServerContext>.fromOpaque($0).takeUnretainedValue() }
}

private func chooseCertificates(_ connection: OpaquePointer?, _ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let connection, let server = server(context) else { return 0 }
    return server.setCertificates(connection) ? 1 : 0
}

private func staple(_ connection: OpaquePointer?, _ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let connection, let server = server(context) else { return SSL_TLSEXT_ERR_NOACK }
    return server.addStapled(connection)
}

private func chooseProtocol(
    _: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,  // tidy: OpenSSL's signature
    _ length: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ count: UInt32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let server = server(context), let chosen, let length else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    var place: UnsafeMutablePointer<UInt8>?
    let outcome = SSL_select_next_proto(
        &place, length, server.protocols.baseAddress, UInt32(server.protocols.count), offered, count)
    guard outcome == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    chosen.pointee = place.map { UnsafePointer($0) }
    return SSL_TLSEXT_ERR_OK
}

private func protectTicket(
    _ connection: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?,  // tidy: OpenSSL's signature
    _ start: UnsafeMutablePointer<UInt8>?, _ encryption: OpaquePointer?, _ authentication: OpaquePointer?,
    _ isNew: Int32
) -> Int32 {
    guard let context = SSL_get_SSL_CTX(connection), let server = server(SSL_CTX_get_ex_data(context, 0)),
        let name, let start
    else { return -1 }
    return isNew == 1
        ? server.ticketKeys.seal(name, start, encryption, authentication)
        : server.ticketKeys.open(name, start, encryption, authentication)
}
