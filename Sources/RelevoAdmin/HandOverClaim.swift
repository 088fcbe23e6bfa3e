// The side of a process that takes the place of another: it asks, takes what is offered, says when it serves, and hears
// whether it may go on.
// What is said is described in HandOver.

public import CLibevent
import Foundation
public import Relevo
public import RelevoPolicy

/// A socket of an admin listener.
public struct AdminSocket: Sendable {
    /// The socket.
    public var socket: ListeningSocket
    /// Whether the file of a unix socket is removed when the listener ends.
    public var ownsFile: Bool

    /// Puts both together.
    public init(_ socket: ListeningSocket, ownsFile: Bool = true) {
        self.socket = socket
        self.ownsFile = ownsFile
    }
}

/// A place that is offered to this process.
public struct HandOverClaim: Sendable {
    /// The process that offers it.
    public let process: Int32
    private let channel: DescriptorChannel

    /// What came with an offer.
    public struct Gift: Sendable {
        /// What the other proxy has left.
        public var inheritance: Inheritance
        /// The socket of its admin listener; nil if it has none.
        public var admin: AdminSocket?

        /// Puts both together.
        public init(inheritance: Inheritance, admin: AdminSocket?) {
            self.inheritance = inheritance
            self.admin = admin
        }
    }

    private init(process: Int32, _ channel: DescriptorChannel) {
        self.process = process
        self.channel = channel
    }

    /// Takes what is offered. Blocks.
    public static func take(over channel: DescriptorChannel) throws(AdminError) -> (HandOverClaim, Gift) {
        do throws(SystemError) {
            guard let line = try channel.receiveLine(within: HandOver.sendLimit),
                let offer = try? JSONDecoder().decode(HandOver.Offer.self, from: Data(line)),
                offer.listeners.allSatisfy({ (0...1 << 16).contains($0.sockets) })
            else { throw SystemError(protocol: "it offers nothing that this one knows", in: .read) }
            let count = offer.listeners.reduce(0) { $0 + $1.sockets } + (offer.admin == nil ? 0 : 1)
            var sockets = try channel.receiveListeners(count, within: HandOver.sendLimit)[...]
            let admin = offer.admin.flatMap { admin in
                sockets.popLast().map { AdminSocket($0, ownsFile: admin.ownsFile ?? true) }
            }
            let listeners = offer.listeners.map { listener in
                defer { sockets = sockets.dropFirst(listener.sockets) }
                return Inheritance.Listener(
                    configured: listener.configured, sockets: Array(sockets.prefix(listener.sockets)),
                    ownsFile: listener.ownsFile ?? true)
            }
            let gift = Gift(inheritance: Inheritance(listeners: listeners, state: offer.state), admin: admin)
            return (HandOverClaim(process: offer.process, channel), gift)
        } catch {
            throw AdminError("the process that is there does not give its sockets: \(error.reason)")
        }
    }

    /// Whether anybody is at the path of an admin listener.
    public static func isAnybody(at settings: AdminSettings) -> Bool { (try? connect(to: settings)) != nil }

    private static func connect(to settings: AdminSettings) throws(SystemError) -> DescriptorChannel? {
        guard case .unix(let path) = settings.socketAddress else { return nil }
        do throws(SystemError) {
            return try DescriptorChannel(path: path)
        } catch {
            // One that stands still has a full queue, and is there all the same.
            if [ECONNREFUSED, ENOENT].contains(error.code) { return nil }
            throw error
        }
    }

    /// Asks the process whose admin listener is at a path for its place. Blocks.
    /// - Returns: nil if there is none.
    public static func ask(at settings: AdminSettings) throws(AdminError) -> (HandOverClaim, Gift)? {
        let channel: DescriptorChannel
        do throws(SystemError) {
            guard let found = try connect(to: settings) else { return nil }
            channel = found
            let request =
                "POST /v1/handover HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n"
                + "Upgrade: \(HandOver.protocolName)\r\nContent-Length: 0\r\n\r\n"
            try channel.send(Array(request.utf8), within: HandOver.sendLimit)
            let status = try channel.receiveLine(within: HandOver.sendLimit).map { String(decoding: $0, as: UTF8.self) }
            guard let status, status.hasPrefix("HTTP/1.1 101 ") else {
                let words = status.map { "it answers `\($0.filter { !$0.isNewline })`" } ?? "it ends"
                throw SystemError(protocol: words, in: .read)
            }
            // Every line ends by CR, the last is nothing else.
            while let line = try channel.receiveLine(within: HandOver.sendLimit), line != [0x0D] {}
        } catch {
            throw AdminError("`\(settings.address)` does not hand over: \(error.reason)")
        }
        return try take(over: channel)
    }

    /// Tells the other that clients are served here, and hears whether that shall be. Blocks.
    /// - Parameter addresses: where this process listens, the admin listener included.
    /// - Returns: false if the other goes on, or both shall end.
    public func serves(at addresses: [SocketAddress]) -> Bool {
        let paths = addresses.compactMap { if case .unix(let path) = $0 { path } else { nil } }
        // Who is not there any more has perhaps said before that it goes on.
        tell(HandOver.Answer(process: ProcessInfo.processInfo.processIdentifier, paths: paths))
        guard let word = try? channel.receiveLine(within: HandOver.patience) else { return true }
        return word == Array("go".utf8)
    }

    /// Tells the other why they are not.
    public func fails(_ words: String, isMisconfigured: Bool) {
        let process = ProcessInfo.processInfo.processIdentifier
        tell(HandOver.Answer(process: process, failure: words, isMisconfigured: isMisconfigured))
    }

    private func tell(_ answer: HandOver.Answer) {
        try? channel.send(HandOver.line(answer), within: HandOver.sendLimit)
    }
}
