// A small HTTP server on libevent's evhttp, for demonstrations and tests: an origin, not a proxy. Relevo's own data
// plane does not use it.

import CEvent2
public import CLibevent

/// A request as evhttp hands it over.
public struct EvhttpRequest: Sendable {
    /// The method, `GET`.
    public let method: String
    /// The target, `/a?b=c`.
    public let target: String
    /// The fields in order.
    public let fields: [(name: String, value: String)]
    /// The body.
    public let body: [UInt8]

    /// The value of the first field of this name, in any case.
    public func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// An answer for evhttp to send.
public struct EvhttpReply: Sendable {
    /// The status.
    public var status: Int
    /// Fields besides those that evhttp adds (Date, Content-Length, Connection).
    public var fields: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// Creates an answer with a text.
    public init(status: Int = 200, fields: [(name: String, value: String)] = [], body: String) {
        self.status = status
        self.fields = fields
        self.body = Array(body.utf8)
    }
}

/// An HTTP/1.1 server on a loop (`evhttp`). Confined to the loop's thread.
public final class EvhttpServer {
    /// Where it listens, with the real port.
    public let address: SocketAddress

    private var server: OpaquePointer?
    private let loop: EventLoop
    private let onRequest: (EvhttpRequest) -> EvhttpReply

    /// Begins to serve on 127.0.0.1; port 0 lets the system choose.
    public init(
        loop: EventLoop, port: UInt16, onRequest: @escaping (EvhttpRequest) -> EvhttpReply
    ) throws(SystemError) {
        guard let server = evhttp_new(loop.rawBase) else { throw SystemError(12, in: .http) }
        guard let socket = evhttp_bind_socket_with_handle(server, "127.0.0.1", port) else {
            let error = SystemError.current(in: .bind)
            evhttp_free(server)
            throw error
        }
        address = SocketAddress.local(of: evhttp_bound_socket_get_fd(socket)) ?? .loopback(port: port)
        self.server = server
        self.loop = loop
        self.onRequest = onRequest
        evhttp_set_allowed_methods(server, .max)
        evhttp_set_gencb(server, serve, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { close() }

    /// Stops serving. Idempotent.
    public func close() {
        if let server { evhttp_free(server) }
        server = nil
    }

    fileprivate func answer(_ request: OpaquePointer) {
        let reply = onRequest(EvhttpRequest(request))
        let headers = evhttp_request_get_output_headers(request)
        for (name, value) in reply.fields { evhttp_add_header(headers, name, value) }
        guard let body = evbuffer_new() else {
            evhttp_send_error(request, 500, nil)
            return
        }
        reply.body.withUnsafeBytes { _ = evbuffer_add(body, $0.baseAddress, $0.count) }
        evhttp_send_reply(request, Int32(reply.status), nil, body)
        evbuffer_free(body)
    }
}

extension EvhttpRequest {
    fileprivate init(_ request: OpaquePointer) {
        method = Self.name(of: evhttp_request_get_command(request))
        target = evhttp_request_get_uri(request).map { String(cString: $0) } ?? ""
        var fields: [(name: String, value: String)] = []
        var entry = evhttp_request_get_input_headers(request)?.pointee.tqh_first
        while let field = entry {
            fields.append((String(cString: field.pointee.key), String(cString: field.pointee.value)))
            entry = field.pointee.next.tqe_next
        }
        self.fields = fields
        let input = evhttp_request_get_input_buffer(request)
        var bytes = [UInt8](repeating: 0, count: input.map { evbuffer_get_length($0) } ?? 0)
        _ = bytes.withUnsafeMutableBytes { evbuffer_copyout(input, $0.baseAddress, $0.count) }
        body = bytes
    }

    private static func name(of command: evhttp_cmd_type) -> String {
        switch command {
        case EVHTTP_REQ_GET: "GET"
        case EVHTTP_REQ_POST: "POST"
        case EVHTTP_REQ_HEAD: "HEAD"
        case EVHTTP_REQ_PUT: "PUT"
        case EVHTTP_REQ_DELETE: "DELETE"
        case EVHTTP_REQ_OPTIONS: "OPTIONS"
        case EVHTTP_REQ_PATCH: "PATCH"
        default: "OTHER"
        }
    }
}

private func serve(_ request: OpaquePointer?, context: UnsafeMutableRawPointer?) {
    guard let request, let context else { return }
    let server = Unmanaged<EvhttpServer>.fromOpaque(context).takeUnretainedValue()
    withExtendedLifetime(server) { server.answer(request) }
}

@available(*, unavailable)
extension EvhttpServer: Sendable {}
