// Opening sockets that listen: ports, families, paths.
// Not for accepting from them: that is in ConnectionListenerTests.

import CLibevent
import Foundation
import Testing

/// The system has IPv6 with a loopback address.
let hasIPv6 =
    (try? ListeningSocket(.ipv6(high: 0, low: 1, port: 0, scope: 0), refuseIfTaken: true)) != nil

@Suite struct ListeningSocketTests {
    @Test("port 0 becomes a port of the system's choice, another one for each socket")
    func portZero() throws {
        let sockets = try (0..<3).map { _ in try ListeningSocket(.loopback(port: 0), refuseIfTaken: true) }
        let ports = Set(sockets.compactMap(\.address.port))
        #expect(ports.count == 3)
        #expect(!ports.contains(0))
        for socket in sockets { #expect(socket.address.host == "127.0.0.1") }
    }

    @Test("a port where somebody listens is refused with EADDRINUSE, though ports can be shared")
    func takenPort() throws {
        let first = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
        #expect(throws: SystemError(EADDRINUSE, in: .bind)) {
            try ListeningSocket(first.address, refuseIfTaken: true)
        }
        let everywhere = SocketAddress.ipv4(address: 0, port: try #require(first.address.port))
        #expect(throws: SystemError(EADDRINUSE, in: .bind)) {
            try ListeningSocket(everywhere, refuseIfTaken: true)
        }
    }

    @Test("a port is shared by those who ask for it, and is free again once all of them are gone")
    func sharedPort() throws {
        let address: SocketAddress
        do {
            // No other test gets a port of this host.
            let host = SocketAddress.ipv4(address: 0x7F53_0107, port: 0)
            let first = try ListeningSocket(host, refuseIfTaken: true)
            let second = try ListeningSocket(first.address, refuseIfTaken: false)
            #expect(second.address == first.address)
            address = first.address
        }
        let again = try ListeningSocket(address, refuseIfTaken: true)
        #expect(again.address == address)
    }

    @Test("a port that only old connections use is not taken")
    func oldConnections() throws {
        let loop = try EventLoop()
        let listener = try lonelyListener(loop)
        var server: Bufferevent?
        listener.onAccept = { socket, _ in server = try? Bufferevent(loop: loop, socket: socket) }
        let client = try Bufferevent(loop: loop, connectingTo: listener.address)
        try #require(serve(loop) { server != nil && client.phase == .open })
        server?.close()
        listener.close()
        settle(loop)
        let again = try ListeningSocket(listener.address, refuseIfTaken: true)
        #expect(again.address == listener.address)
    }

    @Test("an address that no interface has is refused with EADDRNOTAVAIL")
    func foreignAddress() {
        // TEST-NET-1 (RFC 5737): nobody's address. Binding sends nothing.
        let foreign = SocketAddress.ipv4(address: 0xC000_0201, port: 0)
        #expect(throws: SystemError(EADDRNOTAVAIL, in: .bind)) {
            try ListeningSocket(foreign, refuseIfTaken: true)
        }
    }

    @Test("IPv6 sockets take IPv6 only: the same port stays free for IPv4", .enabled(if: hasIPv6))
    func ipv6Only() throws {
        let six = try ListeningSocket(.ipv6(high: 0, low: 0, port: 0, scope: 0), refuseIfTaken: true)
        let port = try #require(six.address.port)
        #expect(port != 0)
        #expect(six.address.description == "[::]:\(port)")
        #expect(throws: SystemError(EADDRINUSE, in: .bind)) {
            try ListeningSocket(six.address, refuseIfTaken: true)
        }
        // Another process may have taken the port of IPv4 meanwhile, but not each time.
        let isFree = try (0..<5).contains { _ in
            let other = try ListeningSocket(.ipv6(high: 0, low: 0, port: 0, scope: 0), refuseIfTaken: true)
            let port = try #require(other.address.port)
            return (try? ListeningSocket(.loopback(port: port), refuseIfTaken: true)) != nil
        }
        #expect(isFree)
    }

    @Test("a unix socket whose server lives is refused with EADDRINUSE, and goes on serving")
    func livePath() throws {
        let scratch = try ScratchDirectory()
        let address = SocketAddress.unix(path: scratch.path("a.sock"))
        let loop = try EventLoop()
        let first = try ListeningSocket(address, refuseIfTaken: true)
        #expect(first.address == address)
        #expect(throws: SystemError(EADDRINUSE, in: .bind)) { try ListeningSocket(address, refuseIfTaken: true) }
        let client = try Bufferevent(loop: loop, connectingTo: address)
        #expect(serve(loop) { client.phase == .open })
    }

    @Test("a unix socket whose server is gone is replaced")
    func stalePath() throws {
        let scratch = try ScratchDirectory()
        let address = SocketAddress.unix(path: scratch.path("a.sock"))
        _ = try ListeningSocket(address, refuseIfTaken: true)
        #expect(throws: SystemError(EADDRINUSE, in: .bind)) { try ListeningSocket(address, refuseIfTaken: false) }
        let second = try ListeningSocket(address, refuseIfTaken: true)
        #expect(second.address == address)
    }

    @Test(
        "whatever is no socket at a path is refused with EADDRINUSE and left alone",
        arguments: ["file", "link", "dir"])
    func otherFiles(_ kind: String) throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path("a.sock")
        let precious = scratch.path("precious")
        try Data("precious".utf8).write(to: URL(filePath: precious))
        switch kind {
        case "file": try Data("precious".utf8).write(to: URL(filePath: path))
        case "link": try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: precious)
        default: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        #expect(throws: SystemError(EADDRINUSE, in: .bind)) {
            try ListeningSocket(.unix(path: path), refuseIfTaken: true)
        }
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(FileManager.default.contents(atPath: precious) == Data("precious".utf8))
    }

    @Test("a path in a directory that does not exist is refused with ENOENT")
    func missingDirectory() throws {
        let scratch = try ScratchDirectory()
        #expect(throws: SystemError(ENOENT, in: .bind)) {
            try ListeningSocket(.unix(path: scratch.path("none/a.sock")), refuseIfTaken: true)
        }
    }

    @Test(
        "a path longer than an address holds is refused, not cut to another path")
    func longPath() throws {
        let scratch = try ScratchDirectory()
        let stem = scratch.path("")
        let fitting = stem + String(repeating: "p", count: SocketAddress.maxPathBytes - stem.utf8.count)
        #expect(throws: SystemError.self) {
            try ListeningSocket(.unix(path: fitting + "q"), refuseIfTaken: true)
        }
        #expect(!FileManager.default.fileExists(atPath: fitting))
    }

    @Test("the file of a closed socket can be removed; a file that is no socket stays")
    func removeSocket() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path("a.sock")
        FileOutput.removeSocket(path)
        _ = try ListeningSocket(.unix(path: path), refuseIfTaken: true)
        #expect(FileManager.default.fileExists(atPath: path))
        FileOutput.removeSocket(path)
        #expect(!FileManager.default.fileExists(atPath: path))
        try Data("precious".utf8).write(to: URL(filePath: path))
        FileOutput.removeSocket(path)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("a duplicate serves on when the original is closed")
    func duplicate() throws {
        let loop = try EventLoop()
        var original: ListeningSocket? = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
        let duplicate = try #require(try original?.duplicate())
        #expect(duplicate.address == original?.address)
        original = nil
        let client = try Bufferevent(loop: loop, connectingTo: duplicate.address)
        #expect(serve(loop) { client.phase == .open })
    }
}
