// How one process gives its place to another: what they say to each other, on a connection that carries descriptors.
// What is given is Relevo's Inheritance; who starts the other process is the matter of whoever owns this one.
//
// The process that is there sends a line of JSON, then the sockets in the order of the line. The new one answers with a
// line of JSON when it serves, or when it cannot. Whatever else happens, the one that is there goes on.

public import CLibevent
import Foundation
public import Relevo
public import RelevoPolicy

/// What is the same for both sides.
public enum HandOver {
    /// The name of what is spoken, for Upgrade.
    public static let protocolName = "relevo-handover/1"
    /// The environment's variable that tells a new process the number of its channel's descriptor.
    public static let variable = "RELEVO_HANDOVER"

    /// How long the new process may take to serve.
    static let patience: Duration = .seconds(50)
    /// How long the system may take with what is sent at once.
    static let sendLimit: Duration = .seconds(5)

    struct Offer: Codable {
        struct Listener: Codable {
            var configured: String?
            var sockets: Int
        }

        var process: Int32
        var listeners: [Listener]
        var state: Inheritance.State
    }

    struct Answer: Codable {
        /// The new process.
        var process: Int32
        /// Why it does not serve; nil if it does.
        var failure: String?
        /// Whether its configuration is wrong.
        var isMisconfigured = false
        /// The paths at which it listens.
        var paths: [String] = []
    }

    static func line(_ value: some Encodable) -> [UInt8] {
        Array((try? JSONEncoder().encode(value)) ?? Data()) + [0x0A]
    }

    /// What was agreed on.
    public struct Outcome: Sendable {
        /// The process that serves now.
        public var process: Int32
        /// The paths at which it listens.
        public var paths: Set<String>
    }

    /// Offers another process the place of this one. Blocks until that one serves.
    /// - Throws: why it does not; then everything is as it was.
    public static func give(
        _ inheritance: Inheritance, over channel: DescriptorChannel
    ) throws(AdminError) -> Outcome {
        let offer = Offer(
            process: ProcessInfo.processInfo.processIdentifier,
            listeners: inheritance.listeners.map { .init(configured: $0.configured, sockets: $0.sockets.count) },
            state: inheritance.state)
        let line: [UInt8]?
        do throws(SystemError) {
            try channel.send(Self.line(offer), within: sendLimit)
            try channel.send(inheritance.listeners.flatMap(\.sockets), within: sendLimit)
            line = try channel.receiveLine(within: patience)
        } catch {
            throw AdminError("the new process does not take over: \(error.reason)")
        }
        guard let line else { throw AdminError("the new process has ended before it served") }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(line)) else {
            throw AdminError("what the new process says is not what Relevo would")
        }
        if let failure = answer.failure { throw AdminError(failure, status: answer.isMisconfigured ? 422 : 409) }
        return Outcome(process: answer.process, paths: Set(answer.paths))
    }

    /// The side of a process that takes the place of another.
    public struct Claim: Sendable {
        /// What the other has left.
        public let inheritance: Inheritance
        /// The other process.
        public let process: Int32
        private let channel: DescriptorChannel

        /// Takes what is offered. Blocks.
        public init(over channel: DescriptorChannel) throws(AdminError) {
            self.channel = channel
            do throws(SystemError) {
                guard let line = try channel.receiveLine(within: sendLimit),
                    let offer = try? JSONDecoder().decode(Offer.self, from: Data(line)),
                    offer.listeners.allSatisfy({ (0...1 << 16).contains($0.sockets) })
                else { throw SystemError(protocol: "it offers nothing that this one knows", in: .read) }
                let count = offer.listeners.reduce(0) { $0 + $1.sockets }
                var sockets = try channel.receiveListeners(count, within: sendLimit)[...]
                let listeners = offer.listeners.map { listener in
                    defer { sockets = sockets.dropFirst(listener.sockets) }
                    return Inheritance.Listener(
                        configured: listener.configured, sockets: Array(sockets.prefix(listener.sockets)))
                }
                inheritance = Inheritance(listeners: listeners, state: offer.state)
                process = offer.process
            } catch {
                throw AdminError("the process that is there does not give its sockets: \(error.reason)")
            }
        }

        /// Asks the process whose admin listener is at a path for its place. Blocks.
        /// - Returns: nil if there is none.
        public init?(at settings: AdminSettings) throws(AdminError) {
            guard case .unix(let path) = settings.socketAddress else {
                throw AdminError("`\(settings.address)` is no path: sockets do not pass a port")
            }
            let channel: DescriptorChannel
            do throws(SystemError) {
                channel = try DescriptorChannel(path: path)
            } catch {
                if error.isRefused { return nil }
                throw AdminError("`\(settings.address)` cannot be asked: \(error.reason)")
            }
            do throws(SystemError) {
                let request =
                    "POST /v1/handover HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n"
                    + "Upgrade: \(protocolName)\r\nContent-Length: 0\r\n\r\n"
                try channel.send(Array(request.utf8), within: sendLimit)
                let status = try channel.receiveLine(within: sendLimit).map { String(decoding: $0, as: UTF8.self) }
                guard status?.hasPrefix("HTTP/1.1 101 ") == true else {
                    throw SystemError(
                        protocol: "it answers `\(status?.filter { $0 != "\r\n" && $0 != "\r" } ?? "")`", in: .read)
                }
                // Every line ends by CR, the last is nothing else.
                while let line = try channel.receiveLine(within: sendLimit), line != [0x0D] {}
            } catch {
                throw AdminError("`\(settings.address)` does not hand over: \(error.reason)")
            }
            try self.init(over: channel)
        }

        /// Tells the other that clients are served here.
        /// - Parameter addresses: where this process listens, the admin listener included.
        public func serves(at addresses: [SocketAddress]) {
            let paths = addresses.compactMap { if case .unix(let path) = $0 { path } else { nil } }
            tell(Answer(process: ProcessInfo.processInfo.processIdentifier, paths: paths))
        }

        /// Tells the other why they are not.
        public func fails(_ words: String, isMisconfigured: Bool) {
            let process = ProcessInfo.processInfo.processIdentifier
            tell(Answer(process: process, failure: words, isMisconfigured: isMisconfigured))
        }

        /// Who is not there any more needs not be told.
        private func tell(_ answer: Answer) { try? channel.send(line(answer), within: sendLimit) }
    }
}

extension Inheritance {
    /// Takes out the socket of an admin listener; nil if it is not here.
    public mutating func takeSocket(of settings: AdminSettings) -> ListeningSocket? {
        let place = listeners.firstIndex {
            $0.configured == settings.address || $0.sockets.first?.address == settings.socketAddress
        }
        return place.flatMap { listeners.remove(at: $0).sockets.first }
    }
}
