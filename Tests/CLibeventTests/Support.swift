// Driving a loop, connected ends and remembered objects: what all tests of this target share.
// Not for expectations: each test states its own.

import CLibevent
import Foundation
import Testing

/// Peers of these tests vanish on purpose; writing to them must not end the process.
private let pipeSignalIgnored: Void = SignalSource.ignore(SIGPIPE)

/// Serves `loop`, at least one turn, until `condition` holds; false if that takes longer than on any healthy machine.
func serve(_ loop: EventLoop, until condition: () -> Bool) -> Bool {
    let end = MonotonicTime.now + .seconds(30)
    repeat {
        guard MonotonicTime.now < end else { return false }
        loop.runOnce()
    } while !condition()
    return true
}

/// Serves so many turns that everything under way within this machine has arrived.
func settle(_ loop: EventLoop) {
    for _ in 0..<30 { loop.runOnce() }
}

/// A listener of loopback on a port that the system chose.
func loopbackListener(_ loop: EventLoop) throws -> ConnectionListener {
    try listener(on: .loopback(port: 0), loop)
}

/// A listener whose port no other test in this process gets once it is closed.
func lonelyListener(_ loop: EventLoop) throws -> ConnectionListener {
    try listener(on: .ipv4(address: 0x7F53_0106, port: 0), loop)
}

private func listener(on address: SocketAddress, _ loop: EventLoop) throws -> ConnectionListener {
    pipeSignalIgnored
    return try ConnectionListener(loop: loop, socket: ListeningSocket(address, refuseIfTaken: true))
}

/// Two ends of one TCP connection on one loop; neither reads yet.
func connectedSockets(_ loop: EventLoop) throws -> (client: Bufferevent, server: Bufferevent) {
    let listener = try loopbackListener(loop)
    defer { listener.close() }
    var server: Bufferevent?
    listener.onAccept = { socket, _ in server = try? Bufferevent(loop: loop, socket: socket) }
    let client = try Bufferevent(loop: loop, connectingTo: listener.address)
    try #require(serve(loop) { client.phase == .open && server != nil })
    return (client, try #require(server))
}

/// All bytes of a buffer, left where they are.
func bytes(of buffer: Evbuffer) -> [UInt8] {
    var copy: [UInt8] = []
    buffer.copyPrefix(buffer.length, into: &copy)
    return copy
}

/// All bytes of a buffer as text, left where they are.
func text(of buffer: Evbuffer) -> String { String(decoding: bytes(of: buffer), as: UTF8.self) }

/// A buffer whose contents lie in one segment for each of `parts`.
func segmented(_ parts: String...) throws -> Evbuffer {
    let buffer = try Evbuffer()
    for part in parts {
        let segment = try Evbuffer()
        segment.append(part)
        segment.move(segment.length, to: buffer)
    }
    return buffer
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

/// Knows an object without keeping it.
struct Remembered<Object: AnyObject> {
    private(set) weak var object: Object?

    init(_ object: Object?) { self.object = object }

    /// Whether the object has died.
    var isGone: Bool { object == nil }
}

/// Something that closures may keep.
final class Token: Sendable {}

/// A directory that nobody else uses, removed with its contents when the value's owner lets go of it.
final class ScratchDirectory {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "r-\(UUID().uuidString.prefix(13))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// The path of `name` in the directory, which need not exist.
    func path(_ name: String) -> String { directory.appending(path: name).path }
}

/// Runs `body` and gives the code of the system error that it throws; nil if it throws nothing of the kind.
func errorCode(_ body: () throws -> Void) -> Int32? {
    do {
        try body()
        return nil
    } catch {
        return (error as? SystemError)?.code
    }
}
