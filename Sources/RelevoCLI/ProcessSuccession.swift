// How this process gives its place to another: one that it starts itself, or one that asks for it.
// What the two say to each other is RelevoAdmin's HandOver.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoAdmin
import Synchronization

/// The end of this process' service, if another takes over. Any thread.
final class ProcessSuccession: Sendable {
    /// The process at the other end.
    struct Successor: Sendable {
        var channel: DescriptorChannel
        /// Nil if somebody else has started it.
        var child: SuccessorProgram?
    }

    private enum State: Sendable {
        case serving
        /// Another has been asked, and does not serve yet; nobody is known yet if it is being started.
        case offering(Successor?)
        /// This process ends: nobody shall serve any more.
        case ending
        /// Another serves.
        case over
    }

    private let state = Mutex(State.serving)
    private let admin = Mutex<AdminServer?>(nil)
    /// Paths of listeners that the other has not taken.
    private let abandoned = Mutex<Set<String>>([])
    private let proxy: ReverseProxy
    private let logger: Logger
    private let notices: ServiceNotices

    init(_ proxy: ReverseProxy, _ logger: Logger, _ notices: ServiceNotices) {
        self.proxy = proxy
        self.logger = logger
        self.notices = notices
    }

    /// The admin listener goes with the rest.
    func take(_ server: AdminServer?) { admin.withLock { $0 = server } }

    /// Whether another serves, or may soon: nothing should be changed here any more.
    var hasBegun: Bool { state.withLock { if case .serving = $0 { false } else { true } } }

    /// Whether another has been asked, and it is not known yet whether it will serve.
    var isOffering: Bool { state.withLock { if case .offering = $0 { true } else { false } } }

    /// Whether another serves.
    var isOver: Bool { state.withLock { if case .over = $0 { true } else { false } } }

    /// Has clients leave sooner, if another serves. What it has taken over stays.
    func hasten(within limit: Duration) async {
        var terms = Succession(limit: limit, abandonedPaths: abandoned.withLock(\.self))
        terms.isPrompt = true
        await proxy.retire(terms)
    }

    /// This process ends: one that is taking over does not, unless it serves already.
    func end() {
        let successor: Successor? = state.withLock { state in
            switch state {
            case .serving: state = .ending
            case .offering(let successor):
                state = .ending
                return successor
            case .ending, .over: break
            }
            return nil
        }
        if let successor { HandOver.refuse(successor.channel) }
    }

    /// Starts this program anew and gives it the place of this process.
    func upgrade() async -> Result<AdminUpgrade, AdminRefusal> {
        guard ProcessInfo.processInfo.processIdentifier != 1 else {
            return .failure(
                AdminRefusal(
                    "this process is the first of its container, which would end with it: start another with "
                        + "`relevo run --take-over`"))
        }
        return await offer { () throws(AdminError) in
            let program = OwnProgram.current
            do throws(SystemError) {
                // The other end is the child's alone from here on, so that its death is seen.
                let (own, other) = try DescriptorChannel.pair()
                let variable = "\(HandOver.variable)=\(SuccessorProgram.channelDescriptor)"
                let child = try SuccessorProgram(
                    program.path, arguments: program.arguments, environment: program.environment(adding: [variable]),
                    channel: other)
                return Successor(channel: own, child: child)
            } catch {
                throw AdminError(refusing: "`\(program.path)` cannot be started: \(error.reason)")
            }
        }
    }

    /// Gives the place of this process to one that has asked for it.
    func handOver(to channel: DescriptorChannel) async {
        let successor = Successor(channel: channel, child: nil)
        _ = await offer { () throws(AdminError) in successor }
    }

    private func offer(
        _ start: @escaping @Sendable () throws(AdminError) -> Successor
    ) async -> Result<AdminUpgrade, AdminRefusal> {
        let isFree = state.withLock { state in
            guard case .serving = state else { return false }
            state = .offering(nil)
            return true
        }
        guard isFree else { return .failure(AdminRefusal("another process is taking over, or this one ends")) }
        guard let inheritance = await proxy.inheritance() else {
            return refuse(AdminRefusal("the proxy does not run", status: 503))
        }
        let server = admin.withLock(\.self)
        let result = await Blocking.run { [self] () throws(AdminError) in
            try give(inheritance, server?.socket, to: start())
        }
        switch result {
        case .failure(let error): return refuse(AdminRefusal("\(error)", status: error.status ?? 409))
        case .success(let outcome):
            leave(to: outcome, server)
            let own = Int(ProcessInfo.processInfo.processIdentifier)
            return .success(AdminUpgrade(process: Int(outcome.process), former: own))
        }
    }

    private func refuse(_ refusal: AdminRefusal) -> Result<AdminUpgrade, AdminRefusal> {
        state.withLock { if case .offering = $0 { $0 = .serving } }
        logger.error("not handed over: everything stays as it is")
        for line in refusal.words.split(separator: "\n") { logger.error("\(line)") }
        return .failure(refusal)
    }

    /// Blocks until the other serves, and lets it.
    private func give(
        _ inheritance: Inheritance, _ admin: AdminSocket?, to successor: Successor
    ) throws(AdminError) -> HandOver.Outcome {
        do throws(AdminError) {
            guard know(successor) else { throw AdminError(refusing: "this process ends") }
            let outcome = try HandOver.give(inheritance, admin, over: successor.channel)
            abandoned.withLock { $0 = self.abandoned(by: outcome) }
            let isAgreed = state.withLock { state in
                guard case .offering = state else { return false }
                state = .over
                return true
            }
            guard isAgreed else { throw AdminError(refusing: "this process ends") }
            // Before the other speaks for itself: systemd would not believe it.
            notices.handedOver(to: outcome.process)
            do throws(AdminError) {
                try HandOver.confirm(successor.channel)
            } catch {
                state.withLock { $0 = .offering(nil) }
                notices.ready(proxy.addresses)
                throw error
            }
            if let child = successor.child { child.reapLater() }
            return outcome
        } catch {
            HandOver.refuse(successor.channel)
            guard let child = successor.child else { throw error }
            let end = child.end(within: .seconds(1))
            // What it has said itself is enough.
            if error.status != nil { throw error }
            throw AdminError(refusing: "\(error): `\(OwnProgram.current.path)` ended with \(end)")
        }
    }

    /// Takes note of who is at the other end; false if nobody shall be any more.
    private func know(_ successor: Successor) -> Bool {
        state.withLock { state in
            guard case .offering = state else { return false }
            state = .offering(successor)
            return true
        }
    }

    /// Another serves: this one lets its clients go.
    private func leave(to outcome: HandOver.Outcome, _ server: AdminServer?) {
        logger.notice(
            "another process serves: clients of this one may leave",
            metadata: ["process": .stringConvertible(outcome.process)])
        if let server, case .unix(let path) = server.address {
            server.leaveSocket(removingFile: !outcome.paths.contains(path))
        } else {
            server?.leaveSocket(removingFile: false)
        }
        Task { await proxy.retire(Succession(abandonedPaths: abandoned.withLock(\.self))) }
    }

    private func abandoned(by outcome: HandOver.Outcome) -> Set<String> {
        let paths = proxy.addresses.compactMap { if case .unix(let path) = $0 { path } else { nil } }
        return Set(paths).subtracting(outcome.paths)
    }
}
