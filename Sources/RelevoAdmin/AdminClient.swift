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
    static let patience: Duration = .seconds(60)

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
        guard (200..<300).contains(answer.status) else { throw refusal(answer.status, answer.body) }
        guard let value = try? decoder.decode(type, from: Data(answer.body)) else {
            throw AdminError("what `\(settings.address)` answers is not what a proxy would")
        }
        return value
    }

    /// What a refusal says.
    func refusal(_ status: Int, _ body: [UInt8]) -> AdminError {
        let words = (try? JSONDecoder().decode(AdminResponse.Failure.self, from: Data(body)))?.error
        return AdminError(words ?? "`\(settings.address)` answers \(status)", status: status)
    }

    /// There was no answer.
    func unreachable(_ error: SystemError) -> AdminError {
        AdminError("no proxy answers at `\(settings.address)`: \(error.reason)")
    }

    /// Where is asked.
    var address: SocketAddress { settings.socketAddress }

    /// An answer as it came.
    struct Answer {
        var status: Int
        var body: [UInt8]
    }

    /// A question as it is sent.
    func request(_ method: String, _ path: String, _ body: [UInt8] = []) throws(AdminError) -> [UInt8] {
        var lines = [
            "\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close", "Content-Length: \(body.count)",
        ]
        if let file = settings.tokenFile {
            lines.append("Authorization: Bearer " + String(decoding: try AdminAccess.token(in: file), as: UTF8.self))
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// Asks, and waits for the whole answer.
    func ask(_ method: String, _ path: String, _ body: [UInt8] = []) throws(AdminError) -> Answer {
        let request = try request(method, path, body)
        do throws(SystemError) {
            let whole = try Self.exchange(request, settings)
            guard let answer = Self.read(whole) else {
                throw SystemError(protocol: "the answer is no valid HTTP", in: .read)
            }
            return answer
        } catch {
            throw unreachable(error)
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
    func takeAll(behind bytes: inout [UInt8]) {
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
