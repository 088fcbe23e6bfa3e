// How one process gives its place to another: what they say to each other, on a connection that carries descriptors.
// Who starts the other process is the matter of whoever owns this one; its side is HandOverClaim.

public import CLibevent
import Foundation
public import Relevo
import RelevoPolicy

/// What is the same for both sides, and what the process says that is there.
///
/// It sends a line of JSON, then the sockets in the order of the line. The new one answers with a line of JSON when it
/// serves, or when it cannot. Then the first one says `go` and leaves, or `no`, and the new one does. Where a
/// connection ends before the last word, the process at its other end is no more, and who is left serves.
public enum HandOver {
    /// The name of what is spoken, for Upgrade.
    public static let protocolName = "relevo-handover/1"
    /// The environment's variable that tells a new process the number of its channel's descriptor.
    public static let variable = "RELEVO_HANDOVER"

    /// How long the new process may take to serve.
    static let patience: Duration = .seconds(50)
    /// How long the system may take with what is sent at once, and the other process with its last word.
    static let sendLimit: Duration = .seconds(5)

    struct Offer: Codable {
        struct Listener: Codable {
            var configured: String?
            var sockets: Int
            var ownsFile: Bool?
        }

        var process: Int32
        var listeners: [Listener]
        /// The admin listener, whose socket is the last one.
        var admin: Listener?
        var state: Inheritance.State
    }

    struct Answer: Codable {
        /// The new process.
        var process: Int32
        /// Why it does not serve; nil if it does.
        var failure: String?
        /// Whether its configuration is wrong.
        var isMisconfigured: Bool?
        /// The paths at which it listens.
        var paths: [String]?
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

    /// Offers another process the place of this one. Blocks until that one serves; it waits for ``confirm(_:)`` then.
    /// - Throws: why it does not; then everything is as it was, and the other has been told.
    public static func give(
        _ inheritance: Inheritance, _ admin: AdminSocket?, over channel: DescriptorChannel
    ) throws(AdminError) -> Outcome {
        do throws(AdminError) {
            return try ask(inheritance, admin, channel)
        } catch {
            refuse(channel)
            throw error
        }
    }

    private static func ask(
        _ inheritance: Inheritance, _ admin: AdminSocket?, _ channel: DescriptorChannel
    ) throws(AdminError) -> Outcome {
        let offer = Offer(
            process: ProcessInfo.processInfo.processIdentifier,
            listeners: inheritance.listeners.map {
                .init(configured: $0.configured, sockets: $0.sockets.count, ownsFile: $0.ownsFile)
            },
            admin: admin.map { .init(configured: nil, sockets: 1, ownsFile: $0.ownsFile) }, state: inheritance.state)
        let line: [UInt8]?
        do throws(SystemError) {
            try channel.send(Self.line(offer), within: sendLimit)
            try channel.send(
                inheritance.listeners.flatMap(\.sockets) + (admin.map { [$0.socket] } ?? []), within: sendLimit)
            line = try channel.receiveLine(within: patience)
        } catch {
            throw AdminError("the new process does not take over: \(error.reason)")
        }
        guard let line else { throw AdminError("the new process has ended before it served") }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(line)) else {
            throw AdminError("what the new process says is not what Relevo would")
        }
        if let failure = answer.failure {
            throw AdminError(failure, status: answer.isMisconfigured == true ? 422 : 409)
        }
        return Outcome(process: answer.process, paths: Set(answer.paths ?? []))
    }

    private static let (go, no) = (Array("go\n".utf8), Array("no\n".utf8))

    /// Tells the new process that the place is its own.
    /// - Throws: if it is not there any more; then this one goes on.
    public static func confirm(_ channel: DescriptorChannel) throws(AdminError) {
        do throws(SystemError) {
            try channel.send(go, within: sendLimit)
        } catch {
            throw AdminError("the new process has ended as soon as it served")
        }
    }

    /// Tells the new process that the one that was there goes on, or that nobody shall serve any more. Any thread.
    public static func refuse(_ channel: DescriptorChannel) { try? channel.send(no, within: .milliseconds(100)) }
}
