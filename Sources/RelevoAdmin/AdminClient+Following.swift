// Reads an answer that has no end: line by line, as they come.
// Questions with one answer: AdminClient.

import CLibevent
import Foundation
import RelevoHTTP

extension AdminClient {
    /// Asks for lines and reads them until the proxy ends the connection or nothing more is wanted. Blocks.
    /// - Parameter take: gets each line without its end; returns whether more is wanted.
    public func follow(_ path: String, _ take: @escaping ([UInt8]) -> Bool) throws(AdminError) {
        let request = try request("GET", path)
        var answer = LineAnswer(take: take)
        do throws(SystemError) {
            try stream(request, of: &answer)
        } catch {
            throw unreachable(error)
        }
        guard answer.status == 200 else { throw refusal(answer.status, answer.rest) }
    }

    private func stream(_ request: [UInt8], of answer: inout LineAnswer) throws(SystemError) {
        let loop = try EventLoop()
        let connection = try Bufferevent(loop: loop, connectingTo: address)
        var received: [UInt8] = []
        var outcome: Result<Void, SystemError>?
        connection.onRead = {
            connection.input.takeAll(behind: &received)
            loop.stop()
        }
        connection.onSignal = { signal in
            switch signal {
            case .connected:
                connection.startReading()
                connection.send(request)
            case .endOfStream: outcome = .success(())
            case .failed(let error): outcome = .failure(error)
            }
            if outcome != nil { loop.stop() }
        }
        let limit = try Timer(loop: loop, .once) {
            outcome = .failure(SystemError(protocol: "there is no answer in time", in: .read))
            loop.stop()
        }
        limit.start(Self.patience)
        defer {
            limit.close()
            connection.close(.orderly)
        }
        while outcome == nil {
            loop.run()
            connection.input.takeAll(behind: &received)
            guard answer.add(&received) else { return }
            if answer.status != 0 { limit.stop() }
        }
        try outcome?.get()
        guard answer.status != 0 else { throw SystemError(protocol: "the answer is no valid HTTP", in: .read) }
    }
}

/// An answer that is lines, as far as it has come.
private struct LineAnswer {
    /// Bytes of a head, of a line or of a refusal at most.
    static let most = 1 << 20

    let take: ([UInt8]) -> Bool
    /// Zero before the head is complete.
    private(set) var status = 0
    /// What is no whole line yet; of a refusal, all of it.
    private(set) var rest: [UInt8] = []

    init(take: @escaping ([UInt8]) -> Bool) { self.take = take }

    /// Adds what has come. Returns whether more is wanted.
    mutating func add(_ received: inout [UInt8]) -> Bool {
        rest += received
        received.removeAll(keepingCapacity: true)
        if status == 0 {
            var scanner = HeadScanner()
            guard let length = try? scanner.scan(rest.span, limits: HeadLimits()) else { return rest.count < Self.most }
            var head = ResponseHead()
            head.fields.bytes = Array(rest.prefix(length))
            guard (try? head.parse(limits: HeadLimits())) != nil else { return true }
            status = head.status
            rest.removeFirst(length)
        }
        guard status == 200 else { return rest.count < Self.most }
        var start = 0
        while let end = rest[start...].firstIndex(of: 0x0A) {
            guard take(Array(rest[start..<end])) else { return false }
            start = end + 1
        }
        rest.removeSubrange(..<start)
        return rest.count < Self.most
    }
}
