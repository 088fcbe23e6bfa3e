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
    private enum State {
        case serving
        /// Another has been asked, and does not serve yet.
        case offering
        /// Another serves.
        case over
    }

    private let state = Mutex(State.serving)
    private let admin = Mutex<AdminServer?>(nil)
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

    /// Whether another serves.
    var isOver: Bool { state.withLock { if case .over = $0 { true } else { false } } }

    /// Starts this program anew and gives it the place of this process.
    func upgrade() async -> Result<AdminUpgrade, AdminRefusal> {
        guard ProcessInfo.processInfo.processIdentifier != 1 else {
            return .failure(
                AdminRefusal(
                    "this process is the first of its container, which would end with it: start another with "
                        + "`relevo run --take-over`"))
        }
        return await offer { inheritance throws(AdminError) in
            let program = OwnProgram.current
            let child: SuccessorProgram
            let own: DescriptorChannel
            do throws(SystemError) {
                let ends = try DescriptorChannel.pair()
                own = ends.0
                child = try SuccessorProgram(
                    program.path, arguments: program.arguments,
                    environment: program.environment(
                        adding: ["\(HandOver.variable)=\(SuccessorProgram.channelDescriptor)"]),
                    channel: ends.1)
                // The other end is the child's alone from here on, so that its death is seen.
            } catch {
                throw AdminError(refusing: "`\(program.path)` cannot be started: \(error.reason)")
            }
            do throws(AdminError) {
                return try HandOver.give(inheritance, over: own)
            } catch {
                let end = child.end(within: .seconds(1))
                // What it has said itself is enough.
                if error.status != nil { throw error }
                throw AdminError(refusing: "\(error): `\(program.path)` ended with \(end)")
            }
        }
    }

    /// Gives the place of this process to one that has asked for it.
    func handOver(to channel: DescriptorChannel) async {
        _ = await offer { inheritance throws(AdminError) in try HandOver.give(inheritance, over: channel) }
    }

    private func offer(
        _ give: @escaping @Sendable (Inheritance) throws(AdminError) -> HandOver.Outcome
    ) async -> Result<AdminUpgrade, AdminRefusal> {
        let isFree = state.withLock { state in
            guard case .serving = state else { return false }
            state = .offering
            return true
        }
        guard isFree else { return .failure(AdminRefusal("another process is taking over already")) }
        let result = await outcome(give)
        switch result {
        case .failure(let refusal):
            state.withLock { $0 = .serving }
            logger.error("not handed over: everything stays as it is")
            for line in refusal.words.split(separator: "\n") { logger.error("\(line)") }
        case .success:
            state.withLock { $0 = .over }
        }
        return result
    }

    private func outcome(
        _ give: @escaping @Sendable (Inheritance) throws(AdminError) -> HandOver.Outcome
    ) async -> Result<AdminUpgrade, AdminRefusal> {
        guard var inheritance = await proxy.inheritance() else {
            return .failure(AdminRefusal("the proxy does not run", status: 503))
        }
        let server = admin.withLock(\.self)
        if let server { inheritance.listeners.append(.init(configured: server.configured, sockets: [server.socket])) }
        let offered = inheritance
        switch await Self.blocking({ () throws(AdminError) in try give(offered) }) {
        case .failure(let error): return .failure(AdminRefusal("\(error)", status: error.status ?? 409))
        case .success(let outcome):
            leave(to: outcome, server)
            let own = Int(ProcessInfo.processInfo.processIdentifier)
            return .success(AdminUpgrade(process: Int(outcome.process), former: own))
        }
    }

    /// Another serves: this one lets its clients go.
    private func leave(to outcome: HandOver.Outcome, _ server: AdminServer?) {
        logger.notice(
            "another process serves: clients of this one may leave",
            metadata: ["process": .stringConvertible(outcome.process)])
        notices.handedOver(to: outcome.process)
        if let server {
            var keepsPath = true
            if case .unix(let path) = server.address { keepsPath = outcome.paths.contains(path) }
            server.leaveSocket(removingPath: !keepsPath)
        }
        let abandoned = proxy.addresses.compactMap { address -> String? in
            guard case .unix(let path) = address, !outcome.paths.contains(path) else { return nil }
            return path
        }
        Task { await proxy.retire(Succession(abandonedPaths: Set(abandoned))) }
    }

    /// Runs what blocks on a thread of its own.
    private static func blocking<Value: Sendable>(
        _ work: @escaping @Sendable () throws(AdminError) -> Value
    ) async -> Result<Value, AdminError> {
        await withCheckedContinuation { continuation in
            let thread = Result { () throws(SystemError) in
                try LoopThread(name: "relevo-handover") { continuation.resume(returning: Result(catching: work)) }
            }
            guard case .failure(let error) = thread else { return }
            continuation.resume(returning: .failure(AdminError(refusing: "no thread: \(error.reason)")))
        }
    }
}
