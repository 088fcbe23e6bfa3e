// Opening connections: success, refusal, and what is written before either is known.
// Not for the ends of open ones: those are in EndingTests.

import CLibevent
import Foundation
import Testing

@Suite struct ConnectTests {
    /// Addresses of loopback where something listens, and where nothing does any more. No other test uses their hosts.
    private func refusingAddress() throws -> SocketAddress {
        let host = SocketAddress.ipv4(address: 0x7F53_0102, port: 0)
        return try ListeningSocket(host, refuseIfTaken: true).address
    }

    @Test("a connection that opens says so once, and is open by then")
    func opens() throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        let client = try Bufferevent(loop: loop, connectingTo: listener.address)
        #expect(client.phase == .connecting)
        #expect(client.fileDescriptor >= 0)
        var signals: [BuffereventSignal] = []
        var phase: Bufferevent.Phase?
        client.onSignal = { [unowned client] signal in
            signals.append(signal)
            phase = client.phase
        }
        try #require(serve(loop) { !signals.isEmpty })
        settle(loop)
        #expect(signals == [.connected])
        #expect(phase == .open)
    }

    @Test("a refused connection fails once, as refused, whether it was to be read or not", arguments: [false, true])
    func refused(_ isReading: Bool) throws {
        let loop = try EventLoop()
        let client = try Bufferevent(loop: loop, connectingTo: refusingAddress())
        if isReading { client.startReading() }
        client.output.append("never sent")
        client.flush()
        var failures: [SystemError] = []
        var others = 0
        client.onRead = { others += 1 }
        client.onWritten = { others += 1 }
        client.onSignal = { signal in
            if case .failed(let error) = signal { failures.append(error) } else { others += 1 }
        }
        try #require(serve(loop) { !failures.isEmpty })
        settle(loop)
        #expect(failures.map(\.code) == [ECONNREFUSED])
        #expect(failures.first?.call == .connect)
        #expect(failures.first?.isRefused == true)
        #expect(others == 0)
        #expect(client.phase != .open)
    }

    @Test("a path that does not exist, and one that nobody serves any more, are refused at once as refused")
    func refusedPath() throws {
        let loop = try EventLoop()
        let scratch = try ScratchDirectory()
        let path = scratch.path("a.sock")
        #expect(throws: SystemError(ENOENT, in: .connect)) {
            try Bufferevent(loop: loop, connectingTo: .unix(path: path))
        }
        _ = try ListeningSocket(.unix(path: path), refuseIfTaken: true)
        #expect(throws: SystemError(ECONNREFUSED, in: .connect)) {
            try Bufferevent(loop: loop, connectingTo: .unix(path: path))
        }
        #expect(SystemError(ENOENT, in: .connect).isRefused)
        #expect(SystemError(ECONNREFUSED, in: .connect).isRefused)
    }

    @Test(
        "a path longer than an address holds is refused, not cut to another path")
    func longPath() throws {
        let loop = try EventLoop()
        let scratch = try ScratchDirectory()
        let stem = scratch.path("")
        let fitting = stem + String(repeating: "p", count: SocketAddress.maxPathBytes - stem.utf8.count)
        let served = try ListeningSocket(.unix(path: fitting), refuseIfTaken: true)
        #expect(served.address == .unix(path: fitting))
        #expect(throws: SystemError.self) { try Bufferevent(loop: loop, connectingTo: .unix(path: fitting + "/more")) }
    }

    @Test("bytes appended while connecting are sent once it is open, flushed or not", arguments: [5, 8 << 20])
    func earlyBytes(_ count: Int) throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        var server: Bufferevent?
        let received = try Evbuffer()
        listener.onAccept = { socket, _ in
            server = try? Bufferevent(loop: loop, socket: socket)
            server?.onRead = { server?.input.move(.max, to: received) }
            server?.startReading()
        }
        let client = try Bufferevent(loop: loop, connectingTo: listener.address)
        let expected = pattern(count)
        client.output.append(Array(expected[..<3]))
        client.flush()
        client.output.append(Array(expected[3...]))
        #expect(client.output.length == count)
        try #require(serve(loop) { received.length >= count })
        #expect(Data(bytes(of: received)) == Data(expected))
        server?.close()
    }

    @Test("bytes appended while connecting are already on their way when the connection says that it is open")
    func earlyBytesFirst() throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        let client = try Bufferevent(loop: loop, connectingTo: listener.address)
        var lengths: [Int] = []
        client.onSignal = { [unowned client] _ in lengths.append(client.output.length) }
        client.output.append("early")
        try #require(serve(loop) { !lengths.isEmpty })
        #expect(lengths == [0])
    }

    @Test("closing while connecting silences the outcome, good or bad")
    func closeWhileConnecting() throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        var signals = 0
        for address in [listener.address, try refusingAddress()] {
            let client = try Bufferevent(loop: loop, connectingTo: address)
            client.onSignal = { _ in signals += 1 }
            client.startReading()
            client.close()
        }
        settle(loop)
        #expect(signals == 0)
    }

    @Test("a connection may be closed and let go of by the very signal that opens it, with bytes unsent")
    func closeInConnected() throws {
        let loop = try EventLoop()
        let listener = try loopbackListener(loop)
        var client: Bufferevent? = try Bufferevent(loop: loop, connectingTo: listener.address)
        let remembered = Remembered(client)
        client?.output.append([UInt8](repeating: 1, count: 16 << 20))
        client?.onSignal = { _ in
            client?.close(.reset)
            client = nil
        }
        try #require(serve(loop) { client == nil })
        settle(loop)
        #expect(remembered.isGone)
    }

    @Test("connections by path and by IPv6 carry bytes both ways")
    func otherFamilies() throws {
        let scratch = try ScratchDirectory()
        var addresses = [SocketAddress.unix(path: scratch.path("a.sock"))]
        if let local = try? ListeningSocket(.ipv6(high: 0, low: 1, port: 0, scope: 0), refuseIfTaken: true).address {
            addresses.append(local.withPort(0))
        }
        for address in addresses {
            let loop = try EventLoop()
            let listener = try ConnectionListener(
                loop: loop, socket: ListeningSocket(address, refuseIfTaken: true))
            var server: Bufferevent?
            listener.onAccept = { socket, _ in
                server = try? Bufferevent(loop: loop, socket: socket)
                server?.startReading()
                server?.output.append("down")
                server?.flush()
            }
            let client = try Bufferevent(loop: loop, connectingTo: listener.address)
            client.startReading()
            client.output.append("up")
            #expect(serve(loop) { client.input.length == 4 && server?.input.length == 2 })
        }
    }
}
