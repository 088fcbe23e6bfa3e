// One connection to the admin listener: one request, one answer, the end.
// Keeping connections would save nothing here and would have to be ended.

import CLibevent
import RelevoHTTP

/// A client of the admin listener. Confined to its loop's thread.
final class AdminConnection {
    /// Bytes of a request's content at most.
    static let mostBody = 1 << 20
    /// How long a request may take to come, and its answer to leave.
    private static let (patience, leavingPatience): (Duration, Duration) = (.seconds(2), .seconds(10))

    /// Its number, which no other has.
    let number: UInt64
    /// Whether its request is there.
    private(set) var hasAsked = false
    private unowned let owner: AdminPlane
    private let peer: SocketAddress
    private let connection: Bufferevent
    private var scanner = HeadScanner()
    private var head = RequestHead()
    private var expected: Int?
    private var isAnswered = false
    private var successor: (@Sendable (DescriptorChannel) -> Void)?
    private var limit: Timer?

    init(
        _ socket: consuming Socket, _ peer: SocketAddress, _ number: UInt64, _ owner: AdminPlane
    ) throws(SystemError) {
        self.owner = owner
        self.peer = peer
        self.number = number
        connection = try Bufferevent(loop: owner.loop, socket: socket)
        limit = try Timer(loop: owner.loop, .once) { [unowned self] in end(.reset) }
        connection.onRead = { [unowned self] in readable() }
        connection.onWritten = { [unowned self] in written() }
        connection.onSignal = { [unowned self] signal in
            switch signal {
            case .connected: break
            // Who has asked may have ended its side, and still hears the answer.
            case .endOfStream: if !hasAsked || isAnswered && connection.output.isEmpty { end(.orderly) }
            case .failed: end(.orderly)
            }
        }
        limit?.start(Self.patience)
        connection.startReading()
    }

    /// Ends it. Idempotent.
    func end(_ ending: Bufferevent.Ending) {
        guard let limit else { return }
        limit.close()
        self.limit = nil
        connection.close(ending)
        owner.remove(self)
    }

    private func readable() {
        guard !hasAsked else { return connection.input.drain(connection.input.length) }
        do throws(HTTPParseError) {
            if expected == nil { try takeHead() }
        } catch {
            let isChunked = error == .unknownTransferCoding
            return answer(
                isChunked
                    ? AdminResponse(failure: 411, "send the content with its Content-Length")
                    : AdminResponse(failure: error.kind.status, error.explanation))
        }
        guard let expected else { return }
        guard expected <= Self.mostBody else {
            return answer(AdminResponse(failure: 413, "the content is at most \(Self.mostBody) bytes"))
        }
        guard connection.input.length >= expected else { return }
        limit?.stop()
        hasAsked = true
        dispatch(expected)
    }

    private func takeHead() throws(HTTPParseError) {
        let limits = HeadLimits()
        let input = connection.input
        var scanner = scanner
        var found: Int?
        try input.forEachSegment(from: scanner.examined) { (segment) throws(HTTPParseError) in
            found = try scanner.scan(segment, limits: limits)
            return found == nil
        }
        self.scanner = scanner
        guard let length = found else { return }
        input.takePrefix(length, into: &head.fields.bytes)
        try head.parse(limits: limits)
        switch head.framing {
        case .none: expected = 0
        case .length(let count): expected = count
        case .chunked, .untilClose: throw .unknownTransferCoding
        }
    }

    private func dispatch(_ count: Int) {
        var request = AdminRequest(method: Self.text(head.methodBytes), path: Self.text(head.pathBytes))
        request.query = Self.text(head.queryBytes).split(separator: "&").map(String.init)
        connection.input.takePrefix(count, into: &request.body)
        request.upgrade = value(of: "upgrade").map(Self.text) ?? ""
        request.accept = value(of: "accept").map(Self.text) ?? ""
        request.cameByPath = owner.isPath
        let sender = AdminAccess.Sender(
            host: Self.text(head.authority.host[...]), authority: value(of: "host").map(Self.text) ?? "",
            origin: value(of: "origin").map(Self.text), credentials: value(of: "authorization"))
        if let refusal = owner.access.refusal(of: request, by: sender) {
            owner.refused(request, sender, by: refusal, from: peer)
            return answer(refusal)
        }
        owner.ask(request, for: self)
    }

    private func value(of name: String) -> ArraySlice<UInt8>? {
        let line = head.fields.lines.first { Self.text(head.fields.name(of: $0)).lowercased() == name }
        return line.map { head.fields.value(of: $0) }
    }

    /// Sends the answer and ends the connection when it has left.
    func answer(_ response: AdminResponse) {
        guard limit != nil else { return }
        (hasAsked, isAnswered) = (true, true)
        limit?.start(Self.leavingPatience)
        successor = response.successor
        var lines = ["HTTP/1.1 \(response.status) \(Status.reason(response.status))"]
        if successor == nil {
            lines += [
                "Content-Type: \(response.type)", "Content-Length: \(response.body.count)", "Cache-Control: no-store",
                "Connection: close",
            ]
        }
        lines += response.fields
        let isHead = head.method == .head
        connection.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (isHead ? [] : response.body))
        if connection.output.isEmpty { written() }
    }

    /// Everything has left: the client hears the end, and may say the rest of what it says.
    private func written() {
        guard isAnswered, connection.output.isEmpty else { return }
        if let successor {
            let channel = try? DescriptorChannel(duplicating: connection.fileDescriptor)
            end(.orderly)
            if let channel { successor(channel) }
            return
        }
        connection.shutdownOutput()
        limit?.start(.seconds(1))
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

@available(*, unavailable)
extension AdminConnection: Sendable {}
