// What stands between a socket and the buffers of a bufferevent: the contract that encryption has to keep.
// Not an implementation: TLS is CLibeventTLS' matter.

import CEvent2

/// Encrypts what a connection sends and decrypts what it receives. One for each connection, on its loop's thread.
///
/// A ``Bufferevent`` owns its layer and asks it; the layer calls nobody. It reads and writes the socket itself, never
/// waits, and says for what the bufferevent has to wait instead. After a failure it repeats that failure.
public protocol TransportLayer: AnyObject {
    /// The socket is connected; nothing is sent yet. The descriptor stays the bufferevent's.
    func start(on descriptor: Int32)

    /// Goes on with the handshake as far as the socket allows.
    func handshake() -> TransportStep

    /// Decrypts what there is, until the memory is full, and moves each byte at most once.
    func read(into memory: UnsafeMutableRawBufferPointer) -> TransportRead

    /// Encrypts and sends up to ``TransportWrite/mostAtOnce`` bytes. What could not be sent is offered again: the same
    /// bytes at another place perhaps, with others behind them perhaps.
    func write(_ bytes: UnsafeRawBufferPointer, then following: TransportWrite.Following) -> TransportWrite

    /// Sends what was encrypted and has not left yet; ``TransportStep/needsWriting`` if not all of it went.
    func flush() -> TransportStep

    /// Bytes that were encrypted and have not left yet.
    var unsent: Int { get }

    /// Whether ``read(into:)`` has something to tell although the socket is silent.
    var holdsUnread: Bool { get }

    /// Whether there are neither bytes for the owner nor an end; asks the socket, and takes what is for the layer only.
    var isQuiet: Bool { get }

    /// Tells the peer that nothing more will come, everything having been sent.
    func endOutput() -> TransportStep

    /// The connection ends now, the socket being still open: takes leave of the peer, without waiting, if the ending is
    /// orderly, and does not if bytes were left unsent.
    func end(_ ending: Bufferevent.Ending)
}

extension TransportLayer {
    /// Nothing is kept.
    public func flush() -> TransportStep { .done }
    /// Nothing is kept.
    public var unsent: Int { 0 }
}

/// What a step that brings no bytes came to.
public enum TransportStep: Sendable {
    /// Nothing of it is left to be done.
    case done
    /// Once more when the socket can be read.
    case needsReading
    /// Once more when the socket can be written.
    case needsWriting
    /// The connection is unusable.
    case failed(SystemError)
}

/// What a read came to.
public struct TransportRead: Sendable {
    /// Why no more bytes were read.
    public enum Stop: Sendable {
        /// The memory is full; there may be more.
        case full
        /// There is nothing more at the moment.
        case drained
        /// Nothing comes before something has been written: once more when the socket can be written.
        case needsWriting
        /// The peer has taken leave. Told again by the next read.
        case ended
        /// The connection is unusable, or was cut off (``SystemError/truncated``). Told again by the next read.
        case failed(SystemError)
    }

    /// Bytes that were read, whatever stopped it then.
    public let count: Int
    /// Why there are no more.
    public let stop: Stop

    /// Creates the outcome of a read.
    public init(count: Int, stop: Stop) {
        self.count = count
        self.stop = stop
    }
}

/// What a write came to.
public enum TransportWrite: Sendable {
    /// So many bytes were taken; none of them is offered again.
    case wrote(Int)
    /// Once more when the socket can be written, with the same bytes.
    case needsWriting
    /// Nothing more can be sent.
    case failed(SystemError)

    /// Bytes that are offered at a time at most.
    public static var mostAtOnce: Int { 16 * 1024 }

    /// What the caller will do next.
    public enum Following: Sendable {
        /// Nobody knows.
        case unknown
        /// It goes on at once with more bytes, or with ``TransportLayer/flush()``: the layer may keep these until then.
        case more
        /// It ends the output at once, so that both may leave in one packet.
        case end
    }
}

/// What a bufferevent has beside it when it has a layer.
final class Layering {
    /// How far the connection is before it is open.
    enum Stage { case connecting, handshaking, open }

    let layer: any TransportLayer
    var stage: Stage
    /// What has to leave before the layer starts.
    var preface: [UInt8] = []
    /// Tells that the socket can be written.
    var writeEvent: UnsafeMutablePointer<event>?
    /// Tells, in a later turn, what cannot be told at once or what the silent socket does not tell.
    var laterEvent: UnsafeMutablePointer<event>?
    /// A failed write that is to be told in a later turn.
    var failure: SystemError?
    /// Bytes that the layer has taken a look at but not sent.
    var offered = 0
    /// When the last record of several was sent; nil before the first.
    var lastRecord: MonotonicTime?
    /// Whether reading goes on when the socket can be written.
    var readsWhenWritable = false
    /// Whether the output is to be ended when the socket can be written.
    var endsWhenWritable = false

    init(_ layer: any TransportLayer, stage: Stage) {
        self.layer = layer
        self.stage = stage
    }

    func freeEvents() {
        if let writeEvent { event_free(writeEvent) }
        if let laterEvent { event_free(laterEvent) }
        (writeEvent, laterEvent) = (nil, nil)
    }
}
