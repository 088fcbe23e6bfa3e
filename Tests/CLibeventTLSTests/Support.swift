// Driving a loop with TLS connections on it, and remembering what they tell: what all tests of this target share.
// Certificates are made in Authority.swift; expectations are each test's own.

import CLibevent
import CLibeventTLS
import Foundation
import TestSupport
import Testing

/// Peers of these tests vanish on purpose; writing to them must not end the process.
private let pipeSignalIgnored: Void = SignalSource.ignore(SIGPIPE)

/// Serves `loop`, at least one turn, until `condition` holds; false if that takes longer than on any healthy machine.
func serve(_ loop: EventLoop, until condition: () -> Bool) -> Bool {
    let end = MonotonicTime.now + .seconds(10)
    repeat {
        guard MonotonicTime.now < end else { return false }
        loop.runOnce()
    } while !condition()
    return true
}

/// Serves so many turns that everything under way within this machine has arrived.
func settle(_ loop: EventLoop) {
    for _ in 0..<60 { loop.runOnce() }
}

/// A listener of loopback on a port that the system chose.
func loopbackListener(_ loop: EventLoop) throws -> ConnectionListener {
    pipeSignalIgnored
    return try ConnectionListener(
        loop: loop, socket: ListeningSocket(.loopback(port: 0), refuseIfTaken: true))
}

/// Bytes in which a part that is lost, doubled or misplaced shows.
func pattern(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0x2E, count: count)
    for (block, position) in stride(from: 0, to: count - 4, by: 509).enumerated() {
        bytes[position] = UInt8(truncatingIfNeeded: block)
        bytes[position + 1] = UInt8(truncatingIfNeeded: block >> 8)
    }
    return bytes
}

/// One side of a connection, with all that it tells.
final class End {
    let bufferevent: Bufferevent
    let layer: TLSConnection?
    private(set) var signals: [BuffereventSignal] = []
    private(set) var received: [UInt8] = []
    private(set) var arrivals = 0
    /// Whether received bytes are left in the input.
    var leavesInput = false

    init(_ bufferevent: Bufferevent, _ layer: TLSConnection?) {
        self.bufferevent = bufferevent
        self.layer = layer
        bufferevent.onSignal = { [unowned self] in signals.append($0) }
        bufferevent.onArrival = { [unowned self] bytes in
            guard !leavesInput else { return false }
            arrivals += 1
            received.append(bytes)
            return true
        }
        bufferevent.onRead = { [unowned self] in if !leavesInput { take() } }
        bufferevent.startReading()
    }

    func take() {
        let input = bufferevent.input
        input.appendPrefix(input.length, to: &received)
        input.drain(input.length)
    }

    func say(_ text: String) { bufferevent.send(Array(text.utf8)) }

    var text: String { String(decoding: received, as: UTF8.self) }
    var isOpen: Bool { bufferevent.phase == .open }
    var failure: SystemError? {
        for case .failed(let error) in signals { return error }
        return nil
    }
    var hasEnded: Bool { signals.contains(.endOfStream) }
}

/// Two ends on one loop, the server's one behind a listener.
final class Connection {
    let loop: EventLoop
    private let listener: ConnectionListener
    let client: End
    var server: End?

    init(
        _ server: TLSServerContext, _ client: TLSClientContext, host: String = "a.test", endpoint: String = "origin"
    ) throws {
        let loop = try EventLoop()
        self.loop = loop
        listener = try loopbackListener(loop)
        let layer = try client.makeConnection(host: host, endpoint: endpoint)
        self.client = End(
            try Bufferevent(loop: loop, connectingTo: listener.address, layer: layer), layer)
        listener.onAccept = { [unowned self] socket, _ in
            guard let layer = try? server.makeConnection(),
                let bufferevent = try? Bufferevent(loop: loop, socket: socket, layer: layer)
            else { return }
            self.server = End(bufferevent, layer)
        }
    }

    /// Serves until both are open; false if one of them fails.
    func open() -> Bool {
        let isOver = serve(loop) { (client.isOpen && server?.isOpen ?? false) || hasFailed }
        return isOver && !hasFailed
    }

    private var hasFailed: Bool { client.failure != nil || server?.failure != nil }

    /// Serves until both have told a failure or an end.
    func fail() -> Bool {
        serve(loop) {
            if client.failure != nil { client.bufferevent.close() }
            if server?.failure != nil { server?.bufferevent.close() }
            return client.failure != nil && (server.map { $0.failure != nil || $0.hasEnded } ?? false)
        }
    }
}

/// A peer that speaks no TLS, or only as far as the test says.
final class RawConnection {
    let loop: EventLoop
    private let listener: ConnectionListener
    let peer: Bufferevent
    var server: End?
    private(set) var hasPeerEnded = false

    init(_ context: TLSServerContext) throws {
        let loop = try EventLoop()
        self.loop = loop
        listener = try loopbackListener(loop)
        peer = try Bufferevent(loop: loop, connectingTo: listener.address)
        listener.onAccept = { [unowned self] socket, _ in
            guard let layer = try? context.makeConnection(),
                let bufferevent = try? Bufferevent(loop: loop, socket: socket, layer: layer)
            else { return }
            server = End(bufferevent, layer)
        }
        peer.onSignal = { [unowned self] signal in if signal != .connected { hasPeerEnded = true } }
        peer.onRead = { [unowned self] in peer.input.drain(peer.input.length) }
        peer.startReading()
    }
}

/// Knows an object without keeping it.
struct Remembered<Object: AnyObject> {
    private(set) weak var object: Object?

    init(_ object: Object?) { self.object = object }

    /// Whether the object has died.
    var isGone: Bool { object == nil }
}
