// A nameserver on the test's own loop that says what the test wants, over UDP and TCP on one port.
// Not for how real nameservers behave: Dnsmasq is one.

import CLibevent
import Foundation
import Testing

/// Answers questions on a port of loopback until it is released.
final class FakeNameserver {
    let address: SocketAddress
    /// What is sent for a question over UDP, one datagram each; none for silence.
    var onDatagram: (Question) -> [[UInt8]] = { _ in [] }
    /// What is sent for a question over TCP, as it is; nil to close the connection.
    var onStream: (Question) -> [UInt8]? = { _ in nil }
    /// Questions that came, in order.
    private(set) var datagrams: [Question] = []
    private(set) var streams: [Question] = []

    private let descriptor: Int32
    private var watch: DescriptorWatch?
    private let listener: ConnectionListener
    private var connections: [Bufferevent] = []

    /// Opens both ports; 0 lets the system choose one that is free for both.
    init(_ loop: EventLoop, _ wanted: SocketAddress = .loopback(port: 0)) throws {
        var found: (ListeningSocket, Int32)?
        for _ in 0..<20 where found == nil {
            let listening = try ListeningSocket(wanted, refuseIfTaken: true)
            if let descriptor = Self.datagramSocket(listening.address) { found = (listening, descriptor) }
        }
        let (listening, descriptor) = try #require(found)
        self.descriptor = descriptor
        address = listening.address
        listener = try ConnectionListener(loop: loop, socket: listening)
        listener.onAccept = { [unowned self] socket, _ in
            if let connection = try? Bufferevent(loop: loop, socket: socket) { serve(connection) }
        }
        watch = try DescriptorWatch(loop: loop, descriptor: descriptor, for: .reading) { [unowned self] in receive() }
    }

    deinit {
        watch?.close()
        close(descriptor)
        listener.close()
        for connection in connections { connection.close() }
    }

    private static func datagramSocket(_ address: SocketAddress) -> Int32? {
        guard case .ipv4(let host, let port) = address else { return nil }
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var form = sockaddr_in()
        form.sin_family = sa_family_t(AF_INET)
        form.sin_port = port.bigEndian
        form.sin_addr.s_addr = host.bigEndian
        let status = withUnsafePointer(to: &form) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var peer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { form in
                let count = recvfrom(descriptor, &buffer, buffer.count, 0, form, &length)
                guard count > 0, let question = Question(Array(buffer[..<count])) else { return }
                datagrams.append(question)
                for answer in onDatagram(question) { sendto(descriptor, answer, answer.count, 0, form, length) }
            }
        }
    }

    private func serve(_ connection: Bufferevent) {
        connections.append(connection)
        connection.onRead = { [unowned self, unowned connection] in
            var bytes: [UInt8] = []
            connection.input.copyPrefix(connection.input.length, into: &bytes)
            guard bytes.count > 14, bytes.count >= 2 + Int(bytes[0]) << 8 + Int(bytes[1]) else { return }
            connection.input.drain(bytes.count)
            guard let question = Question(Array(bytes[2...])) else { return }
            streams.append(question)
            if let answer = onStream(question) { connection.send(answer) } else { connection.close() }
        }
        connection.onSignal = { [unowned connection] _ in connection.close() }
        connection.startReading()
    }
}
