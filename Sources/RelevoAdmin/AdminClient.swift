// Asks an admin listener one thing: what the commands of `relevo` do. Blocks the calling thread.
// What can be asked: AdminAPI.

public import CLibevent
import Foundation
public import RelevoPolicy
import RelevoHTTP

/// A question to a running proxy.
public struct AdminClient: Sendable {
    private let settings: AdminSettings

    /// Bytes of an answer at most.
    private static let mostAnswer = 64 << 20
    /// How long an answer is waited for: a reload looks new names up before it answers.
    private static let patience: Duration = .seconds(60)

    /// Will ask at an address; the token file is read when it is needed.
    public init(_ settings: AdminSettings) { self.settings = settings }

    /// Asks for a value.
    public func get<Value: Decodable>(_ path: String, as type: Value.Type) throws(AdminError) -> Value {
        try value(of: ask("GET", path), as: type)
    }

    /// Gives an order.
    public func post<Value: Decodable>(
        _ path: String, _ body: (any Encodable)? = nil, as type: Value.Type
    ) throws(AdminError) -> Value {
        var content: [UInt8] = []
        if let body { content = Array((try? JSONEncoder().encode(body)) ?? Data()) }
        return try value(of: ask("POST", path, content), as: type)
    }

    private func value<Value: Decodable>(of answer: Answer, as type: Value.Type) throws(AdminError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard (200..<300).contains(answer.status) else {
            let words = (try? decoder.decode(AdminResponse.Failure.self, from: Data(answer.body)))?.error
            throw AdminError(words ?? "`\(settings.address)` answers \(answer.status)", status: answer.status)
        }
        guard let value = try? decoder.decode(type, from: Data(answer.body)) else {
            throw AdminError("what `\(settings.address)` answers is not what a proxy would")
        }
        return value
    }

    /// An answer as it came.
    struct Answer {
        var status: Int
        var body: [UInt8]
    }

    /// Asks, and waits for the whole answer.
    func ask(_ method: String, _ path: String, _ body: [UInt8] = []) throws(AdminError) -> Answer {
        var lines = [
            "\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close", "Content-Length: \(body.count)",
        ]
        if let file = settings.tokenFile {
            lines.append("Authorization: Bearer " + String(decoding: try AdminAccess.token(in: file), as: UTF8.self))
        }
        do throws(SystemError) {
            let whole = try Self.exchange(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body, settings)
            guard let answer = Self.read(whole) else {
                throw SystemError(protocol: "the answer is no valid HTTP", in: .read)
            }
            return answer
        } catch {
            throw AdminError("no proxy answers at `\(settings.address)`: \(error.reason)")
        }
    }

    private static func exchange(_ request: [UInt8], _ settings: AdminSettings) throws(SystemError) -> [UInt8] {
        let loop = try EventLoop()
        let connection = try Bufferevent(loop: loop, connectingTo: settings.socketAddress)
        var received: [UInt8] = []
        var outcome: Result<Void, SystemError>?
        connection.onRead = {
            connection.input.takeAll(behind: &received)
            if received.count > mostAnswer { loop.stop() }
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
        limit.start(patience)
        defer {
            limit.close()
            connection.close(.orderly)
        }
        loop.run()
        connection.input.takeAll(behind: &received)
        try outcome?.get()
        return received
    }

    private static func read(_ bytes: [UInt8]) -> Answer? {
        var scanner = HeadScanner()
        guard let length = try? scanner.scan(bytes.span, limits: HeadLimits()) else { return nil }
        var head = ResponseHead()
        head.fields.bytes = Array(bytes.prefix(length))
        guard (try? head.parse(limits: HeadLimits())) != nil else { return nil }
        return Answer(status: head.status, body: Array(bytes.dropFirst(length)))
    }
}

extension Evbuffer {
    /// Moves everything behind what is there already.
    fileprivate func takeAll(behind bytes: inout [UInt8]) {
        appendPrefix(length, to: &bytes)
        drain(length)
    }
}

extension AdminSettings {
    /// The address in the form in which it is opened; an empty path for none. What is none was refused before.
    public var socketAddress: SocketAddress {
        switch try? AddressText.listener(address) {
        case .literal(let host, let port)?:
            SocketAddress(literal: host, port: UInt16(clamping: port)) ?? .loopback(port: UInt16(clamping: port))
        case .unix(let path)?: .unix(path: path)
        case nil: .unix(path: "")
        }
    }
}
