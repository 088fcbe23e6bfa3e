// Two connected ends on which everything happens at once, and the ways in which one of them can end amid its own
// callbacks. The expectations are in LifetimeTests.

import CLibevent
import Testing

/// A way to end a bufferevent at a moment of its life.
struct Scene: Sendable, CustomTestStringConvertible {
    enum Flavour: Sendable, CaseIterable { case pair, socket }
    enum Moment: Sendable, CaseIterable { case read, written, signal }
    enum Way: Sendable, CaseIterable { case close, closeTwice, reset, retire, release, closeBoth, closePeer }

    var flavour: Flavour
    var moment: Moment
    var way: Way

    var testDescription: String { "\(flavour), \(moment), \(way)" }

    static let all: [Scene] = Flavour.allCases.flatMap { flavour in
        Moment.allCases.flatMap { moment in
            Way.allCases.map { Scene(flavour: flavour, moment: moment, way: $0) }
        }
    }
}

/// Plays a scene: the subject's bytes leave while its peer sends, shuts down and reads.
final class Stage {
    private let scene: Scene
    let loop: EventLoop
    var subject: Bufferevent?
    var peer: Bufferevent?
    private(set) var isOver = false
    /// Callbacks of an end that had been ended before.
    private(set) var lateCalls = 0
    private var isPeerClosed = false

    init(_ scene: Scene) throws {
        self.scene = scene
        loop = try EventLoop()
        switch scene.flavour {
        case .pair: (subject, peer) = try Bufferevent.pair(loop: loop)
        case .socket: (subject, peer) = try connectedSockets(loop)
        }
        subject?.onRead = { [unowned self] in called(.read) }
        subject?.onWritten = { [unowned self] in called(.written) }
        subject?.onSignal = { [unowned self] _ in called(.signal) }
        peer?.onRead = { [unowned self] in peerCalled() }
        peer?.onWritten = { [unowned self] in peerCalled() }
        peer?.onSignal = { [unowned self] _ in peerCalled() }
    }

    /// Makes all callbacks of the subject due.
    func play() {
        subject?.startReading()
        subject?.output.append([UInt8](repeating: 1, count: 8 << 20))
        subject?.flush()
        peer?.startReading()
        peer?.output.append("bytes")
        peer?.flush()
        peer?.shutdownOutput()
    }

    private func called(_ moment: Scene.Moment) {
        if isOver, scene.way != .closePeer { lateCalls += 1 }
        guard moment == scene.moment, !isOver else { return }
        isOver = true
        end()
    }

    private func peerCalled() {
        if isPeerClosed { lateCalls += 1 }
        if let input = peer?.input { input.drain(input.length) }
    }

    private func end() {
        switch scene.way {
        case .close: subject?.close()
        case .closeTwice:
            subject?.close()
            subject?.close(.reset)
        case .reset: subject?.close(.reset)
        case .retire: subject?.retire()
        case .release: break
        case .closeBoth:
            subject?.close()
            closePeer()
        case .closePeer: closePeer()
        }
        if scene.way != .closePeer { subject = nil }
    }

    private func closePeer() {
        isPeerClosed = true
        peer?.close()
        peer = nil
    }
}
