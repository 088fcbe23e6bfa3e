// A client that speaks TLS, for one test and its thread: what it says, what it hears, and how it ends.
// It believes every server: whom to believe is tested in CLibeventTLSTests.

package import CLibevent
package import CLibeventTLS
import Foundation

/// One connection with a loop of its own, which turns while the client waits for something.
package final class SecureClient {
    /// What a client has beside its certificate.
    package static func context(_ identity: TLSIdentity? = nil) throws -> TLSClientContext {
        try TLSClientContext(.offTrustingAnyone, identity: identity)
    }

    private let loop: EventLoop
    private let layer: TLSConnection
    private let bufferevent: Bufferevent
    private var received: [UInt8] = []
    private var isConnected = false
    private var hasEnded = false
    /// Why the connection is unusable, if it is.
    package private(set) var failure: SystemError?

    /// Begins to connect; ``open()`` waits for the end of the handshake.
    package init(
        _ address: SocketAddress, as context: TLSClientContext? = nil, to name: String = "a.example"
    ) throws {
        SignalSource.ignore(SIGPIPE)
        loop = try EventLoop()
        layer = try (context ?? Self.context()).makeConnection(host: name, endpoint: address.description)
        bufferevent = try Bufferevent(loop: loop, connectingTo: address, layer: layer)
        bufferevent.onSignal = { [unowned self] signal in
            switch signal {
            case .connected: isConnected = true
            case .endOfStream: hasEnded = true
            case .failed(let error): failure = error
            }
        }
        bufferevent.onRead = { [unowned self] in
            let input = bufferevent.input
            input.appendPrefix(input.length, to: &received)
            input.drain(input.length)
        }
        bufferevent.startReading()
    }

    deinit { bufferevent.close() }

    /// Turns the loop until something holds.
    /// - Returns: false if it did not within ``Wire/patience``.
    @discardableResult
    package func wait(until condition: () -> Bool) -> Bool {
        let end = MonotonicTime.now + .seconds(Wire.patience)
        while !condition() {
            guard MonotonicTime.now < end else { return false }
            loop.runOnce()
            usleep(200)
        }
        return true
    }

    /// Waits for the end of the handshake; what has gone wrong, nil if it has succeeded. With TLS 1.3 the server may
    /// refuse later.
    package func open() -> SystemError? {
        wait { isConnected || failure != nil }
        return failure
    }

    /// Whether the connection goes on from an earlier one.
    package var isResumed: Bool { layer.facts.isResumed }

    /// Sends a text.
    package func send(_ text: String) { bufferevent.send(Array(text.utf8)) }

    /// Sends a GET and waits for its response, which must have a length.
    package func get(_ host: String, _ target: String = "/", _ fields: String...) throws -> RawResponse {
        send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
        return try response()
    }

    /// Waits for a response that has a length.
    package func response() throws -> RawResponse {
        wait { HTTPText.headLength(received) != nil || isOver }
        guard let length = HTTPText.headLength(received) else { throw failure ?? WireError.ended }
        let head = String(decoding: received.prefix(length), as: UTF8.self)
        let count = HTTPText.value(of: "Content-Length", in: head).flatMap { Int($0) } ?? 0
        wait { received.count >= length + count || isOver }
        let body = Array(received.dropFirst(length).prefix(count))
        received.removeFirst(min(received.count, length + count))
        return RawResponse(head: head, body: body, isComplete: body.count == count)
    }

    /// Whether nothing more can come.
    package var isOver: Bool { hasEnded || failure != nil }

    /// Ends the connection with a reset.
    package func reset() {
        bufferevent.close(.reset)
        // The socket is closed in a turn of its own.
        loop.runOnce()
    }
}
