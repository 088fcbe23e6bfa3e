// Where the process begins and ends: arguments in, exit code out.
// Commands are in files of their own.

import ArgumentParser
import CLibevent
import Foundation

/// The exit codes of `relevo`.
enum ExitStatus: Int32 {
    /// It worked.
    case success = 0
    /// The configuration is wrong, its tests fail, or another one sends requests elsewhere.
    case configuration = 1
    /// The command line is wrong, or there is nothing to compare.
    case usage = 2
    /// The proxy could not start.
    case start = 3
    /// No running proxy answers, or it refuses.
    case refused = 4
}

/// A failure that ends the process, with everything to be printed on standard error.
struct CommandFailure: Error {
    let status: ExitStatus
    let message: String
}

@main
enum Entry {
    static func main() async {
        // The working directory and the program's file may be others later.
        _ = OwnProgram.current
        // Without these, the first descriptors that are opened would be taken for them.
        Descriptors.ensureStandard()
        // A reader that leaves must not end the proxy.
        SignalSource.ignore(SIGPIPE)
        exit(await run(Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    private static func run(_ arguments: [String]) async -> ExitStatus {
        do {
            let command = try RelevoCommand.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
            return .success
        } catch let failure as CommandFailure {
            Terminal.complain(failure.message)
            return failure.status
        } catch {
            let text = RelevoCommand.fullMessage(for: error)
            guard RelevoCommand.exitCode(for: error) != .success else {
                Terminal.say(text)
                return .success
            }
            Terminal.complain(text)
            return .usage
        }
    }
}

/// The command line's root.
struct RelevoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relevo",
        abstract: "An HTTP reverse proxy and load balancer for many domains.",
        discussion: """
            Try it:        relevo demo
            Check a file:  relevo check relevo.yaml
            Test it:       relevo test relevo.yaml
            Compare it:    relevo diff relevo.yaml new.yaml
            Play with it:  relevo simulate relevo.yaml
            Serve:         relevo run relevo.yaml
            Look at it:    relevo status
            Watch it:      relevo top
            Follow it:     relevo tail
            Understand it: relevo why
            Change it:     relevo reload
            Renew it:      relevo upgrade

            Exit codes: 0 success, 1 wrong configuration, or a test or comparison that found something, 2 wrong usage, \
            3 could not start, 4 no running proxy answers or it refuses.
            """,
        version: Version.text,
        subcommands: [
            Run.self, Check.self, Explain.self, Test.self, Diff.self, Simulate.self, Demo.self, Status.self, Top.self,
            Tail.self, Why.self, Reload.self, Upgrade.self, EndpointOrder.self, Version.self,
        ])
}
