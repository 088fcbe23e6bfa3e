// Listening sockets that pass from one end of a channel to the other, and what else may come instead.
// Not for what processes say to each other: that is tested with the program.

import CLibevent
import Foundation
import Testing

@Suite struct DescriptorChannelTests {
    private static let patience: Duration = .seconds(10)

    @Test("lines and sockets arrive in their order, more of them than fit in one message")
    func passing() throws {
        let (here, there) = try DescriptorChannel.pair()
        let sockets = try (0..<130).map { _ in try ListeningSocket(.loopback(port: 0), refuseIfTaken: false) }
        let path = ScratchPlace()
        let named = try ListeningSocket(.unix(path: path.path("s")), refuseIfTaken: true)
        try here.send(Array("before\n".utf8), within: Self.patience)
        try here.send(sockets + [named], within: Self.patience)
        try here.send(Array("\nafter\n".utf8), within: Self.patience)
        #expect(try there.receiveLine(within: Self.patience) == Array("before".utf8))
        let received = try there.receiveListeners(131, within: Self.patience)
        #expect(received.map(\.address) == sockets.map(\.address) + [named.address])
        #expect(received.allSatisfy { $0.sharesPort == ($0.address.port != nil) && !$0.takesBothFamilies })
        #expect(try there.receiveLine(within: Self.patience) == [])
        #expect(try there.receiveLine(within: Self.patience) == Array("after".utf8))
    }

    @Test("a socket is open for as long as one of the two has it, with those who wait in its queue")
    func lifetime() throws {
        let (here, there) = try DescriptorChannel.pair()
        var first: ListeningSocket? = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
        let address = try #require(first?.address)
        try here.send(try #require(first.map { [$0] }), within: Self.patience)
        let loop = try EventLoop()
        let client = try Bufferevent(loop: loop, connectingTo: address)
        #expect(serve(loop) { client.phase == .open })
        first = nil
        let received = try there.receiveListeners(1, within: Self.patience)
        let listener = try ConnectionListener(loop: loop, socket: received[0])
        var accepted = 0
        listener.onAccept = { _, _ in accepted += 1 }
        #expect(serve(loop) { accepted == 1 })
        listener.close()
        client.close()
        settle(loop)
    }

    @Test("an end that is closed, silence, and bytes that are no sockets are told from each other")
    func others() throws {
        var (here, there): (DescriptorChannel?, DescriptorChannel) = try DescriptorChannel.pair()
        #expect(throws: SystemError(ETIMEDOUT, in: .read)) { try there.receiveLine(within: .milliseconds(20)) }
        #expect(throws: SystemError(ETIMEDOUT, in: .read)) {
            try there.receiveListeners(1, within: .milliseconds(20))
        }
        try here?.send(Array("x".utf8), within: Self.patience)
        #expect(throws: SystemError(EPROTO, in: .read)) { try there.receiveListeners(1, within: Self.patience) }
        try here?.send(Array("half".utf8), within: Self.patience)
        here = nil
        #expect(try there.receiveLine(within: Self.patience) == nil)
        #expect(throws: SystemError(ECONNRESET, in: .read)) { try there.receiveListeners(1, within: Self.patience) }
        #expect(throws: SystemError(EPIPE, in: .write)) { try there.send([1], within: Self.patience) }
    }

    @Test("more sockets than were announced are refused")
    func tooMany() throws {
        let (here, there) = try DescriptorChannel.pair()
        let sockets = try (0..<2).map { _ in try ListeningSocket(.loopback(port: 0), refuseIfTaken: false) }
        try here.send(sockets, within: Self.patience)
        #expect(throws: SystemError(EPROTO, in: .read)) { try there.receiveListeners(1, within: Self.patience) }
    }

    @Test("sockets that come with a line are refused, and closed")
    func socketsWithALine() throws {
        let (here, there) = try DescriptorChannel.pair()
        var socket: ListeningSocket? = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
        let address = try #require(socket?.address)
        try here.send(try #require(socket.map { [$0] }), within: Self.patience)
        socket = nil
        #expect(throws: SystemError(EPROTO, in: .read)) { try there.receiveLine(within: Self.patience) }
        _ = try ListeningSocket(address, refuseIfTaken: true)
    }

    @Test("what is no listening socket is not taken for one, and is closed")
    func noListener() throws {
        let ends = try #require(openPair())
        #expect(ListeningSocket(inherited: ends.0) == nil)
        #expect(fcntl(ends.0, F_GETFD) == -1 && fcntl(ends.1, F_GETFD) >= 0)
        #expect(DescriptorChannel(inherited: -1) == nil)
        #expect(DescriptorChannel(inherited: 1 << 20) == nil)
        #expect(DescriptorChannel(inherited: ends.1) != nil)
        #expect(fcntl(ends.1, F_GETFD) == -1)
        let (sockets, others) = ServiceSockets.take(["LISTEN_PID": "1", "LISTEN_FDS": "3"])
        #expect(sockets.isEmpty && others == 0)
    }

    private func openPair() -> (Int32, Int32)? {
        var ends: [Int32] = [-1, -1]
        let status = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        return status == 0 ? (ends[0], ends[1]) : nil
    }
}
