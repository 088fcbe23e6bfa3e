// `relevo run` and `relevo version`.
// The serving itself is in Serving.swift.

import ArgumentParser
import CLibevent
import Foundation
import RelevoAdmin
import RelevoConfig
import RelevoPolicy

/// Serves a configuration.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a configuration until SIGTERM or SIGINT.",
        discussion: """
            On SIGTERM or SIGINT running exchanges may finish (timeouts.shutdown, 30s by default), then the process
            ends with code 0. A second signal ends it at once. On SIGHUP the file is read again: what differs is applied
            as a whole, or not at all and said why. On SIGUSR2 the program is started anew and takes over without
            losing a request, or not and said why. Access log lines go to standard output, everything else to standard
            error.

            Sockets of a service manager ($LISTEN_FDS) serve the listeners that have their addresses.
            """)

    @Argument(help: "The configuration file.")
    var file: String

    @Option(
        help: ArgumentHelp(
            "Take over from the proxy that has this `admin` path, if one is there.", valueName: "address"))
    var takeOver: String?

    @Flag(help: "Read the file again whenever it changes, as on SIGHUP.")
    var watch = false

    func validate() throws {
        guard let takeOver, !takeOver.hasPrefix("unix:") else { return }
        throw ValidationError("`--take-over` wants the path of an admin listener, `unix:/run/relevo/admin.sock`.")
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        // Whoever started this one to take over has changed its user already, or cannot.
        let isSuccessor = environment[HandOver.variable] != nil
        if !isSuccessor { try becomeUser() }
        let arrival: Arrival
        do {
            arrival = try Arrival.look(takingOverFrom: takeOver, environment)
        } catch {
            throw CommandFailure(status: .start, message: "relevo: \(error)")
        }
        do {
            let loaded = try LoadedConfiguration.read(file)
            if isSuccessor { try keepUser(loaded) }
            try await Serving(loaded, file: file, arrival).serve(watching: watch)
        } catch let failure as CommandFailure {
            // Who waits for this process says why it does not come.
            let words = failure.message.trimmingPrefix("relevo: ")
            arrival.claim?.fails(String(words), isMisconfigured: failure.status == .configuration)
            throw failure
        }
    }

    private func keepUser(_ loaded: LoadedConfiguration) throws {
        guard let wanted = loaded.configuration.user else { return }
        let (now, next) = (ProcessIdentity.current, ProcessIdentity(user: wanted.user, group: wanted.group))
        guard now.user != next?.user || now.group != next?.group else { return }
        throw CommandFailure(
            status: .start,
            message: "relevo: `user: \(wanted.text)` is another than runs now: only a restart can change it")
    }

    /// Started by root for somebody else, the program is executed anew, with what only root may open.
    private func becomeUser() throws {
        let loaded = try LoadedConfiguration.read(file)
        // What is wrong with the configuration is said later, with everything else that is.
        guard let wanted = loaded.configuration.user, wanted.isWellFormed else { return }
        guard let user = ProcessIdentity(user: wanted.user, group: wanted.group) else {
            throw CommandFailure(status: .start, message: "relevo: there is no user `\(wanted.text)`")
        }
        guard ProcessIdentity.isRoot else {
            let now = ProcessIdentity.current
            guard (user.user, user.group) == (now.user, now.group) else {
                throw CommandFailure(
                    status: .start, message: "relevo: only root can start a process for `user: \(wanted.text)`")
            }
            return
        }
        guard user.user != 0 else {
            throw CommandFailure(status: .start, message: "relevo: `user` wants somebody else than root: leave it out")
        }
        do {
            let isAlone = !(takeOver.map { HandOverClaim.isAnybody(at: AdminSettings($0)) } ?? false)
            try PrivilegedStart(loaded.configuration, isAlone: isAlone).execute(as: user)
        } catch let error as ConfigurationError {
            throw loaded.failure(error)
        } catch {
            throw CommandFailure(status: .start, message: "relevo: \(error)")
        }
    }
}

/// Prints versions.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the versions of Relevo and what it is made of.")

    /// The version of this source tree.
    static let number = "0.1.0-dev"

    /// What `relevo version` and `relevo --version` print.
    static var text: String {
        """
        relevo   \(number)
        swift    \(compiler)
        libevent \(EventLoop.libraryVersion)
        """
    }

    func run() { Terminal.say(Self.text) }

    private static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
