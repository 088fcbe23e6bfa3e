// A process without descriptors. Each test has a process of its own, because all tests of one share its descriptors.
// Not for other errors of accepting or connecting.

import CLibevent
import Foundation
import Testing

/// Takes all descriptors that the process may still open; releasing any of them gives one back.
func exhaustDescriptors() throws -> [ListeningSocket] {
    let socket = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
    var taken = [socket]
    // A bound for systems whose limit is in the billions: there the test fails and says so.
    while taken.count < 2_000_000, let another = try? socket.duplicate() { taken.append(another) }
    try #require(taken.count < 2_000_000)
    return taken
}

@Suite(.serialized) struct ExhaustionTests {
    @Test("out of descriptors a listener rests, says so once, and goes on by itself when there are some again")
    func rests() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let listener = try loopbackListener(loop)
            var troubles: [SystemError?] = []
            var accepted: [Bufferevent] = []
            listener.onTrouble = { troubles.append($0) }
            listener.onAccept = { socket, _ in
                if let end = try? Bufferevent(loop: loop, socket: socket) { accepted.append(end) }
            }
            let client = try Bufferevent(loop: loop, connectingTo: listener.address)
            var taken = try exhaustDescriptors()
            try #require(serve(loop) { client.phase == .open && !troubles.isEmpty })
            settle(loop)
            #expect(troubles.count == 1)
            #expect(troubles.first??.code == EMFILE)
            #expect(troubles.first??.call == .accept)
            #expect(listener.paused == [.exhausted])
            #expect(accepted.isEmpty)
            taken.removeAll()
            try #require(serve(loop) { !accepted.isEmpty })
            #expect(troubles.count == 2)
            #expect(troubles.last == .some(nil))
            #expect(listener.paused == [])
        }
    }

    @Test("while descriptors stay away the listener tries again and again, at its interval")
    func triesAgain() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let listener = try loopbackListener(loop)
            var times: [MonotonicTime] = []
            listener.onTrouble = { if $0 != nil { times.append(.now) } }
            let client = try Bufferevent(loop: loop, connectingTo: listener.address)
            let taken = try exhaustDescriptors()
            try #require(serve(loop) { times.count == 3 })
            #expect(times[2].nanoseconds(since: times[0]) > 150_000_000)
            #expect(taken.count > 0 && client.phase == .open)
        }
    }

    @Test("the end of the rest does not end a pause for another reason")
    func otherReason() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let listener = try loopbackListener(loop)
            var accepted = 0
            var isOver = false
            listener.onAccept = { _, _ in accepted += 1 }
            listener.onTrouble = { isOver = $0 == nil }
            let client = try Bufferevent(loop: loop, connectingTo: listener.address)
            var taken = try exhaustDescriptors()
            try #require(serve(loop) { listener.paused == [.exhausted] })
            listener.pause(.full)
            taken.removeAll()
            try #require(serve(loop) { isOver })
            settle(loop)
            #expect(listener.paused == [.full])
            #expect(accepted == 0)
            #expect(client.phase == .open)
        }
    }

    @Test("a listener may be closed by the very news of trouble, and stays silent")
    func closeInTrouble() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var listener: ConnectionListener? = try loopbackListener(loop)
            let remembered = Remembered(listener)
            let address = try #require(listener?.address)
            var troubles = 0
            listener?.onTrouble = { _ in
                troubles += 1
                listener?.close()
                listener = nil
            }
            let client = try Bufferevent(loop: loop, connectingTo: address)
            let taken = try exhaustDescriptors()
            try #require(serve(loop) { troubles > 0 })
            settle(loop)
            #expect(troubles == 1)
            #expect(remembered.isGone)
            #expect(taken.count > 0 && client.phase != .closed)
        }
    }

    @Test(
        "a listener may be closed and let go of by the news that the trouble is over")
    func closeAfterTrouble() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var listener: ConnectionListener? = try loopbackListener(loop)
            let address = try #require(listener?.address)
            listener?.onTrouble = { error in
                guard error == nil else { return }
                listener?.close()
                listener = nil
            }
            let client = try Bufferevent(loop: loop, connectingTo: address)
            let taken = try exhaustDescriptors()
            try #require(serve(loop) { listener == nil })
            settle(loop)
            #expect(taken.count > 0 && client.phase != .closed)
        }
    }

    @Test("what needs a descriptor throws when there is none, and works when there is")
    func throwing() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let listener = try loopbackListener(loop)
            var taken = try exhaustDescriptors()
            for attempt in Attempt.allCases { #expect(attempt.errorCode(loop, listener.address) == EMFILE) }
            taken.removeAll()
            for attempt in Attempt.allCases { #expect(attempt.errorCode(loop, listener.address) == nil) }
        }
    }
}

/// What needs a descriptor of its own.
private enum Attempt: CaseIterable {
    case connection, listeningSocket, mailbox

    /// The code of the error that the attempt ends with.
    func errorCode(_ loop: EventLoop, _ address: SocketAddress) -> Int32? {
        CLibeventTests.errorCode {
            switch self {
            case .connection: _ = try Bufferevent(loop: loop, connectingTo: address)
            case .listeningSocket: _ = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
            case .mailbox: _ = try LoopMailbox<Int>()
            }
        }
    }
}
