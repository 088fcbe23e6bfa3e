// A scripted origin: accepts on loopback, keeps every byte that it receives, and does what its script says.
// Not a web server: it understands just enough framing to know where a request ends.

package import CLibevent
import Foundation

/// An origin whose connections each run the same script on a thread of their own.
package final class Origin: Sendable {
    /// What an origin does with a connection. An error that it throws ends the connection.
    package typealias Script = @Sendable (OriginConnection) throws -> Void

    /// Where the origin listens.
    package let address: SocketAddress
    private let listener: Wire
    private let accepted = Watched<[OriginConnection]>([])

    /// Starts an origin, on a loopback port of the system's choice unless an address is given.
    package init(at wanted: SocketAddress = .loopback(port: 0), _ script: @escaping Script) throws {
        let listener = try Wire.listen(on: wanted)
        self.listener = listener
        address = wanted.withPort(listener.localPort)
        let accepted = accepted
        Thread.detachNewThread {
            while let wire = listener.accept() {
                let connection = OriginConnection(wire)
                let number = accepted.change { list in
                    list.append(connection)
                    return list.count
                }
                connection.number.change { $0 = number }
                Thread.detachNewThread { connection.run(script) }
            }
        }
    }

    deinit {
        listener.interrupt()
        for connection in accepted.current { connection.wire.interrupt() }
    }

    /// An origin that answers the first request of each connection with the given bytes and then closes.
    package static func answeringOnce(_ response: String) throws -> Origin {
        try Origin { connection in
            try connection.readRequest()
            try connection.wire.send(response)
        }
    }

    /// An origin that answers every request with the same bytes and keeps its connections.
    package static func answering(
        _ response: String, at address: SocketAddress = .loopback(port: 0)
    ) throws -> Origin {
        try Origin(at: address) { connection in
            while true {
                try connection.readRequest()
                try connection.wire.send(response)
            }
        }
    }

    /// An origin that answers 200 with a short text and keeps its connections.
    package static func ok(_ body: String = "ok", at address: SocketAddress = .loopback(port: 0)) throws -> Origin {
        try answering("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", at: address)
    }

    /// `127.0.0.1:4711`, as configurations want it.
    package var text: String { address.description }

    /// Requests read so far, on all connections.
    package var requestCount: Int { connections.reduce(0) { $0 + $1.requestCount } }

    /// Connections accepted so far.
    package var connectionCount: Int { accepted.current.count }

    /// The n-th connection (from 0), waiting until it is there.
    package func connection(_ index: Int = 0) throws -> OriginConnection {
        accepted.wait { $0.count > index }
        let list = accepted.current
        guard list.count > index else { throw WireError.timeout }
        return list[index]
    }

    /// All connections accepted so far.
    package var connections: [OriginConnection] { accepted.current }
}

/// One connection to an origin.
package final class OriginConnection: Sendable {
    /// The socket.
    package let wire: Wire
    /// The place of the connection in the order of arrival, from 1.
    package let number = Watched(0)
    private let bytes = Watched<[UInt8]>([])
    private let requestStarts = Watched<[Int]>([0])
    private let end = Watched<WireEnd?>(nil)

    init(_ wire: Wire) { self.wire = wire }

    func run(_ script: Origin.Script) {
        try? script(self)
        wire.close()
    }

    /// Every byte received so far.
    package var received: [UInt8] { bytes.current }

    /// Requests read so far.
    package var requestCount: Int { requestStarts.current.count - 1 }

    /// Every byte received so far, as text.
    package var receivedText: String { String(decoding: received, as: UTF8.self) }

    /// Waits for more bytes and keeps them.
    package func receiveMore() throws {
        switch wire.receive() {
        case .bytes(let more): bytes.change { $0 += more }
        case .end(let how):
            end.change { $0 = how }
            throw how == .orderly ? WireError.ended : how == .reset ? WireError.reset : WireError.timeout
        }
    }

    /// Reads until the bytes received satisfy `test`.
    package func receive(until test: ([UInt8]) -> Bool) throws {
        while !test(received) { try receiveMore() }
    }

    /// Reads bytes that belong to no request; `length` says how many those are once enough have come.
    package func readPreamble(_ length: ([UInt8]) -> Int?) throws -> [UInt8] {
        let start = requestStarts.current.last ?? 0
        var count: Int?
        try receive {
            count = length(Array($0[start...]))
            return count != nil
        }
        requestStarts.change { $0[$0.count - 1] += count ?? 0 }
        return Array(received[start..<(start + (count ?? 0))])
    }

    /// Reads one head: that of the request that has not been read yet.
    /// - Returns: the head with its empty line.
    @discardableResult
    package func readHead() throws -> String {
        let start = requestStarts.current.last ?? 0
        try receive { HTTPText.headLength(Array($0[start...])) != nil }
        let rest = Array(received[start...])
        return String(decoding: rest.prefix(HTTPText.headLength(rest) ?? 0), as: UTF8.self)
    }

    /// Reads one whole request: head, and body as Content-Length or chunks frame it.
    /// - Returns: its body with its framing.
    @discardableResult
    package func readRequest() throws -> [UInt8] {
        let head = try readHead()
        let before = requestStarts.current.last ?? 0
        // Counted in bytes as received: the text of a head may be longer where it is no UTF-8.
        let start = before + (HTTPText.headLength(Array(received[before...])) ?? 0)
        var end = start
        if HTTPText.values(of: "transfer-encoding", in: head).contains("chunked") {
            try receive { HTTPText.endOfChunks($0, from: start) != nil }
            end = HTTPText.endOfChunks(received, from: start) ?? start
        } else if let length = HTTPText.values(of: "content-length", in: head).first.flatMap({ UInt32($0) }) {
            let length = Int(length)
            end = start + length
            try receive { $0.count >= end }
        }
        requestStarts.change { $0.append(end) }
        return Array(received[start..<end])
    }

    /// The text of the n-th request (from 0) as it was read.
    package func request(_ index: Int = 0) -> String {
        let starts = requestStarts.current
        guard index + 1 < starts.count else { return "" }
        return String(decoding: received[starts[index]..<starts[index + 1]], as: UTF8.self)
    }

    /// Reads and keeps bytes until the peer ends its side.
    @discardableResult
    package func readToEnd() -> WireEnd {
        while (try? receiveMore()) != nil {}
        return end.current ?? .timeout
    }

    /// Waits until the script has seen the peer's end. Only of use while the script reads.
    package func awaitEnd() -> WireEnd {
        end.wait { $0 != nil }
        return end.current ?? .timeout
    }

    /// Waits until the bytes received satisfy `test`; for other threads than the script's.
    @discardableResult
    package func awaitBytes(_ test: ([UInt8]) -> Bool) -> Bool { bytes.wait(until: test) }
}
