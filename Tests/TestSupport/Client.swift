// A raw client: sends exactly the bytes that it is given and reads responses by their framing.
// Not a forgiving one: what is no response fails the test.

package import CLibevent
import Foundation

/// A response as it came.
package struct RawResponse: Sendable {
    /// The head with its empty line.
    package var head: String
    /// The body with its framing.
    package var body: [UInt8]
    /// Whether the body is as long as the head promises.
    package var isComplete: Bool

    /// The status, 0 if there is none.
    package var status: Int {
        let words = head.split(separator: " ", maxSplits: 2)
        return words.count > 1 ? Int(words[1]) ?? 0 : 0
    }

    /// The value of the first field of a name.
    package func field(_ name: String) -> String? { HTTPText.value(of: name, in: head) }

    /// The failure code of `Proxy-Status`.
    package var code: String? {
        guard let value = field("Proxy-Status"), let start = value.range(of: "details=\"") else { return nil }
        return String(value[start.upperBound...].prefix { $0 != "\"" })
    }

    /// The body without chunk framing.
    package var content: [UInt8] { isChunked ? HTTPText.unchunked(body) ?? [] : body }

    /// The body without chunk framing, as text.
    package var text: String { String(decoding: content, as: UTF8.self) }

    /// Whether the body came in chunks.
    package var isChunked: Bool { HTTPText.values(of: "transfer-encoding", in: head).contains("chunked") }
}

/// A client's connection. One thread at a time.
package final class Client: Sendable {
    /// The socket.
    package let wire: Wire
    private let pending = Watched<[UInt8]>([])

    /// Connects; `receiveBuffer` bounds what the system takes for a client that does not read.
    package init(_ address: SocketAddress, receiveBuffer: Int? = nil) throws {
        wire = try Wire.connect(to: address, receiveBuffer: receiveBuffer)
    }

    /// Sends bytes as they are.
    package func send(_ text: String) throws { try wire.send(text) }

    /// Sends bytes as they are.
    package func send(_ bytes: [UInt8]) throws { try wire.send(bytes) }

    /// Sends a GET.
    package func get(_ host: String, _ target: String = "/", _ fields: String...) throws {
        try send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
    }

    /// Reads one final response by its framing; interim ones are passed over.
    package func response(to method: String = "GET") throws -> RawResponse {
        var response = try anyResponse(to: method)
        while (100..<200).contains(response.status), response.status != 101 { response = try anyResponse(to: method) }
        return response
    }

    /// Reads one response by its framing, interim ones too.
    package func anyResponse(to method: String = "GET") throws -> RawResponse {
        while HTTPText.headLength(pending.current) == nil { try more() }
        let length = HTTPText.headLength(pending.current) ?? 0
        let head = String(decoding: take(length), as: UTF8.self)
        var response = RawResponse(head: head, body: [], isComplete: true)
        let status = response.status
        if method == "HEAD" || status < 200 || status == 204 || status == 304 { return response }
        if response.isChunked {
            while HTTPText.endOfChunks(pending.current, from: 0) == nil {
                guard try moreOrEnd() == nil else { return incomplete(response) }
            }
            response.body = take(HTTPText.endOfChunks(pending.current, from: 0) ?? 0)
        } else if let count = response.field("Content-Length").flatMap({ Int($0) }) {
            while pending.current.count < count {
                guard try moreOrEnd() == nil else { return incomplete(response) }
            }
            response.body = take(count)
        } else {
            var end: WireEnd?
            while end == nil { end = try moreOrEnd() }
            response.body = take(pending.current.count)
            response.isComplete = end == .orderly
        }
        return response
    }

    /// Reads everything until the peer ends its side.
    package func readToEnd() -> (bytes: [UInt8], end: WireEnd) {
        while true {
            switch wire.receive() {
            case .bytes(let more): pending.change { $0 += more }
            case .end(let end): return (take(pending.current.count), end)
            }
        }
    }

    /// Reads exactly so many bytes.
    package func read(_ count: Int) throws -> [UInt8] {
        while pending.current.count < count { try more() }
        return take(count)
    }

    /// Reads one head and leaves what follows it.
    package func readHead() throws -> String {
        while HTTPText.headLength(pending.current) == nil { try more() }
        return String(decoding: take(HTTPText.headLength(pending.current) ?? 0), as: UTF8.self)
    }

    /// Reads and forgets so many bytes, in pieces.
    package func skip(_ count: Int) throws {
        try wire.skip(count - take(min(count, pending.current.count)).count)
    }

    /// How the peer ended its side; bytes that come before are given back as well.
    package func end() -> WireEnd { readToEnd().end }

    private func incomplete(_ response: RawResponse) -> RawResponse {
        RawResponse(head: response.head, body: take(pending.current.count), isComplete: false)
    }

    private func take(_ count: Int) -> [UInt8] {
        pending.change { bytes in
            let taken = Array(bytes.prefix(count))
            bytes.removeFirst(taken.count)
            return taken
        }
    }

    private func more() throws {
        switch try moreOrEnd() {
        case nil: break
        case .orderly: throw WireError.ended
        case .reset, .timeout: throw WireError.reset
        }
    }

    private func moreOrEnd() throws -> WireEnd? {
        switch wire.receive() {
        case .bytes(let bytes):
            pending.change { $0 += bytes }
            return nil
        case .end(.timeout): throw WireError.timeout
        case .end(let end): return end
        }
    }
}
